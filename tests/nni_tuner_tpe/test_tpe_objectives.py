"""Several objectives: what TPE learns of them, and that it finds the front. Seeds are fixed: every run is the same."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from statistics import mean
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_core.analysis import hypervolume
from nni_core.api import TunedObjective
from nni_core.model import Direction, Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_tpe.losses import Objectives
from nni_tuner_tpe.results import Results
from nni_tuner_tpe.tpe import TpeTuner

ERROR = TunedObjective(name="error", direction=Direction.MINIMIZE)
SPEED = TunedObjective(name="speed", direction=Direction.MAXIMIZE)
SPACE: dict[str, Json] = {f"x{each}": {"_type": "uniform", "_value": [0.0, 1.0]} for each in range(6)}
TRIALS = 80

Point = tuple[float, float]
#: of both losses, for what is surpassed
WORST = (1.0, 6.0)


def zdt1(parameters: Parameters) -> Point:
    """Two losses, good for the first where x0 is small; Zitzler, Deb and Thiele 2000."""
    first, *rest = (parameters[f"x{each}"] for each in range(6))
    far = 1 + 9 * mean(rest)
    return first, far * (1 - (first / far) ** 0.5)


def share(points: Iterable[Point]) -> float:
    """What points surpass of the rectangle up to ``WORST``."""
    return hypervolume(list(points), WORST) / math.prod(WORST)


def of_tuner(seed: int) -> float:
    """The hypervolume that TPE finds."""
    tuner = TpeTuner(seed=seed, objectives=(ERROR, SPEED))
    tuner.update_search_space(SPACE)
    points = []
    for parameter_id in range(TRIALS):
        parameters = tuner.generate_parameters(parameter_id)
        points.append(zdt1(parameters))
        value = {"default": points[-1][0], "error": points[-1][0], "speed": -points[-1][1]}
        tuner.receive_trial_result(parameter_id, parameters, value)
    return share(points)


def of_random(seed: int) -> float:
    """The hypervolume of random search."""
    known, source = SearchSpace.parse(SPACE), random.Random(seed)
    return share(zdt1(known.sample(source)) for _ in range(TRIALS))


def test_the_front_is_found() -> None:
    """Random search leaves a third of what there is; TPE less than half of that, for every seed."""
    assert max(of_random(seed) for seed in range(10)) < 0.78
    assert min(of_tuner(seed) for seed in range(4)) > 0.85


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40), st.integers(1, 8))
def test_what_is_surpassed_by_fewer_comes_first(points: list[tuple[int, int]], count: int) -> None:
    """Counted by hand, in whatever order results come; no result is chosen twice."""

    def rank(point: Sequence[float]) -> int:
        return sum(one[0] <= point[0] and one[1] <= point[1] and one != point for one in points)

    results = Results(1, 1, 2)
    for losses in points:
        results.add(np.zeros(1), np.zeros(1), np.array(losses, dtype=float))
    best = results.best(count).tolist()
    assert len(set(best)) == len(best) == min(count, len(points))
    assert sorted(rank(points[each]) for each in best) == sorted(map(rank, points))[: len(best)]


@pytest.mark.parametrize(
    ("value", "losses"),
    [
        ({"default": 1.0, "error": 1.0, "speed": 3}, [1.0, -3.0]),
        ({"default": 1.0, "error": 1.0}, None),
        ({"default": 1.0, "error": 1.0, "speed": float("nan")}, None),
        ({"default": 1.0, "error": 1.0, "speed": {"default": 3}}, None),
        (1.0, None),
    ],
    ids=str,
)
def test_a_result_needs_every_objective(value: Json, losses: list[float] | None) -> None:
    """As a loss each: large speeds are small losses."""
    found = Objectives(1, (ERROR, SPEED)).losses(value)
    assert (None if found is None else found.tolist()) == losses


@pytest.mark.parametrize("several", [True, False])
def test_the_other_objective_counts(several: bool) -> None:
    """With two objectives both ends of the line are good, with one the left alone."""
    tuner = TpeTuner(seed=3, objectives=(ERROR, SPEED) if several else ())
    tuner.update_search_space({"x": {"_type": "uniform", "_value": [0.0, 1.0]}})
    rows = [each / 60 for each in range(61)]
    tuner.import_data([{"parameter": {"x": x}, "value": {"default": x, "speed": x if x > 0.5 else 0.0}} for x in rows])
    assert any(_next(tuner, each) > 0.6 for each in range(30)) is several


def _next(tuner: TpeTuner, parameter_id: int) -> float:
    x = float(tuner.generate_parameters(parameter_id)["x"])
    tuner.trial_end(parameter_id, False)
    return x


def test_nnis_algorithm_says_that_it_learns_the_first_only(caplog: pytest.LogCaptureFixture) -> None:
    """Without multivariate there is one loss."""
    make: Callable[..., Any] = TpeTuner
    make(seed=1, objectives=(ERROR, SPEED), tpe_args={"multivariate": False})
    assert "the first objective is learnt only, 'error'" in caplog.text
