"""Remembering what was tried."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from nni_core.space import Deduplicator, SearchSpace


def space_of(**parameters: list[Any]) -> SearchSpace:
    """A space of parameters given as type and values."""
    return SearchSpace.parse({name: {"_type": kind, "_value": values} for name, (kind, *values) in parameters.items()})


def test_what_was_added_is_known_however_it_is_written() -> None:
    """Equal values are duplicates; different types are not."""
    dedup = Deduplicator(space_of(x=["choice", 1, True], y=["quniform", 0, 1, 0.1]))
    assert dedup.remaining == 22
    assert dedup.add({"x": 1, "y": 0.3})
    assert dedup.is_duplicate({"y": 3 * 0.1, "x": 1})
    assert not dedup.add({"y": 3 * 0.1, "x": 1})
    assert not dedup.is_duplicate({"x": True, "y": 0.3})
    assert dedup.remaining == 21


def test_parameters_outside_the_space_do_not_count() -> None:
    """They can never be drawn, so they take nothing away."""
    dedup = Deduplicator(space_of(x=["randint", 0, 2]))
    assert not dedup.add({"x": 7})
    assert not dedup.is_duplicate({"x": 7})
    assert dedup.remaining == 2


def test_a_space_is_used_up_whatever_was_added_between() -> None:
    """Added and drawn parameters together make up the space, each once."""
    space = space_of(x=["randint", 0, 50], y=["choice", "a", "b"])
    dedup, random = Deduplicator(space), Random(4)
    seen = []
    for x in range(0, 50, 3):
        drawn = dedup.next_unseen(random)
        seen.append(drawn)
        if dedup.add({"x": x, "y": "b"}):
            seen.append({"x": x, "y": "b"})
    while (drawn := dedup.next_unseen(random)) is not None:
        seen.append(drawn)
    assert len(seen) == 100
    assert all(parameters in seen for parameters in space.enumerate())
    assert (dedup.remaining, dedup.next_unseen(random)) == (0, None)


def test_an_endless_space_goes_on() -> None:
    """There is no number of what is left, and repeats are still found."""
    space = space_of(x=["uniform", 0, 1])
    dedup, random = Deduplicator(space), Random(0)
    drawn = [dedup.next_unseen(random) for _ in range(100)]
    assert dedup.remaining is None
    assert all(dedup.is_duplicate(parameters) for parameters in drawn)
    assert not dedup.is_duplicate({"x": 0.123})


def test_an_endless_space_of_few_likely_values_ends() -> None:
    """A bell curve far narrower than its step has one value worth the name."""
    dedup = Deduplicator(space_of(x=["qnormal", 0, 0.001, 1]))
    assert dedup.next_unseen(Random(0)) == {"x": 0.0}
    assert dedup.next_unseen(Random(0)) is None


@pytest.mark.parametrize("size", [10**6, 10**15])
def test_the_last_ones_of_a_large_space_are_found_at_once(size: int) -> None:
    """The cost of a draw does not grow with the space or with what was tried."""
    space = space_of(x=["randint", 0, size])
    dedup, random = Deduplicator(space), Random(0)
    for x in range(20_000):
        dedup.add({"x": x})
    begin = time.process_time()
    drawn = [dedup.next_unseen(random) for _ in range(1000)]
    assert time.process_time() - begin < 1
    assert all(parameters is not None and parameters["x"] >= 20_000 for parameters in drawn)


def test_draws_follow_the_distribution_while_they_can() -> None:
    """On a large logarithmic grid small values stay as likely as large ones."""
    dedup, random = Deduplicator(space_of(x=["qloguniform", 1, 10**6, 1])), Random(0)
    drawn = [parameters["x"] for _ in range(500) if (parameters := dedup.next_unseen(random))]
    assert sum(x < 1000 for x in drawn) > 100
