"""Laws that hold for every search space and every parameter set."""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.errors import ConfigError
from nni_core.space import Deduplicator, SearchSpace, validate

#: a busy machine is no failure
UNHURRIED = settings(deadline=None)

NAMES = st.text(alphabet="abcxyzé", min_size=1, max_size=4)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
STEPS = st.sampled_from([0.1, 0.25, 1.0, 3.0, 7.3])


def of(kind: str, values: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Specifications of one type."""
    return values.map(lambda value: {"_type": kind, "_value": value})


def ranges(low: float, high: float) -> st.SearchStrategy[list[Any]]:
    """Bounds with room between them."""
    widths = st.floats(0.5, 1000)
    return st.tuples(st.floats(low, high), widths).map(lambda pair: [pair[0], pair[0] + pair[1]])


CHOICES = of("choice", st.lists(SCALARS, min_size=1, max_size=4, unique_by=json.dumps))
INTEGERS = of("randint", st.tuples(st.integers(-5, 5), st.integers(1, 5)).map(lambda p: [p[0], p[0] + p[1]]))
GRIDS = st.one_of(
    of("quniform", st.tuples(ranges(-100, 100), STEPS).map(lambda p: [*p[0], p[1]])),
    of("qloguniform", st.tuples(ranges(0.01, 100), STEPS).map(lambda p: [*p[0], p[1]])),
)
BELLS = st.tuples(st.floats(-5, 5), st.floats(0.1, 3)).map(list)
ENDLESS = st.one_of(
    of("uniform", ranges(-1000, 1000)),
    of("loguniform", ranges(1e-6, 10)),
    of("normal", BELLS),
    of("lognormal", BELLS),
    of("qnormal", st.tuples(BELLS, STEPS).map(lambda p: [*p[0], p[1]])),
    of("qlognormal", st.tuples(BELLS, STEPS).map(lambda p: [*p[0], p[1]])),
)


def spaces(leaves: st.SearchStrategy[Any], largest: int) -> st.SearchStrategy[dict[str, Any]]:
    """Spaces of these parameters, nested choices between them included."""

    def candidates(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        one = st.dictionaries(NAMES, children, max_size=2)
        groups = st.lists(one, min_size=1, max_size=3)
        named = groups.map(lambda found: [{"_name": f"n{index}", **group} for index, group in enumerate(found)])
        return of("choice", named)

    return st.dictionaries(NAMES, st.recursive(leaves, candidates, max_leaves=4), min_size=1, max_size=largest)


def parsed(raw: dict[str, Any]) -> SearchSpace | None:
    """The space; None when a range happens to leave one value, or names to be the same letters."""
    return None if any(problem.fatal for problem in validate(raw)) else SearchSpace.parse(raw)


ANY_SPACE = spaces(CHOICES | INTEGERS | GRIDS | ENDLESS, 5).map(parsed).filter(bool)
SMALL_SPACE = (
    spaces(CHOICES | INTEGERS, 3).map(parsed).filter(lambda space: space is not None and (space.size or 0) <= 100)
)
KEYS = st.sampled_from(["_type", "_value", "_name", "type", "x"])
JSON = st.recursive(
    SCALARS | st.floats() | st.sampled_from(["choice", "uniform", "quniform", "randint", "_name"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | KEYS, inner, max_size=4),
    max_leaves=12,
)


@UNHURRIED
@given(ANY_SPACE, st.integers(0, 2**32))
def test_every_draw_lies_in_the_space(space: SearchSpace, seed: int) -> None:
    """And is in normal form already, and survives JSON."""
    drawn = space.sample(Random(seed))
    assert space.contains(drawn) is None
    assert repr(space.normalised(drawn)) == repr(drawn)
    assert repr(json.loads(json.dumps(drawn, allow_nan=False))) == repr(drawn)
    assert space.canonical(json.loads(json.dumps(drawn))) == space.canonical(drawn)


@UNHURRIED
@given(ANY_SPACE, st.integers(0, 2**32))
def test_forms_turn_back_into_what_they_came_from(space: SearchSpace, seed: int) -> None:
    """Internal form and vector give the parameters back, endless ones within rounding."""
    drawn = space.sample(Random(seed))
    internal, vector = space.internal(drawn), space.encode(drawn)
    assert len(vector) == len(space.parameters)
    assert [math.isnan(entry) for entry in vector] == [p.key not in internal for p in space.parameters]
    for back in (space.external(internal), space.decode(vector)):
        again = space.internal(back)
        assert again.keys() == internal.keys()
        assert list(again.values()) == pytest.approx(list(internal.values()), rel=1e-9, abs=1e-9)
        if space.size is not None:
            assert space.canonical(back) == space.canonical(drawn)


@UNHURRIED
@given(ANY_SPACE, st.data())
def test_every_vector_stands_for_parameters_in_the_space(space: SearchSpace, data: st.DataObject) -> None:
    """Whatever numbers a tuner comes up with."""
    numbers = st.floats(allow_nan=False)
    vector = data.draw(st.lists(numbers, min_size=len(space.parameters), max_size=len(space.parameters)))
    assert space.contains(space.decode(vector)) is None


@UNHURRIED
@given(ANY_SPACE, st.data())
def test_positions_and_members_belong_together(space: SearchSpace, data: st.DataObject) -> None:
    """In every finite space, however large, rank is the inverse of at."""
    if space.size is None:
        return
    rank = data.draw(st.integers(0, space.size - 1))
    member = space.at(rank)
    assert space.contains(member) is None
    assert space.rank(member) == rank
    assert space.decode(space.encode(member)) == member


@UNHURRIED
@given(SMALL_SPACE)
def test_a_finite_space_lists_exactly_its_size(space: SearchSpace) -> None:
    """All members are different, and all lie in it."""
    members = list(space.enumerate())
    assert len(members) == len({space.canonical(member) for member in members}) == space.size
    assert all(space.contains(member) is None for member in members)


@UNHURRIED
@given(SMALL_SPACE, st.integers(0, 2**32))
def test_a_finite_space_is_used_up_exactly(space: SearchSpace, seed: int) -> None:
    """As many different ones come as there are, then none."""
    dedup, random, seen = Deduplicator(space), Random(seed), set()
    while (drawn := dedup.next_unseen(random)) is not None:
        seen.add(space.canonical(drawn))
        assert dedup.remaining == (space.size or 0) - len(seen)
    assert len(seen) == space.size


@UNHURRIED
@given(JSON | st.dictionaries(NAMES, st.fixed_dictionaries({"_type": JSON, "_value": JSON}), max_size=3))
def test_no_text_breaks_the_reader(raw: Any) -> None:
    """A space is accepted and usable, or refused with problems; nothing else is raised."""
    problems = validate(raw)
    assert all(problem.render() and problem.code.startswith("NNI3") for problem in problems)
    if any(problem.fatal for problem in problems):
        with pytest.raises(ConfigError, match="NNI3") as caught:
            SearchSpace.parse(raw)
        assert list(caught.value.problems) == problems
    else:
        space = SearchSpace.parse(raw)
        assert space.contains(space.sample(Random(0))) is None


@UNHURRIED
@given(ANY_SPACE, JSON)
def test_no_parameters_break_the_check(space: SearchSpace, parameters: Any) -> None:
    """Whatever is asked about is a member, or gets a problem."""
    problem = space.contains(parameters)
    assert problem is None or problem.render()
    assert not Deduplicator(space).is_duplicate(parameters)
