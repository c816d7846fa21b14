"""Which installed distributions offer plugins. Reads metadata only; imports nothing of a plugin."""

from __future__ import annotations

import re
from importlib import metadata

from nni_core.errors import Problem
from nni_core.hookspecs import PROJECT
from nni_core.plugins.codes import PluginCode
from nni_core.plugins.entry import Source, normalized

ARCHIVED = "nni"
#: stands for the name of a distribution whose metadata has none
UNNAMED = "unnamed-distribution"


def installed_sources() -> list[Source]:
    """Every entry point of the group ``nni``, ordered by distribution and name.

    Only distributions whose ``entry_points.txt`` names the group have their metadata parsed: parsing that of every
    distribution takes most of the time of :func:`importlib.metadata.entry_points`.
    """
    found: dict[str, list[Source]] = {}
    for distribution in metadata.distributions():
        text = distribution.read_text("entry_points.txt")
        if text and f"[{PROJECT}]" in text:
            # The first on the path hides later ones of the same name, as it does for imports.
            name, version = _name_and_version(distribution)
            found.setdefault(normalized(name), _sources(distribution, name, version))
    return sorted((source for sources in found.values() for source in sources), key=lambda s: (s.distribution, s.name))


def _name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    try:
        # Typed as text, and None all the same where a half-removed distribution has left an empty file.
        return distribution.name or UNNAMED, distribution.version or ""
    except Exception:  # noqa: BLE001 - each version of Python raises something else when there is no file at all
        return UNNAMED, ""


def _sources(distribution: metadata.Distribution, name: str, version: str) -> list[Source]:
    try:
        entry_points = distribution.entry_points.select(group=PROJECT)
    except Exception as error:  # noqa: BLE001 - the parser asserts and unpacks; any damage may raise anything
        fault = f"its entry_points.txt in {distribution.locate_file('')} cannot be read ({type(error).__name__})"
        return [Source(name=name, distribution=name, version=version, value="", fault=fault)]
    return [
        Source(name=entry_point.name, distribution=name, version=version, value=entry_point.value)
        for entry_point in entry_points
    ]


def split_names(text: str) -> frozenset[str]:
    """The names in a list separated by commas or blanks, as in ``NNI_DISABLED_PLUGINS``."""
    return frozenset(name for name in re.split(r"[,\s]+", text) if name)


def archived_nni_problem() -> Problem | None:
    """What to tell a user beside whose nni-core the archived distribution ``nni`` is installed; None when it is not."""
    try:
        version = metadata.version(ARCHIVED)
    except metadata.PackageNotFoundError:
        return None
    return Problem(
        code=PluginCode.ARCHIVED_NNI,
        message=(
            f"the archived distribution 'nni' {version} is installed beside nni-core: both carry the package 'nni', "
            "so that one has overwritten files of the other"
        ),
        help="run: pip uninstall nni && pip install --force-reinstall --no-deps nni-core",
    )
