"""QMC spreads points evenly; CMAES finds the bottom."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from nni_core.api import Tuner
from nni_tuner_classic.cma_es import CmaesTuner
from nni_tuner_classic.qmc import QmcTuner

PLANE: dict[str, Any] = {name: {"_type": "uniform", "_value": [-4, 4]} for name in "xy"}


def run(tuner: Tuner, space: dict[str, Any], count: int, loss: Any) -> list[float]:
    """The results of trials, one after the other."""
    tuner.update_search_space(space)
    losses = []
    for number in range(count):
        parameters = tuner.generate_parameters(number)
        losses.append(float(loss(parameters)))
        tuner.receive_trial_result(number, parameters, losses[-1])
        tuner.trial_end(number, True)
    return losses


def test_every_cell_of_a_grid_has_its_point() -> None:
    """Of 64 points, one lies in each of 8 times 8 cells."""
    tuner = QmcTuner(seed=3)
    tuner.update_search_space(PLANE)
    points: list[Any] = [tuner.generate_parameters(number) for number in range(64)]
    assert len({(int(one["x"] + 4), int(one["y"] + 4)) for one in points}) == 64


def test_a_normal_parameter_keeps_its_distribution() -> None:
    """A third of the points lies beyond one standard deviation."""
    tuner = QmcTuner(seed=3)
    tuner.update_search_space({"n": {"_type": "normal", "_value": [5, 2]}})
    points: list[Any] = [tuner.generate_parameters(number) for number in range(256)]
    assert sum(abs(one["n"] - 5) > 2 for one in points) / 256 == pytest.approx(0.317, abs=0.02)


def bowl(parameters: dict[str, float]) -> float:
    """Its bottom is at (1, -2), in a narrow valley."""
    return (parameters["x"] - 1) ** 2 + 100 * (parameters["x"] + parameters["y"] + 1) ** 2


@pytest.mark.parametrize(("mode", "sign"), [("minimize", 1), ("maximize", -1)])
def test_the_bottom_of_a_valley_is_found(mode: str, sign: int) -> None:
    """In either direction, far closer than 300 random points would come."""
    losses = run(CmaesTuner(mode, seed=2), PLANE, 300, lambda one: sign * bowl(one))
    assert min(sign * loss for loss in losses) < 1e-4


def test_whole_numbers_and_choices_are_found_too() -> None:
    """All kinds together."""
    space = {
        **PLANE,
        "n": {"_type": "randint", "_value": [0, 30]},
        "c": {"_type": "choice", "_value": ["a", "b", "c"]},
        "q": {"_type": "quniform", "_value": [0, 1, 0.25]},
    }
    losses = run(
        CmaesTuner(seed=1),
        space,
        500,
        lambda one: bowl(one) / 100 + abs(one["n"] - 21) + 3 * (one["c"] != "b") + abs(one["q"] - 0.75),
    )
    assert min(losses) < 0.05


@pytest.mark.parametrize("sigma", [0.1, 0.3])
def test_the_first_trials_are_spread_as_sigma_says(sigma: float) -> None:
    """Sigma is a share of the range, of numbers and of grids."""
    space = {"x": PLANE["x"], "n": {"_type": "randint", "_value": [0, 101]}}
    tuner = CmaesTuner(sigma=sigma, seed=4)
    tuner.update_search_space(space)
    points: list[Any] = [tuner.generate_parameters(number) for number in range(400)]
    # What would lie outside is moved to the bounds.
    assert statistics.stdev(one["x"] / 8 for one in points) == pytest.approx(sigma, rel=0.15)
    assert statistics.stdev(one["n"] / 100 for one in points) == pytest.approx(sigma, rel=0.15)


def test_it_begins_anew_when_it_has_converged() -> None:
    """With twice the population, elsewhere; a flat landscape says nothing and is gone over."""
    tuner = CmaesTuner(seed=1)
    losses = run(tuner, {"x": PLANE["x"]}, 1500, lambda one: one["x"] ** 2)
    assert max(losses[700:]) > 0.1
    assert min(losses) < 1e-12


def test_a_space_with_one_member_has_one_suggestion() -> None:
    """There is nothing to search."""
    tuner = CmaesTuner(seed=1)
    tuner.update_search_space({"c": {"_type": "choice", "_value": ["only"]}})
    assert tuner.generate_parameters(0) == {"c": "only"}
