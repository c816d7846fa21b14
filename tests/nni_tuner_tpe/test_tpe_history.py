"""The table of results, and how a change of the search space carries it over."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nni_core.model import Json
from nni_core.space import SearchSpace
from nni_tuner_tpe.arguments import ConstantLiar
from nni_tuner_tpe.dimensions import Dimensions
from nni_tuner_tpe.history import History

LIES: dict[ConstantLiar, Callable[[list[float]], float]] = {
    ConstantLiar.BEST: min,
    ConstantLiar.WORST: max,
    ConstantLiar.MEAN: fmean,
}
LOSSES = st.lists(st.integers(-3, 3).map(float), max_size=150)


def history(losses: list[float]) -> History:
    """Results numbered in order of arrival: the number is the value of the only parameter."""
    filled = History(1)
    for number, loss in enumerate(losses):
        filled.add(np.array([float(number)]), loss)
    return filled


@given(LOSSES)
def test_results_are_sorted_and_equal_ones_keep_their_order(losses: list[float]) -> None:
    """As a stable sort has it, however many there are."""
    expected = [float(number) for number in sorted(range(len(losses)), key=losses.__getitem__)]
    assert history(losses).values(0).tolist() == expected


@given(LOSSES, LOSSES)
def test_many_at_once_are_as_one_after_the_other(first: list[float], second: list[float]) -> None:
    """Imported results end up where single ones would."""
    single = history(first + second)
    together = history(first)
    numbers = np.arange(len(first), len(first) + len(second), dtype=float)
    together.extend(numbers[np.newaxis, :], np.array(second))
    assert together.values(0).tolist() == single.values(0).tolist()
    assert together.losses.tolist() == single.losses.tolist()


@given(LOSSES, st.sampled_from([*LIES, ConstantLiar.NONE]))
def test_pretended_results_stand_after_their_equals(losses: list[float], liar: ConstantLiar) -> None:
    """A running trial is put where a result with the lie as its loss would come to stand."""
    pretending, honest = history(losses), history(losses)
    pretending.pretend([np.array([-1.0]), np.array([-2.0])], liar)
    if liar is not ConstantLiar.NONE:
        lie = LIES[liar](losses) if losses else 0.0
        honest.add(np.array([-1.0]), lie)
        honest.add(np.array([-2.0]), lie)
    found, expected = pretending.values(0).tolist(), honest.values(0).tolist()
    # The mean of the same numbers may differ in the last digit, which moves it past an equal loss.
    assert sorted(found) == sorted(expected) if liar is ConstantLiar.MEAN else found == expected


def space(**parameters: tuple[str, list[Json]]) -> Dimensions:
    """A search space from types and values."""
    raw = {name: {"_type": type_, "_value": value} for name, (type_, value) in parameters.items()}
    return Dimensions(SearchSpace.parse(raw))


def carry(old: Dimensions, new: Dimensions, *parameters: dict[str, Json]) -> list[list[float | None]]:
    """Results of the old space as the new one sees them, None where they cannot be compared."""
    table = np.array([old.vector(each) for each in parameters]).T
    carried = new.carried(table, old).T.tolist()
    return [[None if math.isnan(number) else number for number in row] for row in carried]


def test_values_keep_their_meaning_when_a_list_changes() -> None:
    """Indices follow their values; values that are gone cannot be compared."""
    old, new = space(a=("choice", ["x", "y", "z"])), space(a=("choice", ["z", "w", "y"]))
    assert carry(old, new, {"a": "x"}, {"a": "y"}, {"a": "z"}) == [[None], [2], [0]]


def test_candidates_keep_their_parameters_when_they_move() -> None:
    """A nested parameter is known by the name of its candidate, not by its place."""
    one, two = {"_name": "one", "k": {"_type": "uniform", "_value": [0, 1]}}, {"_name": "two"}
    old, new = space(n=("choice", [one, two])), space(n=("choice", [two, one]))
    assert carry(old, new, {"n": {"_name": "one", "k": 0.25}}, {"n": {"_name": "two"}}) == [[1, 0.25], [0, None]]


def test_numbers_are_compared_while_they_are_in_range() -> None:
    """A narrower range, another scale or another grid keep what lies inside."""
    old = space(a=("uniform", [0, 10]), b=("uniform", [0, 10]), c=("uniform", [0, 10]))
    new = space(a=("loguniform", [1, 5]), b=("quniform", [0, 4, 2]), c=("randint", [0, 10]))
    inside, outside = {"a": math.e, "b": 3.3, "c": 2.0}, {"a": 7.0, "b": 4.5, "c": 2.5}
    assert carry(old, new, inside, outside) == [[1.0, 3.3, None], [None, None, None]]
