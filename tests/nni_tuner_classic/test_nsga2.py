"""NSGA2: its fronts, its children, and that it finds what there is. Seeds are fixed: every run is the same."""

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
from nni_core.testing.spaces import EVERYTHING
from nni_tuner_classic.fronts import best_first, freedom, fronts
from nni_tuner_classic.genes import Genetics
from nni_tuner_classic.nsga2 import Nsga2Tuner

ERROR = TunedObjective(name="error", direction=Direction.MINIMIZE)
SPEED = TunedObjective(name="speed", direction=Direction.MAXIMIZE)
SPACE: dict[str, Json] = {f"x{each}": {"_type": "uniform", "_value": [0.0, 1.0]} for each in range(6)}
TRIALS = 300

Point = tuple[float, float]
#: of both losses, for what is surpassed
WORST = (1.1, 6.0)
losses = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=30)


def zdt2(parameters: Parameters) -> Point:
    """Two losses whose front is not convex; Zitzler, Deb and Thiele 2000."""
    first, *rest = (parameters[f"x{each}"] for each in range(6))
    far = 1 + 9 * mean(rest)
    return first, far * (1 - (first / far) ** 2)


def share(points: Iterable[Point]) -> float:
    """What points surpass of the rectangle up to ``WORST``."""
    return hypervolume(list(points), WORST) / math.prod(WORST)


def run(tuner: Nsga2Tuner, count: int, score: Callable[[Parameters], Json]) -> list[Parameters]:
    """One trial after the other."""
    tried = []
    for number in range(count):
        tried.append(tuner.generate_parameters(number))
        tuner.receive_trial_result(number, tried[-1], score(tried[-1]))
        tuner.trial_end(number, True)
    return tried


def test_the_front_is_found() -> None:
    """Random search finds six tenths of what there is, and NSGA2 eight."""

    def score(parameters: Parameters) -> Json:
        error, slowness = zdt2(parameters)
        return {"default": error, "error": error, "speed": -slowness}

    def of_tuner(seed: int) -> float:
        tuner = Nsga2Tuner(seed=seed, objectives=[ERROR, SPEED])
        tuner.update_search_space(SPACE)
        return share(zdt2(one) for one in run(tuner, TRIALS, score))

    def of_random(seed: int) -> float:
        space, source = SearchSpace.parse(SPACE), random.Random(seed)
        return share(zdt2(space.sample(source)) for _ in range(TRIALS))

    assert mean(of_tuner(seed) for seed in range(5)) > 0.78
    assert mean(of_random(seed) for seed in range(5)) < 0.62


@pytest.mark.parametrize("mode", ["maximize", "minimize"])
def test_one_objective_has_a_direction(mode: str) -> None:
    """It follows it, in numbers and in choices."""
    space = {"x": {"_type": "normal", "_value": [0, 1]}, "y": {"_type": "choice", "_value": ["a", "b", "c"]}}
    tuner = Nsga2Tuner(optimize_mode=mode, mutation_prob=0.1, seed=1)
    tuner.update_search_space(space)
    late = run(tuner, 150, lambda one: one["x"] + "abc".index(one["y"]))[-30:]
    middle = mean(one["x"] for one in late)
    assert middle > 1.5 if mode == "maximize" else middle < -1.5
    assert [one["y"] for one in late].count("c" if mode == "maximize" else "a") > 15


@given(losses)
def test_fronts_are_peeled_off(points: list[tuple[int, int, int]]) -> None:
    """By hand: whoever is surpassed by nobody that is left is the next front."""

    def surpasses(one: Sequence[int], other: Sequence[int]) -> bool:
        return one != other and all(a <= b for a, b in zip(one, other, strict=True))

    expected, left, number = [-1] * len(points), set(range(len(points))), 0
    while left:
        front = {each for each in left if not any(surpasses(points[other], points[each]) for other in left)}
        for each in front:
            expected[each] = number
        left, number = left - front, number + 1
    assert fronts(np.array(points, dtype=float)).tolist() == expected


@given(losses)
def test_an_earlier_front_comes_first(points: list[tuple[int, int, int]]) -> None:
    """And every row comes once."""
    table = np.array(points, dtype=float)
    order = best_first(table)
    assert sorted(order.tolist()) == list(range(len(points)))
    assert np.all(np.diff(fronts(table)[order]) >= 0)


def test_the_ends_of_a_front_are_free() -> None:
    """Of the others, those with far neighbours are more so."""
    free = freedom(np.array([[0.0, 4.0], [1.0, 3.0], [1.1, 2.9], [4.0, 0.0]]))
    assert free[0] == free[3] == math.inf
    assert free[1] == pytest.approx(1.1 / 4 + 1.1 / 4)
    assert free[2] == pytest.approx(3.0 / 4 + 3.0 / 4)


def test_the_largest_numbers_have_distances() -> None:
    """Their difference is beyond what a float holds."""
    assert freedom(np.array([[1e308], [0.0], [-1e308]])).tolist() == [math.inf, 1.0, math.inf]


@given(st.integers(0, 2**32), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1)))
def test_children_lie_in_the_space(seed: int, crossover: float, mutation: float | None) -> None:
    """Of any two parents, whatever their branches."""
    space, source = SearchSpace.parse(EVERYTHING), random.Random(seed)
    genetics = Genetics(space, np.random.default_rng(seed), crossover=crossover, mutation=mutation)
    assert space.contains(genetics.child(space.sample(source), space.sample(source))) is None


@pytest.mark.parametrize(
    "specification",
    [
        ("choice", "a", "b", "c"),
        ("randint", 0, 3),
        ("quniform", 1, 3, 1),
        ("quniform", 0, 10, 5),
        ("qloguniform", 1, 1000, 100),
        ("qnormal", 0, 10, 5),
        ("normal", 0, 1),
        ("uniform", 0, 1),
    ],
)
def test_a_child_of_twins_is_another(specification: Any) -> None:
    """However coarse the values are: it is what a trial gets that has to differ."""
    type_, *value = specification
    space = SearchSpace.parse({name: {"_type": type_, "_value": value} for name in "xy"})
    genetics, source = Genetics(space, np.random.default_rng(1), crossover=0.9, mutation=None), random.Random(1)
    twins = [space.sample(source) for _ in range(200)]
    assert [one for one in twins if genetics.child(one, one) == one] == []


def test_nothing_is_tried_twice_while_there_is_something_else() -> None:
    """However close the population has come together."""
    space: dict[str, Json] = {f"x{each}": {"_type": "quniform", "_value": [0, 10, 1]} for each in range(6)}
    tuner = Nsga2Tuner(seed=1)
    tuner.update_search_space(space)
    tried = run(tuner, 300, lambda one: sum((value - 3) ** 2 for value in one.values()))
    assert len({tuple(one.values()) for one in tried}) == 300


def test_a_number_at_its_bound_moves_inward() -> None:
    """Of three whole numbers, the first becomes the second."""
    space = SearchSpace.parse({"x": {"_type": "randint", "_value": [0, 3]}})
    genetics = Genetics(space, np.random.default_rng(1), crossover=0.0, mutation=1.0)
    assert {genetics.child({"x": 0}, {"x": 0})["x"] for _ in range(20)} == {1}


def test_what_a_branch_has_is_inherited_with_it() -> None:
    """A child that takes its choice from one parent has that one's numbers, up to a small change."""
    nested = [{"_name": "a", "k": {"_type": "uniform", "_value": [0, 1]}}, {"_name": "b"}]
    space = SearchSpace.parse(
        {"net": {"_type": "choice", "_value": nested}, "x": {"_type": "uniform", "_value": [0, 1]}}
    )
    one, other = ({"net": net, "x": x} for net, x in (({"_name": "a", "k": 0.25}, 0.0), ({"_name": "b"}, 1.0)))
    genetics = Genetics(space, np.random.default_rng(1), crossover=1.0, mutation=0.0)
    children: list[Any] = [genetics.child(one, other)["net"] for _ in range(40)]
    assert {child.get("k") for child in children} == {0.25, None}


def test_imported_results_have_children() -> None:
    """In the place of random ones, if they have every objective."""
    tuner = Nsga2Tuner(population_size=2, crossover_prob=0.0, seed=1, objectives=[ERROR, SPEED])
    tuner.update_search_space(SPACE)
    known = {f"x{each}": 0.5 for each in range(6)}
    data = [{"parameter": known, "value": {"default": number, "error": number, "speed": 1}} for number in (1, 2)]
    tuner.import_data([*data, {"parameter": known, "value": 3.0}])
    child = tuner.generate_parameters(0)
    assert 0 < sum(child[name] != 0.5 for name in known) < 6
