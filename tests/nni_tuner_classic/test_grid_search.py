"""GridSearch: what is on the grid, in which order, and when it ends."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.api import NoMoreTrialError
from nni_core.space import SearchSpace
from nni_tuner_classic.grid_search import GridSearchTuner


def grid(space: dict[str, Any]) -> Any:
    """All points, one after the other."""
    tuner = GridSearchTuner()
    tuner.update_search_space(space)
    number = 0
    while True:
        try:
            yield tuner.generate_parameters(number)
        except NoMoreTrialError:
            return
        number += 1


def test_the_last_parameter_changes_fastest() -> None:
    """And choices are all there from the start."""
    space = {"a": {"_type": "choice", "_value": ["x", "y"]}, "b": {"_type": "randint", "_value": [0, 3]}}
    assert [(one["a"], one["b"]) for one in grid(space)] == [(a, b) for a in "xy" for b in range(3)]


def test_a_range_is_halved_again_and_again() -> None:
    """The middle, the middles of the halves, and so on."""
    points = grid({"x": {"_type": "uniform", "_value": [0, 8]}})
    assert [one["x"] for one in islice(points, 7)] == [4, 2, 6, 1, 3, 5, 7]


def test_a_logarithmic_range_is_halved_on_its_scale() -> None:
    """By factors."""
    points = grid({"x": {"_type": "loguniform", "_value": [1e-4, 1]}})
    assert [one["x"] for one in islice(points, 3)] == pytest.approx([1e-2, 1e-3, 1e-1])


def test_nested_parameters_belong_to_their_candidate() -> None:
    """Each candidate with the grid of its own parameters."""
    nested = [{"_name": "a", "k": {"_type": "choice", "_value": [1, 2]}}, {"_name": "b"}]
    space = {"net": {"_type": "choice", "_value": nested}, "z": {"_type": "choice", "_value": [0, 1]}}
    a, b = [{"_name": "a", "k": k} for k in (1, 2)], {"_name": "b"}
    assert list(grid(space)) == [{"net": net, "z": z} for net in (*a, b) for z in (0, 1)]


TYPES = st.sampled_from(
    [
        {"_type": "choice", "_value": ["a", "b", "c"]},
        {"_type": "choice", "_value": [1]},
        {"_type": "randint", "_value": [-2, 3]},
        {"_type": "quniform", "_value": [2, 10, 5]},
        {"_type": "quniform", "_value": [0, 1, 0.1]},
        {"_type": "qloguniform", "_value": [1, 100, 7]},
    ]
)


@settings(max_examples=40)
@given(types=st.lists(TYPES, min_size=1, max_size=3))
def test_a_finite_space_is_gone_through_once(types: list[dict[str, Any]]) -> None:
    """Every member exactly once, then the end."""
    space = {f"p{place}": one for place, one in enumerate(types)}
    parsed = SearchSpace.parse(space)
    points = [parsed.canonical(one) for one in grid(space)]
    assert len(points) == len(set(points)) == parsed.size


def test_a_grid_without_end_goes_on() -> None:
    """A rounded normal distribution beside a continuous one; nothing comes twice."""
    space = {"n": {"_type": "qnormal", "_value": [0, 10, 2]}, "u": {"_type": "uniform", "_value": [0, 1]}}
    points = [tuple(one.values()) for one in islice(grid(space), 3000)]
    assert len(set(points)) == 3000


def test_a_rounded_normal_distribution_alone_has_an_end() -> None:
    """Its tails go on for ever, and trials in them would not be worth it."""
    points = list(grid({"n": {"_type": "qnormal", "_value": [0, 10, 2]}}))
    assert 15 < len(points) < 60


def test_what_was_tried_elsewhere_is_passed_over() -> None:
    """Imported results, and trials that a user added."""
    tuner = GridSearchTuner()
    tuner.update_search_space({"a": {"_type": "choice", "_value": [1, 2, 3]}})
    tuner.import_data([{"parameter": {"a": 1}, "value": 0.5}, {"parameter": {"a": 7}, "value": 0.5}])
    tuner.receive_trial_result(9, {"a": 2}, 0.5, customized=True)
    assert tuner.generate_parameters(0) == {"a": 3}


def test_a_changed_space_is_gone_through_without_what_was_tried() -> None:
    """Points that both have are not tried again."""
    tuner = GridSearchTuner()
    tuner.update_search_space({"a": {"_type": "choice", "_value": [1, 2, 3]}})
    assert tuner.generate_parameters(0) == {"a": 1}
    tuner.update_search_space({"a": {"_type": "choice", "_value": [0, 1, 2]}})
    assert [tuner.generate_parameters(number) for number in (1, 2)] == [{"a": 0}, {"a": 2}]


def test_a_huge_range_of_whole_numbers_costs_nothing() -> None:
    """It is not written out."""
    points = grid({"a": {"_type": "randint", "_value": [0, 10**12]}, "b": {"_type": "choice", "_value": [1, 2]}})
    assert [(one["a"], one["b"]) for one in islice(points, 3)] == [(0, 1), (0, 2), (1, 1)]
