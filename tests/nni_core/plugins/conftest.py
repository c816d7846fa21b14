"""Distributions made for one test: a folder on the path with a module and the metadata that pip would write."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from nni_core.plugins import PluginEntry, PluginRegistry

#: makes a distribution from its name and the text of its plugin module, and answers with the name of that module
Install = Callable[..., str]

TUNER = """
from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

@hookimpl
def nni_tuners():
    return [TunerSpec(name={name!r}, summary="made for a test", implementation="{module}:Tuner", aliases={aliases!r})]
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on the path; what was imported from it is forgotten after the test."""
    directory = tmp_path / "site"
    directory.mkdir()
    monkeypatch.syspath_prepend(str(directory))
    path, modules = list(sys.path), set(sys.modules)
    yield directory
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    """See :data:`Install`."""

    def make(distribution: str, code: str, *, version: str = "1.0", value: str | None = None, name: str = "it") -> str:
        module = distribution.replace("-", "_") + "_plugin"
        (site / f"{module}.py").write_text(dedent(code).replace("{module}", module))
        metadata = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(exist_ok=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (metadata / "entry_points.txt").write_text(f"[nni]\n{name} = {value or module}\n")
        return module

    return make


@pytest.fixture
def install_tuner(install: Install) -> Install:
    """A sound distribution that offers one tuner."""

    def make(distribution: str, tuner: str, *, aliases: tuple[str, ...] = (), version: str = "1.0") -> str:
        code = TUNER.format(name=tuner, aliases=aliases, module="{module}")
        return install(distribution, code, version=version)

    return make


@pytest.fixture
def entries_of() -> Callable[[str], list[PluginEntry]]:
    """What a fresh discovery lists of one distribution."""
    return lambda distribution: [
        entry for entry in PluginRegistry.discover().listing() if entry.distribution == distribution
    ]
