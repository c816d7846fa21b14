"""Changes of a running experiment as requests carry them: limits, goal and search space, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from attrs import evolve, frozen
from msgspec import UNSET, Meta

from nni_core.errors import ConfigError, Problem
from nni_core.experiment.control import KEYS, Setting
from nni_core.http.api import Api
from nni_core.http.body import structure
from nni_core.model import Json

_MOST = 10**9
_WHOLE = {"type": "integer", "minimum": 1, "maximum": _MOST}
_LIFTED = {"type": ["integer", "null"], "minimum": 1, "maximum": _MOST}
_GOAL = {
    "type": ["object", "null"],
    "properties": {
        "target": {"type": ["number", "null"]},
        "no_improvement": {"type": ["integer", "null"], "minimum": 1},
        "min_trials": {"type": ["integer", "null"], "minimum": 0},
        "running": {"enum": ["finish", "cancel", None]},
    },
}
_DURATION = {"type": ["number", "string", "null"], "exclusiveMinimum": 0, "examples": [3600, "1h30m"]}


# What a value may be is said in one place, experiment/settings.py, for every door that changes come in by; the schemas
# describe it.
@frozen(kw_only=True)
class Limits:
    """What to change; what is left out stays, inside ``stop_when`` too. Null lifts a limit or a condition; a duration
    is in seconds, or text such as ``1h``."""

    trial_concurrency: Annotated[Any, Meta(extra_json_schema=_WHOLE)] = UNSET
    max_trial_number: Annotated[Any, Meta(extra_json_schema=_LIFTED)] = UNSET
    max_experiment_duration: Annotated[Any, Meta(extra_json_schema=_DURATION)] = UNSET
    search_space: Annotated[Any, Meta(extra_json_schema={"type": "object"})] = UNSET
    stop_when: Annotated[Any, Meta(extra_json_schema=_GOAL)] = UNSET


_SETTINGS: Mapping[str, Setting] = {
    "trial_concurrency": Setting.TRIAL_CONCURRENCY,
    "max_trial_number": Setting.MAX_TRIAL_NUM,
    "max_experiment_duration": Setting.MAX_EXEC_DURATION,
    "search_space": Setting.SEARCH_SPACE,
    "stop_when": Setting.STOP_WHEN,
}
#: the fields of a goal, and its keys in a canonical config
_GOAL_KEYS = {
    "target": "target",
    "no_improvement": "noImprovement",
    "min_trials": "minTrials",
    "running": "running",
}
_CONDITIONS = ("target", "no_improvement")
_NAMES: Mapping[str, str] = {KEYS[setting]: name for name, setting in _SETTINGS.items()}


async def change(api: Api, body: Json) -> None:
    """Make every change that a body asks for, or none.

    :raises Refusal: 422 when the body has other fields.
    :raises ConfigError: with everything that is wrong, by the names in the body.
    """
    structure(body, Limits)
    if not body:
        return
    try:
        changes = {_SETTINGS[name]: value for name, value in body.items()}
        if Setting.STOP_WHEN in changes:
            now = api.control.profile().config.get(KEYS[Setting.STOP_WHEN])
            changes[Setting.STOP_WHEN] = _changed_goal(now or {}, changes[Setting.STOP_WHEN])
        await api.control.change_all(changes)
    except ConfigError as error:
        raise ConfigError(*map(_by_name, error.problems)) from error


def _changed_goal(now: Mapping[str, Json], change: Json) -> Json:
    """A goal with what a request changes of it. Without the last of its conditions there is none."""
    if not isinstance(change, Mapping):
        return change
    merged = {name: now[key] for name, key in _GOAL_KEYS.items() if key in now} | dict(change)
    lifted = any(name in change for name in _CONDITIONS) and all(merged.get(name) is None for name in _CONDITIONS)
    return None if lifted else merged


def _by_name(problem: Problem) -> Problem:
    first, *rest = problem.key_path
    return evolve(problem, key_path=(_NAMES[str(first)], *rest))
