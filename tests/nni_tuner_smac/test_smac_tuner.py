"""SMAC3 as a tuner: the contract, and both ways through the search space."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys

import pytest

from nni_core.space import SearchSpace
from nni_core.testing.plugin import PluginContract
from nni_core.testing.spaces import EVERYTHING
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_smac.smac_tuner import SmacTuner
from nni_tuner_smac.translation import Translation

LINE = {"x": {"_type": "uniform", "_value": [-1, 1]}}


class TestForest(TunerContract):
    """SMAC's default; few trials are planned, so that the model is reached."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: SmacTuner(seed=seed, candidates=20, max_trial_number=20)


class TestPlugin(PluginContract):
    """The entry point."""

    plugin = "nni_tuner_smac.plugin"


def test_every_value_has_its_own_in_smac() -> None:
    """There and back again, for every type of parameter."""
    space = SearchSpace.parse(EVERYTHING)
    translation = Translation(space, 1)
    source = random.Random(5)
    for _ in range(200):
        parameters = space.sample(source)
        again = translation.parameters(translation.configuration(parameters))
        assert space.encode(again) == pytest.approx(space.encode(parameters), abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("mode", ["minimize", "maximize"])
def test_it_finds_the_better_end(mode: str) -> None:
    """In either direction."""
    tuner = SmacTuner(mode, candidates=200, seed=1, max_trial_number=20)
    tuner.update_search_space(LINE)
    found = []
    for number in range(20):
        parameters = tuner.generate_parameters(number)
        found.append(parameters["x"])
        tuner.receive_trial_result(number, parameters, parameters["x"])
        tuner.trial_end(number, True)
    middle = statistics.median(found[10:])
    assert middle < -0.7 if mode == "minimize" else middle > 0.7


SUGGESTIONS = """
from nni_core.testing.spaces import EVERYTHING
from nni_tuner_smac.smac_tuner import SmacTuner

tuner = SmacTuner(candidates=50, seed=4, max_trial_number=16)
tuner.update_search_space(EVERYTHING)
for number in range(14):
    parameters = tuner.generate_parameters(number)
    tuner.receive_trial_result(number, parameters, (number * 7) % 5)
    tuner.trial_end(number, True)
    print(parameters)
"""


def test_other_processes_suggest_the_same() -> None:
    """A resumed experiment has a tuner in another process, where sets have another order."""
    found = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SUGGESTIONS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert found[0] == found[1] == found[2]
