"""Constraints: what they mean, what they refuse to be, and that nothing in them is ever executed."""

from __future__ import annotations

import ast
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.space import (
    Constraints,
    Deduplicator,
    Expression,
    ExpressionError,
    ExpressionProblem,
    SearchSpace,
    filled,
    validate_constraints,
)

UNHURRIED = settings(deadline=None)
SPACE = SearchSpace.parse(
    {
        "lr": {"_type": "loguniform", "_value": [0.0001, 1]},
        "batch-size": {"_type": "choice", "_value": [16, 32]},
        "lambda": {"_type": "uniform", "_value": [0, 1]},
        "optimizer": {"_type": "choice", "_value": ["sgd", "adam"]},
        "momentum": {"_type": "uniform", "_value": [0, 1]},
        "bias": {"_type": "choice", "_value": [True, False]},
        "widths": {"_type": "choice", "_value": [[8, 4], [2], []]},
        "größe": {"_type": "randint", "_value": [0, 9]},
        "layer": {
            "_type": "choice",
            "_value": [
                {"_name": "none"},
                {"_name": "conv", "size": {"_type": "randint", "_value": [1, 9]}},
                {
                    "_name": "deep",
                    "size": {"_type": "randint", "_value": [1, 9]},
                    "in": {"_type": "choice", "_value": [1]},
                },
            ],
        },
    }
)
POINT: dict[str, Any] = {
    "lr": 0.01,
    "batch-size": 32,
    "lambda": 0.5,
    "optimizer": "sgd",
    "momentum": 0.25,
    "bias": True,
    "widths": [8, 4],
    "größe": 3,
    "layer": {"_name": "conv", "size": 3},
}


def problem_of(text: str) -> ExpressionProblem:
    """The one thing that is wrong with a constraint."""
    (problem,) = [one for one in validate_constraints([text], SPACE) if one.fatal]
    assert isinstance(problem, ExpressionProblem)
    return problem


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("lr * `batch-size` <= 1", True),
        ('optimizer != "sgd" or momentum > 0.5', False),
        ("0 < lr < 0.1 < momentum", True),
        ("layer.size < 3", False),
        ("layer.size >= 3 and layer == 'conv'", True),
        ("layer.in == 7", True),
        ("layer.`in` == 1 or layer == 'none'", True),
        ("bias and not bias == false", True),
        ("optimizer in ['sgd', 'adam'] and 3 not in widths", True),
        ("len(widths) == 2 and widths[0] > widths[1]", True),
        ("min(lr, momentum, 1) == lr and max(1, 2) == 2", True),
        ("abs(-1) + sqrt(4) + round(2.6) == 6 and round(2.56, 1) == 2.6", True),
        ("log(exp(2)) == 2 and log(8, 2) == 3", True),
        ("größe ** 2 % 4 == 1 and größe // 2 == 1", True),
        ("größe == 3\n  and größe > 2", True),
        ("`lambda` / (momentum - 0.25) > 0", False),
        ("exp(lr * 100000) > 1", False),
        ("(0 - lr) ** 0.5 < 1", False),
    ],
)
def test_a_constraint_means_what_it_says(text: str, holds: bool) -> None:
    """What needs an inactive parameter holds, and what cannot be computed does not."""
    if ".in " in text:
        text = text.replace(".in ", ".`in` ")
    assert Expression.read(text, SPACE.parameters).holds(POINT) is holds


@pytest.mark.parametrize(
    ("text", "code", "offset", "says"),
    [
        ("lr * bath <= 1", "NNI130", 5, "no parameter 'bath'"),
        ("layer.siz < 3", "NNI130", 0, "layer.size"),
        ("size < 3", "NNI130", 0, "layer.size"),
        ("größe < 1 and mim(lr, 1) < 1", "NNI130", 14, "'min'"),
        ("`x` < 1", "NNI130", 0, "no parameter 'x'"),
        ("lr = 1", "NNI128", 3, "'=='"),
        ("lr < 1 && lr > 0", "NNI128", 7, "'and'"),
        ("!bias", "NNI128", 0, "'not'"),
        ("lambda < 1", "NNI128", 0, "`lambda`"),
        ("(lr < 1", "NNI128", 0, "never closed"),
        ("", "NNI128", 0, "empty"),
        ("lr is 1", "NNI129", 0, "write == or !="),
        ("lr.real.__class__.__base__ == 1", "NNI130", 0, "lr.real.__class__"),
        ("().__class__ == 1", "NNI129", 0, "cannot be used"),
        ("__import__('os').system('x') == 0", "NNI129", 0, "cannot be called"),
        ("[x for x in widths] == 1", "NNI129", 0, "cannot be used"),
        ("(lambda: 1)() == 1", "NNI129", 0, "cannot be called"),
        ("f'{lr}' == 'x'", "NNI129", 0, "cannot be used"),
        ("bias if lr < 1 else bias", "NNI129", 0, "cannot be used"),
        ("(lr := 1) == 1", "NNI129", 1, "cannot be used"),
        ("min(*widths) < 1", "NNI132", 0, "2 or more"),
        ("round(lr, ndigits=1) < 1", "NNI132", 0, "a named one"),
        ("lr < 1 and len() < 1", "NNI132", 11, "1 argument, got 0"),
        ("2 ** 100 < lr", "NNI131", 5, "limited to 64"),
        ("lr < 1 or 'adam'", "NNI133", 10, "neither true nor false"),
        ("lr + 1", "NNI133", 0, "neither true nor false"),
        ("lr < 1 or True", "NNI133", 10, "the same for all"),
        ("momentum", "NNI134", 0, "neither true nor false"),
        ("lr < optimizer", "NNI134", 0, "needs numbers"),
        ("optimizer in 3", "NNI134", 0, "needs a list"),
        ("len(lr) == 1", "NNI134", 0, "needs a list"),
        ("lr < 1 and widths[9] == 1", "NNI134", 11, "no item 9"),
    ],
)
def test_what_is_wrong_has_its_place_and_its_fix(text: str, code: str, offset: int, says: str) -> None:
    """The offset counts letters, not bytes."""
    problem = problem_of(text)
    assert (problem.code, problem.offset) == (code, offset), problem
    assert says in f"{problem.message} {problem.help}"


@pytest.mark.parametrize(
    "text",
    ["lr < " + "9" * 1000, "+".join(["lr"] * 300) + " < 1", "-" * 60 + "lr < 1", "(" * 300 + "lr" + ")" * 300 + " < 1"],
    ids=["long", "wide", "deep", "nested"],
)
def test_what_is_too_large_is_refused(text: str) -> None:
    """Length, parts and depth have limits, whatever Python's parser takes."""
    assert problem_of(text).code in {"NNI128", "NNI131"}


def test_numbers_do_not_grow_without_end() -> None:
    """Towers of powers and products of texts cost no time and no memory."""
    begin = time.process_time()
    tower = Expression.read("((((9 ** 64) ** 64) ** 64) ** 64) ** 64 > 1", SPACE.parameters)
    assert not tower.holds(POINT)
    assert problem_of("'x' * 1000000000 == 'y' or lr > 2").code == "NNI134"
    assert time.process_time() - begin < 1


def test_a_value_that_a_choice_never_has_is_noted() -> None:
    """A misspelt value makes a condition that is always the same."""
    (note,) = validate_constraints(["optimizer != 'sgdd'"], SPACE)
    assert (note.code, note.fatal) == ("NNI135", False)
    assert "did you mean 'sgd'?" in note.help


def test_constraints_that_nothing_satisfies_are_refused() -> None:
    """The one that refuses most is named; a small finite space is looked through as a whole."""
    endless = validate_constraints(["lr < 0.5", "lr > 2"], SPACE)[-1]
    assert (endless.code, endless.key_path) == ("NNI240", ())
    assert "10000 random draws" in endless.message
    small = SearchSpace.parse({"a": {"_type": "randint", "_value": [0, 5]}, "b": {"_type": "choice", "_value": [1, 2]}})
    assert validate_constraints(["a == 4 and b == 2"], small) == []
    assert "none of its 10 points" in validate_constraints(["a > b + 9"], small)[-1].message


def test_a_finite_space_counts_its_feasible_points() -> None:
    """Exactly when it is small; when it is large they are taken out as they are met."""
    space = SearchSpace.parse(
        {"a": {"_type": "randint", "_value": [0, 40]}, "b": {"_type": "randint", "_value": [0, 40]}}
    )
    constraints = Constraints.read(["a + b == 39"], space)
    exact = Deduplicator(space, admits=constraints.admit, looked_through=2000)
    lazy = Deduplicator(space, admits=constraints.admit)
    assert (exact.remaining, lazy.remaining) == (40, 1600)
    for dedup in (exact, lazy):
        found = []
        while (parameters := dedup.next_unseen(Random(3))) is not None:
            found.append(space.canonical(parameters))
        assert len(set(found)) == len(found) == 40
        assert dedup.remaining == 0


@UNHURRIED
@given(
    text=st.lists(
        st.sampled_from([*"lr<>=!*()[].,'\"`&|+-/%0129ei \n#\x00", "and ", "or ", "not ", "bias", " in "]),
        max_size=40,
    ).map("".join)
)
def test_no_text_does_harm(text: str) -> None:
    """Whatever is written is a constraint, or is refused with a place inside of it."""
    problem = None
    try:
        expression = Expression.read(text, SPACE.parameters)
        assert expression.holds(POINT) in {True, False}
    except ExpressionError as error:
        problem = error.problem(text)
    assert problem is None or 0 <= problem.offset <= max(0, len(text) - 1)


NUMBERS = st.recursive(
    st.sampled_from(["lr", "momentum", "größe", "2", "0.5"]),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
    max_leaves=6,
)
CONDITIONS = st.recursive(
    st.tuples(NUMBERS, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), NUMBERS).map(" ".join),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | inner.map(lambda one: f"not ({one})")
    ),
    max_leaves=6,
)


@UNHURRIED
@given(text=CONDITIONS, seed=st.integers(0, 1000))
def test_it_agrees_with_python(text: str, seed: int) -> None:
    """Where Python means the same, the answer is Python's."""
    point = SPACE.sample(Random(seed))
    names = {name: value for name, value in point.items() if name.isidentifier()}
    expected = eval(compile(ast.parse(text, mode="eval"), "constraint", "eval"), {}, names)
    assert Expression.read(text, SPACE.parameters).holds(point) is expected


@UNHURRIED
@given(seed=st.integers(0, 10_000), data=st.data())
def test_what_is_given_is_kept_and_the_rest_is_drawn(seed: int, data: st.DataObject) -> None:
    """A partial point becomes one of the space."""
    whole = SPACE.sample(Random(seed))
    kept = data.draw(st.sets(st.sampled_from(sorted(whole))))
    given_ = {
        name: {"_name": value["_name"]} if name == "layer" else value for name, value in whole.items() if name in kept
    }
    complete = filled(SPACE, given_, Random(seed + 1))
    assert SPACE.contains(complete) is None
    assert all(complete[name] == whole[name] for name in kept - {"layer"})
    assert "layer" not in kept or complete["layer"]["_name"] == whole["layer"]["_name"]
