"""Checks of what a config says of the search itself: constraints and initial points, against the search space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from attrs import evolve

from nni_core.config.codes import ConfigCode
from nni_core.errors import ConfigError, Problem
from nni_core.model import Json, Parameters
from nni_core.space import Constraints, SearchSpace, filled, validate_constraints

#: ways of completing a point that are tried before it counts as breaking a constraint
COMPLETIONS = 1000


def search_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of the fields of a config that are right each for itself; others are absent."""
    texts: Sequence[str] = values.get("constraints", ())
    points: Sequence[Parameters] = values.get("initial_points", ())
    if not texts and not points:
        return
    try:
        space = SearchSpace.parse(values.get("search_space"))
    except ConfigError:
        yield from _without_space(values, "constraints" if texts else "initial_points")
        return
    problems = [problem.under("constraints") for problem in validate_constraints(texts, space)]
    yield from problems
    sound = () if any(problem.fatal for problem in problems) else texts
    yield from _points(points, space, Constraints.read(sound, space))
    number = values.get("max_trial_number")
    if number and len(points) > number:
        yield Problem(
            code=ConfigCode.MANY_POINTS,
            message=f"there are {len(points)} initial points, and only {number} trials",
            help="raise max_trial_number to try them all",
            key_path=("initial_points",),
            fatal=False,
        )


def _without_space(values: Mapping[str, Any], key: str) -> Iterator[Problem]:
    """Said only where the search space is accepted though it cannot be read; elsewhere it is what has to be mended."""
    tuner = values.get("tuner")
    if values.get("search_space") is not None and tuner is not None and tuner.class_name is not None:
        yield Problem(
            code=ConfigCode.SPACE_NOT_READ,
            message=f"{key!r} needs a search space in NNI's form, and this one is for your own tuner to read",
            help=f"delete {key!r}, or write every parameter with _type and _value",
            key_path=(key,),
            at_key=True,
        )


def _points(points: Sequence[Parameters], space: SearchSpace, constraints: Constraints) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, point in enumerate(points):
        try:
            complete = completed(point, space, constraints, Random(index))  # noqa: S311 - no secret
        except ConfigError as error:
            yield from (problem.under("initial_points", index) for problem in error.problems)
            continue
        first = seen.setdefault(space.canonical(complete), index)
        if first != index and len(point) == len(space.top):
            yield Problem(
                code=ConfigCode.REPEATED_POINT,
                message=f"initial point {index + 1} equals point {first + 1}, and will be tried again",
                key_path=("initial_points", index),
                fatal=False,
            )


def completed(point: Parameters, space: SearchSpace, constraints: Constraints, random: Random) -> Mapping[str, Json]:
    """An initial point with what is missing drawn so that it satisfies the constraints.

    :raises ConfigError: when it does not lie in the space, or no completion that was tried satisfies them.
    """
    constraints.forget()
    complete = first = filled(space, point, random)
    varies = False
    for _ in range(COMPLETIONS):
        if constraints.admit(complete):
            return complete
        complete = filled(space, point, random)
        varies = varies or complete != first
    problem = constraints.problem_of(complete) or constraints.problem_of(first)
    assert problem is not None  # noqa: S101 - at least the first of them was refused
    if varies:
        problem = evolve(problem, message=f"no completion of this point was found: {constraints.why()}")
    raise ConfigError(problem)
