"""How many trials there will be, for tuners that plan for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nni_core.config import load_config
from nni_core.plugins import PluginRegistry

PLUGIN = """
from attrs import field, frozen
from nni_core.api import Tuner, TunerSpec
from nni_core.hookspecs import hookimpl

@frozen(kw_only=True)
class Arguments:
    max_trial_number: int | None = field(default=None, metadata={"doc": "how many trials there will be"})

class Planning(Tuner):
    def __init__(self, max_trial_number): self.max_trial_number = max_trial_number
    def update_search_space(self, search_space): pass
    def generate_parameters(self, parameter_id, **_): return {"x": 0.5}

@hookimpl
def nni_tuners():
    return [TunerSpec(name="Planning", summary="s", implementation="planning:Planning", arguments=Arguments)]
"""

CONFIG = """
search_space: {{x: {{_type: uniform, _value: [0, 1]}}}}
trial_command: "true"
trial_concurrency: 1
plugins: [./planning.py]
tuner: {tuner}
{limit}
training_service: local
"""


@pytest.mark.parametrize(
    ("tuner", "limit", "told"),
    [
        ("Planning", "max_trial_number: 30", 30),
        ("{name: Planning, class_args: {max_trial_number: 7}}", "max_trial_number: 30", 7),
        ("Planning", "max_experiment_duration: 1h", None),
        ("TPE", "max_trial_number: 30", None),
    ],
)
def test_a_tuner_knows_the_limit(tuner: str, limit: str, told: int | None, tmp_path: Path) -> None:
    """The config's, unless the user gave it another; who does not ask is not told."""
    (tmp_path / "planning.py").write_text(PLUGIN)
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(tuner=tuner, limit=limit))
    kept = load_config(config, PluginRegistry.discover()).canonical()["tuner"]["classArgs"]
    assert kept.get("max_trial_number") == told
