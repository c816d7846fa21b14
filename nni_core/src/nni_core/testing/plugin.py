"""What the plugin module of any distribution must do. Subclass :class:`PluginContract` and name the module."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import pytest

from nni_core.api import Assessor, MetricSink, TrainingService, Tuner
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry, Spec

_BASES: dict[PluginKind, type] = {
    PluginKind.TUNER: Tuner,
    PluginKind.ASSESSOR: Assessor,
    PluginKind.METRIC_SINK: MetricSink,
    PluginKind.TRAINING_SERVICE: TrainingService,
}


class PluginContract:
    """Set ``plugin`` to the value of the entry point. Needs no installed distribution, only an importable module."""

    plugin: ClassVar[str]
    #: packages that listing plugins must not import
    heavy: ClassVar[Sequence[str]] = ("numpy", "scipy", "hyperopt", "torch", "starlette", "uvicorn", "httpx", "pytest")

    @pytest.fixture
    def registry(self) -> PluginRegistry:
        """A registry that knows this plugin alone. Making it checks every hook and every spec."""
        registry = PluginRegistry()
        registry.add_module(importlib.import_module(self.plugin))
        return registry

    @pytest.fixture
    def offered(self, registry: PluginRegistry) -> list[tuple[PluginKind, Spec]]:
        """Every spec of the plugin."""
        return [(kind, spec) for kind in PluginKind for spec in registry.specs(kind)]

    def test_the_plugin_does_something(self, registry: PluginRegistry, offered: list[tuple[PluginKind, Spec]]) -> None:
        """It offers something under a name, or hears events; what it offers is sound."""
        assert offered or registry.event_listeners(), f"{self.plugin} implements no hook"

    def test_names_are_found_in_any_case(
        self, registry: PluginRegistry, offered: list[tuple[PluginKind, Spec]]
    ) -> None:
        """Every name and alias leads to its own spec."""
        for kind, spec in offered:
            for name in (spec.name, *getattr(spec, "aliases", ())):
                assert registry.resolve(kind, name.swapcase()) is spec, f"{name} means another spec"

    def test_implementations_can_be_imported(
        self, registry: PluginRegistry, offered: list[tuple[PluginKind, Spec]]
    ) -> None:
        """Every dotted path leads to something callable; a class has the base of its kind and is complete."""
        for kind, spec in offered:
            found = registry.implementation(spec)
            assert callable(found), f"{spec.implementation} is not callable"
            if isinstance(found, type) and kind in _BASES:
                assert issubclass(found, _BASES[kind]), f"{found} does not subclass {_BASES[kind]}"
                assert not inspect.isabstract(found), f"{found} leaves abstract methods undefined"

    def test_implementations_take_their_arguments(
        self, registry: PluginRegistry, offered: list[tuple[PluginKind, Spec]]
    ) -> None:
        """A tuner, an assessor or a sink takes each field of its attrs class by keyword."""
        for kind, spec in offered:
            if kind in {PluginKind.TUNER, PluginKind.ASSESSOR, PluginKind.METRIC_SINK}:
                names = {str(field.alias): None for field in _fields(spec)}
                inspect.signature(registry.implementation(spec)).bind(**names)

    def test_arguments_are_documented(self, offered: list[tuple[PluginKind, Spec]]) -> None:
        """Every field of every attrs class has a type, and in its metadata a ``doc`` for people."""
        for _, spec in offered:
            for field in _fields(spec):
                assert field.type is not None, f"{field.name} of {spec.name} has no type"
                assert field.metadata.get("doc"), f"{field.name} of {spec.name} has no metadata 'doc'"

    def test_listing_it_is_cheap(self) -> None:
        """A Python that imports the plugin module, and no more, has imported nothing heavy."""
        program = f"import sys, {self.plugin}; print(*sys.modules)"
        command = [sys.executable, "-c", program]
        # A Python of its own: this one has imported everything already.
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=_with_path())
        brought = set(run.stdout.split()).intersection(self.heavy)
        assert not brought, f"importing {self.plugin} imports {brought}"


def _fields(spec: Spec) -> Sequence[attrs.Attribute[Any]]:
    arguments: type | None = getattr(spec, "arguments", None)
    return () if arguments is None else attrs.fields(arguments)


def _with_path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
