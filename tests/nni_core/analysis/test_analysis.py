"""What results tell: on functions of which it is known."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.analysis import Analysis, Result, analyse, hypervolume
from nni_core.analysis.ranks import correlation, ranks
from nni_core.model import Direction
from nni_core.space import SearchSpace

NETS = [{"_name": "conv", "width": {"_type": "uniform", "_value": [0, 1]}}, {"_name": "dense"}]
SPACE: dict[str, Any] = {
    "strong": {"_type": "uniform", "_value": [0, 1]},
    "weak": {"_type": "loguniform", "_value": [1e-4, 1]},
    "none": {"_type": "randint", "_value": [0, 50]},
    "kind": {"_type": "choice", "_value": ["a", "b", "c"]},
    "net": {"_type": "choice", "_value": NETS},
    "fixed": {"_type": "choice", "_value": [1]},
}
PARSED = SearchSpace.parse(SPACE)


def results(count: int, score: Callable[[Any], float], seed: int = 1) -> list[Result]:
    """Random trials."""
    source = random.Random(seed)
    drawn = [PARSED.sample(source) for _ in range(count)]
    return [Result(parameters=one, number=score(one), others={"time": -score(one), "same": 1.0}) for one in drawn]


def importances(analysis: Analysis) -> dict[str, float]:
    """By name."""
    return {effect.name: effect.importance for effect in analysis.effects}


def score(one: Any) -> float:
    """A large effect, a small one, and none."""
    return float(4 * (one["strong"] - 0.3) ** 2 + 0.3 * one["weak"] + 0.3 * (one["kind"] == "b"))


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("count", [100, 1000])
def test_what_matters_is_told_from_what_does_not(count: int, direction: Direction) -> None:
    """In either direction, with a hundred results and with a thousand."""
    sign = 1 if direction is Direction.MINIMIZE else -1
    found = importances(analyse(PARSED, results(count, lambda one: sign * score(one)), direction))
    assert found["strong"] > 0.4
    assert found["none"] < 0.1
    assert sum(found.values()) == pytest.approx(1)
    assert "fixed" not in found


def test_a_nested_parameter_counts_where_it_is_active() -> None:
    """Its choice is one of its own."""
    told = analyse(PARSED, results(600, lambda one: one["net"].get("width", 2.0)), Direction.MINIMIZE)
    found = importances(told)
    assert found["net/conv/width"] > 0.5
    assert found["net"] > 0.1
    width = next(effect for effect in told.effects if effect.name == "net/conv/width")
    assert 250 < width.count < 350


def test_results_that_tell_nothing_are_not_interpreted() -> None:
    """Where chance explains everything, hardly anything is left; equal results explain nothing at all."""
    source = random.Random(3)
    told = analyse(PARSED, results(300, lambda _: source.random()), Direction.MAXIMIZE)
    raw = [effect for effect in told.effects if effect.importance > 0.6]
    assert len(raw) <= 1


def test_the_effect_of_a_number_is_told_by_parts_of_its_range() -> None:
    """In the parameter's own units, on its own scale; that of a choice by its values."""
    told = analyse(PARSED, results(400, score), Direction.MINIMIZE)
    effects = {effect.name: effect for effect in told.effects}
    strong, weak, kind = effects["strong"], effects["weak"], effects["kind"]
    best = min(strong.levels, key=lambda level: level.mean)
    assert best.low is not None
    assert best.high is not None
    assert best.low < 0.3 < best.high
    assert weak.levels[1].low / weak.levels[0].low == pytest.approx(1e4**0.125, rel=0.05)  # type: ignore[operator]
    assert [level.value for level in kind.levels] == ["a", "b", "c"]
    assert sum(level.count for level in kind.levels) == 400
    assert all(level.best <= level.median for level in kind.levels)


def test_parts_of_whole_numbers_do_not_overlap() -> None:
    """Each names the smallest and the largest that is in it."""
    space = SearchSpace.parse({"layers": {"_type": "randint", "_value": [1, 12]}})
    source = random.Random(1)
    drawn = [space.sample(source) for _ in range(300)]
    told = analyse(
        space, [Result(parameters=one, number=one["layers"], others={}) for one in drawn], Direction.MINIMIZE
    )
    ends = [(level.low, level.high) for level in told.effects[0].levels]
    assert [number for low, high in ends for number in range(low, high + 1)] == list(range(1, 12))  # type: ignore[arg-type, operator]
    assert all(low <= level.best <= high for (low, high), level in zip(ends, told.effects[0].levels, strict=True))  # type: ignore[operator]


def test_correlations_have_a_sign() -> None:
    """Of numbers with the objective, and of other numbers in the results; what never changes has none."""
    told = analyse(PARSED, results(200, lambda one: one["strong"]), Direction.MINIMIZE)
    effects = {effect.name: effect.correlation for effect in told.effects}
    assert effects["strong"] == pytest.approx(1.0)
    assert effects["kind"] is None
    assert told.correlations == {"time": pytest.approx(-1.0)}


def test_too_few_results_are_not_enough() -> None:
    """Those outside the search space do not count."""
    some = results(9, score)
    with pytest.raises(ValueError, match="it takes 10 results in the search space, and there are 9"):
        analyse(PARSED, [*some, Result(parameters={"other": 1}, number=1.0, others={})], Direction.MINIMIZE)


def test_ranks_of_equal_numbers_are_shared() -> None:
    """And a correlation with what never changes cannot be told."""
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [2.5, 0.0, 2.5, 1.0]
    assert correlation([1.0, 2.0], [5.0, 5.0]) is None


POINTS = st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=1, max_size=8)


@settings(max_examples=60)
@given(points=POINTS, other=st.tuples(*[st.integers(0, 9)] * 3))
def test_a_volume_is_that_of_its_cells(points: list[tuple[int, ...]], other: tuple[int, ...]) -> None:
    """Counted one by one; it only grows with points, whatever their order."""
    reference = (10.0, 10.0, 10.0)
    cells = {
        (x, y, z)
        for x in range(10)
        for y in range(10)
        for z in range(10)
        if any(one[0] <= x and one[1] <= y and one[2] <= z for one in points)
    }
    volume = hypervolume([tuple(map(float, one)) for one in points], reference)
    assert volume == pytest.approx(len(cells))
    assert hypervolume([tuple(map(float, one)) for one in [other, *reversed(points)]], reference) >= volume


def test_points_beyond_the_reference_surpass_nothing() -> None:
    """In two objectives."""
    assert hypervolume([(2.0, 0.0), (0.5, 0.5), (0.75, 0.25)], (1.0, 1.0)) == pytest.approx(0.25 + 0.25 * 0.25)
    assert hypervolume([], (1.0, 1.0)) == 0
