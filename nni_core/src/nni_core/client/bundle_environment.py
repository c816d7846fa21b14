"""What is installed here, by the installed metadata: what ``pip freeze`` tells, without its paths and URLs."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata

from nni_core import __version__
from nni_core.model import Json
from nni_core.plugins import PluginStatus, discover_plugins


def environment_document() -> Mapping[str, Json]:
    """Python, platform, every distribution with its version, and what each plugin offers."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "nni_core": __version__,
        "distributions": dict(sorted(_distributions())),
        "plugins": [
            {
                "name": entry.name,
                "kind": entry.kind.value,
                "distribution": entry.distribution,
                "version": entry.version,
            }
            for entry in discover_plugins().listing()
            if entry.kind is not None and entry.status is PluginStatus.OK
        ],
    }


def _distributions() -> Iterator[tuple[str, str]]:
    for distribution in metadata.distributions():
        # One that was installed badly has no name.
        if name := distribution.metadata["Name"]:
            yield name, distribution.version or ""


def missing_plugins(config: Mapping[str, Json], environment: Mapping[str, Json]) -> list[str]:
    """Distributions that the config needs, by what was installed where the experiment was saved, and that are not
    installed here."""
    used = {
        str(section.get(key, "")).lower()
        for name, key in (("tuner", "name"), ("assessor", "name"), ("trainingService", "platform"))
        if isinstance(section := config.get(name), Mapping)
    }
    offered = {entry.name.lower() for entry in discover_plugins().listing() if entry.status is PluginStatus.OK}
    plugins = environment.get("plugins")
    return sorted(
        {
            str(plugin["distribution"])
            for plugin in (plugins if isinstance(plugins, list) else [])
            if isinstance(plugin, Mapping)
            and "distribution" in plugin
            and str(plugin.get("name", "")).lower() in used - offered
        }
    )
