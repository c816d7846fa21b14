"""The races themselves: real contestants in processes of their own, on problems of a few milliseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from attrs import frozen
from tests.bench_hpo.learning import TASKS, Task
from tests.bench_hpo.line_up import EPOCHS, WHOLE, Contestant
from tests.bench_hpo.races import BUDGETS, Results, Run, epochs, run_all, served, whole
from tests.bench_hpo.spaces import Parameter, Point, drawn, problems_of

_SPACE = (
    Parameter(name="x", kind="float", low=1e-3, high=1.0, log=True),
    Parameter(name="n", kind="int", low=1, high=9),
    Parameter(name="way", kind="choice", choices=("a", "b", "c")),
    Parameter(name="only.b", kind="int", low=2, high=64, log=True, parent="way", parent_values=("a", "b")),
)


@frozen
class Bowl:
    """A problem with every kind of parameter, and with epochs."""

    name: str = "bowl"
    space: Sequence[Parameter] = _SPACE

    def values(self, points: Sequence[Point]) -> list[float]:
        return [self._value(point) for point in points]

    def _value(self, point: Point) -> float:
        return abs(math.log10(float(point["x"])) + 2) + abs(int(point["n"]) - 4) + (point["way"] != "b")

    def curve(self, point: Point) -> list[float]:
        return [self._value(point) + 10 / epoch for epoch in range(1, BUDGETS["highest"] + 1)]


def test_random_points_lie_in_the_space() -> None:
    random = np.random.default_rng(0)
    for space in (_SPACE, *(space for space, _ in TASKS.values())):
        for _ in range(200):
            assert problems_of(drawn(space, random), space) == []


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ({"x": 0.1, "n": 3, "way": "c", "only.b": 4}, "only.b is not of the space, or not active"),
        ({"x": 0.1, "n": 3, "way": "a"}, "only.b is missing"),
        ({"x": 2.0, "n": 3, "way": "c"}, "x is 2.0"),
        ({"x": 0.1, "n": 3.5, "way": "c"}, "n is 3.5"),
        ({"x": 0.1, "n": 3, "way": "d"}, "way is 'd'"),
    ],
)
def test_what_lies_outside_is_told(point: Point, said: str) -> None:
    assert problems_of(point, _SPACE) == [said]


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("name", ["TPE", "CMAES"])
def test_a_tuner_of_ours_races(name: str, workers: int, tmp_path: Path) -> None:
    with served(WHOLE[name], tmp_path) as one:
        first = whole(one, Bowl(), 0, 40, workers)[0]
        again = whole(one, Bowl(), 0, 40, workers)[0]
        other = whole(one, Bowl(), 1, 40, workers)[0]
    assert len(first) == 40
    assert first == again != other


def test_fewer_trials_than_workers(tmp_path: Path) -> None:
    with served(WHOLE["Random"], tmp_path) as one:
        assert len(whole(one, Bowl(), 0, 3, 8)[0]) == 3


@pytest.mark.parametrize("name", [name for name, one in EPOCHS.items() if one.environment is None])
def test_trainings_that_go_on_are_not_begun_again(name: str, tmp_path: Path) -> None:
    with served(EPOCHS[name], tmp_path) as one:
        values, cpu = epochs(one, Bowl(), 0, 400)
    assert len(values) == 400
    assert len(cpu) > 400 / BUDGETS["highest"]  # most end early
    # The first epoch of a training is the only one in which 10 is added.
    begun = sum(value >= 10 for value in values)
    assert begun < len(cpu), f"{name} begins every training anew"


def test_runs_that_are_there_are_not_run_again(tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    task = Task(name="diabetes-boosting")
    assert results.missing("sequential", "Random", task.name, 2, 5) == [0, 1]
    run_all("sequential", WHOLE["Random"], task, [1], 5, tmp_path, results)
    assert results.missing("sequential", "Random", task.name, 2, 5) == [0]
    assert results.missing("sequential", "Random", task.name, 2, 6) == [0, 1]
    (run,) = results.runs("sequential")
    assert run == Run(contestant="Random", problem=task.name, seed=1, count=5, best=run.best, cpu=run.cpu)
    assert len(run.curve) == 5


def test_a_run_keeps_what_was_lower_than_before(tmp_path: Path) -> None:
    results = Results(tmp_path)
    run = Run.of("Optuna TPE, as up to 4", "bowl", 3, [5.0, 7.0, 2.123456789, 2.123456789, 1.0, 1.0], [0.1] * 5 + [0.4])
    assert run.best == [(1, 5.0), (3, 2.123457), (5, 1.0)]
    assert run.curve.tolist() == [5.0, 5.0, 2.123457, 2.123457, 1.0, 1.0]
    assert run.cpu == pytest.approx((0.15, 0.15))
    results.add("async8", run)
    assert results.runs("async8") == [run]


def test_a_training_without_a_result_is_as_good_as_guessing() -> None:
    extreme = {"kernel": "poly", "c": 1e4, "scale": "none", "gamma": 1e2, "offset": 1.0, "degree": 5}
    (error,) = Task(name="tumours-vectors").values([extreme])
    assert error == pytest.approx(0.373, abs=0.001)


def test_a_contestant_that_fails_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = Contestant(name="broken", served="ours:Ours", settings={"tuner": {"name": "TPEE"}})
    with served(broken, tmp_path) as one, pytest.raises(RuntimeError, match="it ended with 1"):
        whole(one, Bowl(), 0, 3, 1)
    assert "did you mean 'TPE'" in capfd.readouterr().err
