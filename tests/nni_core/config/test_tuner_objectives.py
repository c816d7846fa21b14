"""How the objectives of a config reach tuners that learn several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nni_core.api import TunedObjective
from nni_core.config import LoadedConfig, load_config
from nni_core.model import Direction
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry

PLUGIN = """
from attrs import field, frozen
from nni_core.api import TunedObjective, Tuner, TunerSpec
from nni_core.hookspecs import hookimpl

@frozen(kw_only=True)
class Arguments:
    objectives: tuple[TunedObjective, ...] = field(default=(), metadata={"doc": "what to optimize"})

class Several(Tuner):
    def __init__(self, objectives): self.objectives = objectives
    def update_search_space(self, search_space): pass
    def generate_parameters(self, parameter_id, **_): return {"x": 0.5}

@hookimpl
def nni_tuners():
    return [TunerSpec(name="Several", summary="s", implementation="several:Several", arguments=Arguments)]
"""

CONFIG = """
search_space: {{x: {{_type: uniform, _value: [0, 1]}}}}
trial_command: "true"
trial_concurrency: 1
plugins: [./several.py]
tuner: {tuner}
objectives: {objectives}
training_service: local
"""
LOSS, SPEED = "{name: loss, direction: minimize}", "{name: speed, direction: maximize}"


@pytest.fixture
def registry() -> PluginRegistry:
    return PluginRegistry.discover()


def loaded(registry: PluginRegistry, tmp_path: Path, tuner: str, *objectives: str) -> LoadedConfig:
    """The config of an experiment."""
    (tmp_path / "several.py").write_text(PLUGIN)
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(tuner=tuner, objectives=f"[{', '.join(objectives)}]"))
    return load_config(config, registry)


def told(registry: PluginRegistry, class_args: dict[str, Any]) -> Any:
    """The objectives that reach the tuner, by way of the config as it is kept."""
    return registry.build_algorithm(PluginKind.TUNER, name="Several", class_args=class_args).objectives


def test_a_tuner_that_takes_objectives_is_told_all(registry: PluginRegistry, tmp_path: Path) -> None:
    """In order, with their directions; no warning says that it learns one only."""
    config = loaded(registry, tmp_path, "Several", LOSS, SPEED)
    assert told(registry, config.canonical()["tuner"]["classArgs"]) == (
        TunedObjective(name="loss", direction=Direction.MINIMIZE),
        TunedObjective(name="speed", direction=Direction.MAXIMIZE),
    )
    assert [note.code for note in config.warnings] == []


def test_one_objective_needs_no_telling(registry: PluginRegistry, tmp_path: Path) -> None:
    """It is the result, in the direction of ``optimize_mode``."""
    config = loaded(registry, tmp_path, "Several", SPEED)
    assert told(registry, config.canonical()["tuner"]["classArgs"]) == ()


def test_a_tuner_that_takes_none_is_warned_about(registry: PluginRegistry, tmp_path: Path) -> None:
    """It follows the first, and the user is told."""
    config = loaded(registry, tmp_path, "Anneal", LOSS, SPEED)
    assert [note.message for note in config.warnings] == [
        "tuner Anneal learns the first objective only, 'loss', and not 'speed'"
    ]
