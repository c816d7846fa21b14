"""Optuna's samplers as tuners: the contract, and both ways through the search space."""

from __future__ import annotations

import random
import statistics
from pathlib import Path
from typing import Any

import optuna
import pytest

from nni_core.api import TunedObjective
from nni_core.config import load_config
from nni_core.errors import ConfigError
from nni_core.plugins import PluginRegistry
from nni_core.space import SearchSpace
from nni_core.testing.plugin import PluginContract
from nni_core.testing.spaces import EVERYTHING
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_optuna.optuna_tuner import OptunaTuner
from nni_tuner_optuna.translation import Translation

LINE = {"x": {"_type": "uniform", "_value": [-1, 1]}}


class TestTpe(TunerContract):
    """Optuna's default."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: OptunaTuner(seed=seed, sampler_args={"n_startup_trials": 3})


class TestNsga2(TunerContract):
    """A sampler of generations, with two objectives of which most results have one."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        both = [TunedObjective(name="default", direction="minimize"), TunedObjective(name="b", direction="maximize")]
        return lambda seed: OptunaTuner("NSGAIISampler", {"population_size": 4}, seed=seed, objectives=both)


class TestPlugin(PluginContract):
    """The entry point."""

    plugin = "nni_tuner_optuna.plugin"


def test_every_value_has_its_own_in_optuna() -> None:
    """There and back again, for every type of parameter."""
    space = SearchSpace.parse(EVERYTHING)
    translation = Translation(space)
    source = random.Random(5)
    for _ in range(200):
        parameters = space.sample(source)
        values, distributions = translation.labelled(parameters)
        again = translation.suggested(optuna.trial.FixedTrial(values))
        for label, value in values.items():
            assert distributions[label]._contains(distributions[label].to_internal_repr(value))
        assert space.encode(again) == pytest.approx(space.encode(parameters), abs=1e-6, nan_ok=True)


def test_it_is_optuna_s_sampler_that_is_asked() -> None:
    """The same suggestions as a study of Optuna's own with the same seed."""
    tuner = OptunaTuner("RandomSampler", seed=3)
    tuner.update_search_space(LINE)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    mine = [tuner.generate_parameters(number)["x"] for number in range(5)]
    assert mine == [study.ask().suggest_float("'x'", -1, 1) for _ in range(5)]


@pytest.mark.parametrize("mode", ["minimize", "maximize"])
def test_it_finds_the_better_end(mode: str) -> None:
    """In either direction."""
    tuner = OptunaTuner(optimize_mode=mode, seed=1)
    tuner.update_search_space(LINE)
    found = []
    for number in range(40):
        parameters = tuner.generate_parameters(number)
        found.append(parameters["x"])
        tuner.receive_trial_result(number, parameters, parameters["x"])
        tuner.trial_end(number, True)
    middle = statistics.median(found[20:])
    assert middle < -0.7 if mode == "minimize" else middle > 0.7


ELSEWHERE = """
import optuna

class Lazy(optuna.samplers.RandomSampler):
    def __init__(self, depth): super().__init__(depth)
"""

CONFIG = """
search_space: {{x: {{_type: uniform, _value: [0, 1]}}}}
trial_command: "true"
trial_concurrency: 1
tuner: {{name: Optuna, class_args: {arguments}}}
training_service: local
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("{sampler: TPSampler}", "did you mean 'TPESampler'"),
        ("{sampler: ':Sampler'}", "module:Class"),
        ("{samplr: TPESampler}", "did you mean 'sampler'"),
    ],
)
def test_a_wrong_sampler_is_found_in_the_config(arguments: str, told: str, tmp_path: Path) -> None:
    """Before anything starts, and without importing Optuna."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(arguments=arguments))
    with pytest.raises(ConfigError) as caught:
        load_config(config, PluginRegistry.discover())
    assert any(told in f"{problem.message} {problem.help}" for problem in caught.value.problems)


def test_a_sampler_from_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By module and class, with arguments of its own and no seed."""
    (tmp_path / "elsewhere_sampler.py").write_text(ELSEWHERE)
    monkeypatch.syspath_prepend(str(tmp_path))
    tuner = OptunaTuner("elsewhere_sampler:Lazy", {"depth": 2}, seed=9)
    tuner.update_search_space(LINE)
    other: Any = OptunaTuner("RandomSampler", seed=2)
    other.update_search_space(LINE)
    assert tuner.generate_parameters(0) == other.generate_parameters(0)
