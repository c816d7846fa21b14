"""Changes that a user may make to a running experiment, checked before they are recorded."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from nni_core.config.durations import DurationError, parse_duration, plain_seconds
from nni_core.errors import ConfigError, Problem
from nni_core.experiment.control import KEYS, Setting
from nni_core.model import Json, Parameters
from nni_core.space import Constraints, ExpressionProblem, SearchSpace, validate_constraints


def checked_settings(changes: Mapping[Setting, Json], *, own_tuner: bool = False) -> Mapping[str, Json]:
    """The change of the canonical config that new values amount to.

    :raises ConfigError: with what is wrong with each of them; key paths begin in the canonical config.
    """
    checked: dict[str, Json] = {}
    problems: list[Problem] = []
    for setting, value in changes.items():
        try:
            checked |= checked_setting(setting, value, own_tuner=own_tuner)
        except ConfigError as error:
            inside = setting in {Setting.SEARCH_SPACE, Setting.STOP_WHEN}
            problems += [problem.under(KEYS[setting]) if inside else problem for problem in error.problems]
    if problems:
        raise ConfigError(*problems)
    return checked


def checked_setting(setting: Setting, value: Json, *, own_tuner: bool = False) -> Mapping[str, Json]:
    """The change of the canonical config that a new value amounts to. None lifts a limit or a goal. A tuner of the
    user's own (``own_tuner``) may read search spaces in forms of its own.

    :raises ConfigError: when the value cannot be; key paths of a space or a goal begin inside it.
    """
    key = KEYS[setting]
    match setting:
        case Setting.TRIAL_CONCURRENCY:
            return {key: _whole(value, key)}
        case Setting.MAX_TRIAL_NUM:
            return {key: None if value is None else _whole(value, key)}
        case Setting.MAX_EXEC_DURATION:
            return {key: None if value is None else _seconds(value, key)}
        case Setting.SEARCH_SPACE:
            if not (own_tuner and isinstance(value, Mapping)):
                SearchSpace.parse(value)
            return {key: value}
        case Setting.STOP_WHEN:
            return {key: None if value is None else _goal(value)}


def checked_in(config: Mapping[str, Json], changes: Mapping[str, Json]) -> Mapping[str, Json]:
    """Changes of a canonical config, which the rest of it has to fit: constraints over a new search space.

    :raises ConfigError: when it does not.
    """
    texts = config.get("constraints", ())
    if "searchSpace" in changes and texts:
        problems = validate_constraints(texts, SearchSpace.parse(changes["searchSpace"]))
        spelt = [one.spelt_out() if isinstance(one, ExpressionProblem) else one for one in problems if one.fatal]
        if spelt:
            raise ConfigError(*(problem.under("constraints") for problem in spelt))
    return changes


def check_constraints(config: Mapping[str, Json], parameters: Parameters) -> None:
    """Look at parameters that a user wants tried, whether they satisfy the constraints of a canonical config.

    :raises ConfigError: when they do not.
    """
    if texts := config.get("constraints", ()):
        problem = Constraints.read(texts, SearchSpace.parse(config["searchSpace"])).problem_of(parameters)
        if problem is not None:
            raise ConfigError(problem)


def _goal(value: Json) -> Mapping[str, Json]:
    # A reader of stopped experiments does without the records of configs.
    from nni_core.config.goal_reading import read_goal

    try:
        return read_goal(value)
    except ConfigError as error:
        inside = [evolve(problem, key_path=problem.key_path[1:]) for problem in error.problems]
        raise ConfigError(*inside) from error


def _seconds(value: Json, key: str) -> int | float:
    try:
        return plain_seconds(parse_duration(value))
    except DurationError as error:
        raise ConfigError(
            Problem(code="NNI710", message=f"'{key}' {error}", help=error.help, key_path=(key,))
        ) from error


def _whole(value: Json, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10**9:
        raise ConfigError(
            Problem(
                code="NNI710",
                message=f"'{key}' must be a whole number from 1 to 1000000000, got {value!r}",
                key_path=(key,),
            )
        )
    return value
