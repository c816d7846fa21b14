"""Auto: the contract of tuners, when it hands over, what it tells whom, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nni_core.api import Tuner
from nni_core.config import load_config
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_core.testing.plugin import PluginContract
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_auto.auto import AutoTuner
from nni_tuner_auto.policy import Situation, pick

LINE = {"x": {"_type": "uniform", "_value": [0, 1]}}
WIDE = {f"x{number}": {"_type": "uniform", "_value": [0, 1]} for number in range(101)}
CONFIG = """
search_space: {{x: {{_type: uniform, _value: [0, 1]}}}}
trial_command: "true"
trial_concurrency: 1
max_trial_number: 30
tuner: {tuner}
training_service: local
"""


def built(seed: int, **arguments: Any) -> Tuner:
    """Auto with the tuners that it comes with."""
    choices = {"few": {"name": "GP"}, "many": {"name": "TPE"}}
    arguments = {**arguments, **{key: {**one, "class_args": {"seed": seed}} for key, one in choices.items()}}
    tuner: Tuner = PluginRegistry.discover().build_algorithm(PluginKind.TUNER, name="Auto", class_args=arguments)
    return tuner


class TestAuto(TunerContract):
    """Auto, which changes tuners while the contract is tried."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: built(seed, hand_over=5)


class TestPlugin(PluginContract):
    """The entry point."""

    plugin = "nni_tuner_auto.plugin"


class Heard(Tuner):
    """A tuner that writes down what it is told."""

    def __init__(self, value: float) -> None:
        self.value = value
        self.story: list[tuple[Any, ...]] = []

    def update_search_space(self, search_space: Any) -> None: ...

    def generate_parameters(self, parameter_id: int, **_: Any) -> dict[str, float]:
        self.story.append(("asked", parameter_id))
        return {"x": self.value}

    def receive_trial_result(self, parameter_id: int, parameters: Any, value: Any, **said: Any) -> None:
        self.story.append(("told", parameter_id, said["customized"]))


class FewTuner(Heard):
    """Its name is in the remark."""


def test_both_hear_everything_and_know_what_is_their_own() -> None:
    """A trial of the other one is one that somebody else added."""
    few, many = FewTuner(0.1), Heard(0.9)
    auto = AutoTuner(few, many, hand_over=1)
    auto.update_search_space(LINE)
    for number in range(2):
        parameters = auto.generate_parameters(number)
        auto.receive_trial_result(number, parameters, 1.0)
        auto.trial_end(number, True)
    assert few.story == [("asked", 0), ("told", 0, False), ("told", 1, True)]
    assert many.story == [("told", 0, True), ("asked", 1), ("told", 1, False)]
    assert auto.remark == "Heard: the first 1 results are in"


@pytest.mark.parametrize(
    ("changed", "few", "why"),
    [
        ({}, True, "takes over from 400 on"),
        ({"planned": 100}, True, "100 trials are few enough"),
        ({"planned": 5000}, True, "takes over from 400 on"),
        ({"results": 400}, False, "the first 400 results are in"),
        ({"parameters": 101}, False, "101 parameters, more than 100"),
        ({"running": 50}, False, "50 trials or more at a time"),
    ],
)
def test_every_decision_has_its_reason(changed: dict[str, int], few: bool, why: str) -> None:
    """Few results, few parameters and few trials at a time call for a model of all of them."""
    situation: dict[str, Any] = {"parameters": 3, "results": 0, "running": 1, "hand_over": 400, **changed}
    picked = pick(Situation(**situation))
    assert picked.few is few
    assert why in picked.reason


def test_imported_results_count() -> None:
    """Who begins with many results begins with the tuner for many."""
    auto = built(1, hand_over=3)
    auto.update_search_space(LINE)
    auto.import_data([{"parameter": {"x": 0.1 * step}, "value": step} for step in range(3)])
    auto.generate_parameters(0)
    assert auto.remark.startswith("TPE: the first 3 results are in")


def test_a_wide_space_goes_to_the_other() -> None:
    """From the first suggestion on."""
    auto = built(1)
    auto.update_search_space(WIDE)
    auto.generate_parameters(0)
    assert auto.remark.startswith("TPE: 101 parameters")


def test_its_name_alone_is_a_config(tmp_path: Path) -> None:
    """Both tuners get their arguments, seeds and direction from the core, and the limit is known."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(tuner="Auto"))
    kept = load_config(config, PluginRegistry.discover()).canonical()["tuner"]["classArgs"]
    assert (kept["few"]["name"], kept["many"]["name"], kept["max_trial_number"]) == ("GP", "TPE", 30)
    assert kept["few"]["class_args"]["optimize_mode"] == kept["many"]["class_args"]["optimize_mode"] == "minimize"


def test_it_works_with_the_tuners_of_one_s_choice(tmp_path: Path) -> None:
    """Any two."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(tuner="{name: Auto, class_args: {few: TPE, many: Anneal}}"))
    kept = load_config(config, PluginRegistry.discover()).canonical()["tuner"]["classArgs"]
    assert (kept["few"]["name"], kept["many"]["name"]) == ("TPE", "Anneal")
