"""The tuner keeps the contract of all tuners, and climbs."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hillclimb_tuner.arguments import HillClimbArguments, OptimizeMode
from hillclimb_tuner.tuner import HillClimbTuner

from nni_core.testing.tuner import Session, TunerContract, TunerFactory

VALLEY = {"x": {"_type": "uniform", "_value": [-2, 2]}, "y": {"_type": "uniform", "_value": [-1, 3]}}


class TestContract(TunerContract):
    """Everything a tuner must do."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: HillClimbTuner(seed=seed)


def rosenbrock(x: float, y: float) -> float:
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def lowest(tuner: HillClimbTuner, trials: int, sign: float = 1.0) -> float:
    """The lowest place in the valley that a tuner finds when it is told ``sign`` times the height."""
    session = Session(tuner, VALLEY)
    heights = []
    for _ in range(trials):
        parameter_id, place = session.ask()
        heights.append(rosenbrock(place["x"], place["y"]))
        session.tell(parameter_id, sign * heights[-1])
    return min(heights)


def test_it_climbs_better_than_chance() -> None:
    """After 200 trials it is less than half as high in the valley as the best of 200 random draws."""
    climbed = median(lowest(HillClimbTuner(seed=seed), 200) for seed in range(40))
    drawn = median(
        min(rosenbrock(source.uniform(-2, 2), source.uniform(-1, 3)) for _ in range(200))
        for source in map(random.Random, range(40))
    )
    assert climbed < drawn / 2


def test_it_maximizes_too() -> None:
    """The negative height, maximised, is the same climb."""
    down = lowest(HillClimbTuner(seed=1), 60)
    assert lowest(HillClimbTuner(seed=1, optimize_mode=OptimizeMode.MAXIMIZE), 60, sign=-1.0) == down


def test_a_finished_climb_starts_elsewhere() -> None:
    """When nothing is better for long, the tuner leaves its hill instead of staring at it."""
    session = Session(HillClimbTuner(seed=3), VALLEY)
    session.run([0.0, *[1.0] * 120])
    far = [place for place in session.suggested[80:] if abs(place["x"] - session.suggested[0]["x"]) > 0.5]
    assert far


def test_bad_arguments_are_refused() -> None:
    """Before anything starts, by the class of the arguments alone."""
    with pytest.raises(ValueError, match="'start_trials' must be >= 1"):
        HillClimbArguments(start_trials=0)
