"""Several training services at once are a plugin's to run: it gets the list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from nni_core.api import TrainingServiceSpec
from nni_core.config import load_config, load_config_data, locate
from nni_core.errors import ConfigError, PluginError, Problem
from nni_core.plugin_kinds import PluginKind

SEVERAL = "- platform: local\n  - platform: remote\n    machineList: [{host: one}]\n"


@frozen(kw_only=True)
class HybridArguments:
    training_services: tuple[Mapping[str, Any], ...] = field(metadata={"doc": "Where trials run."})


class WithHybrid:
    """The lookup of other tests, with a training service that runs several."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def resolve(self, kind: PluginKind, name: str) -> Any:
        if kind is PluginKind.TRAINING_SERVICE and name == "hybrid":
            return TrainingServiceSpec(name="hybrid", summary="all", implementation="m:H", arguments=HybridArguments)
        return self._inner.resolve(kind, name)

    def names(self, kind: PluginKind) -> Any:
        return self._inner.names(kind)

    def load_file(self, path: Path) -> None:
        raise PluginError


def test_plugin_gets_the_list(bench: Any, tutorial: str, folder: Path, lookup: Any) -> None:
    """As it was written, and its canonical form can be read again."""
    path = folder / "config.yaml"
    path.write_text(tutorial.replace("platform: local\n", SEVERAL))
    loaded = load_config(path, WithHybrid(lookup))
    service = loaded.config.training_service
    assert service.platform == "hybrid"
    assert [one["platform"] for one in service.arguments.training_services] == ["local", "remote"]
    again = load_config_data(loaded.canonical(), Path("/"), WithHybrid(lookup))
    assert again.config == loaded.config


def test_problems_inside_the_list_are_located(tutorial: str, folder: Path, lookup: Any) -> None:
    """The plugin's key for the list is not in the file."""
    path = folder / "config.yaml"
    path.write_text(tutorial.replace("platform: local\n", SEVERAL))
    loaded = load_config(path, WithHybrid(lookup))
    problem = Problem(code="NNI501", message="no", key_path=("training_service", "training_services", 1, "machineList"))
    assert str(locate(loaded, problem).location).endswith("config.yaml:26:18")


def test_without_the_plugin_all_that_is_missing_is_named(bench: Any, tutorial: str) -> None:
    """One reading is enough to know what to install."""
    with pytest.raises(ConfigError, match=r"NNI233.*\n.*\n.*\n.*install nni-service-hybrid and nni-service-remote; "):
        bench.load(tutorial.replace("platform: local\n", SEVERAL))
