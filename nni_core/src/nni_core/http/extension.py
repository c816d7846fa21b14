"""More trials, or more time, for an experiment that runs, is done or was stopped: added to what its limits are now."""

from __future__ import annotations

from typing import Annotated, Any

from attrs import frozen
from msgspec import UNSET, Meta

from nni_core.errors import ConfigError, ConflictError, Problem
from nni_core.experiment.budget import Budget
from nni_core.experiment.control import ExperimentControl, ExperimentProfile, Setting
from nni_core.experiment.why import Why
from nni_core.http.body import structure
from nni_core.model import ExperimentState, Json

_MOST = 10**9


# As in http/changes.py, the schemas describe what is checked below.
@frozen(kw_only=True)
class Extension:
    """What to add to the limits, at least one of them: a number of trials; seconds, or text such as ``1h``."""

    trials: Annotated[Any, Meta(extra_json_schema={"type": "integer", "minimum": 1, "maximum": _MOST})] = UNSET
    duration: Annotated[Any, Meta(extra_json_schema={"type": ["number", "string"], "exclusiveMinimum": 0})] = UNSET


async def extend(control: ExperimentControl, body: Json) -> None:
    """Raise the limits by what a body asks for: from where they are, or from where the experiment is beyond them. One
    that has reached its goal needs no limit: the extension becomes one.

    :raises Refusal: 422 when the body has other fields.
    :raises ConfigError: when a value cannot be, or there is none.
    :raises ConflictError: when the experiment has no such limit, or nothing can make it go on.
    """
    asked = structure(body, Extension)
    profile = control.profile()
    _check_state(profile)
    budget = Budget.of(profile.config)
    changes: dict[Setting, Json] = {}
    if asked.trials is not UNSET:
        more, limit = _whole(asked.trials), budget.max_trials
        _check_limit(control, profile, limit, "max_trial_number", "trialnum")
        changes[Setting.MAX_TRIAL_NUM] = max(limit or 0, profile.next_sequence_id) + more
    if asked.duration is not UNSET:
        seconds, end = _seconds(asked.duration), budget.max_duration
        _check_limit(control, profile, end, "max_experiment_duration", "duration")
        changes[Setting.MAX_EXEC_DURATION] = max(end or 0, profile.duration) + seconds
    if not changes:
        message = "there is nothing to extend the experiment by"
        raise ConfigError(Problem(code="NNI741", message=message, help="give 'trials', 'duration' or both"))
    await control.change_all(changes)


def _check_state(profile: ExperimentProfile) -> None:
    if profile.state not in {ExperimentState.ERROR, ExperimentState.STOPPING, ExperimentState.VIEWED}:
        return
    message = f"experiment {profile.id} is {profile.state}: more trials or time do not make it go on"
    advice = f"nnictl stop {profile.id}, extend it, and nnictl resume {profile.id}"
    raise ConflictError(Problem(code="NNI742", message=message, help=advice))


def _check_limit(
    control: ExperimentControl, profile: ExperimentProfile, limit: float | None, name: str, command: str
) -> None:
    """Refuse to add to a limit that is not set. Who has reached a goal wants more than that, and says how much."""
    if limit is not None or profile.goal:
        return
    message = f"there is no limit to extend: {name} is not set"
    if profile.state is ExperimentState.DONE:
        # Something else has ended it, and that is what can be changed.
        reason = Why(control).experiment()
        message, advice = f"{message}, and the experiment is DONE for another reason: {reason.reason}", reason.help
    else:
        advice = f"it goes on as it is; nnictl update {command} {profile.id} --value N sets a limit"
    raise ConflictError(Problem(code="NNI743", message=message, help=advice))


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        message = f"'trials' must be a whole number from 1 to {_MOST}, got {value!r}"
        raise ConfigError(Problem(code="NNI741", message=message[:200], key_path=("trials",)))
    return value


def _seconds(value: Json) -> float:
    # A reader of stopped experiments does without the settings of configs.
    from nni_core.config.durations import DurationError, parse_duration, plain_seconds

    try:
        return plain_seconds(parse_duration(value))
    except DurationError as error:
        problem = Problem(code="NNI741", message=f"'duration' {error}", help=error.help, key_path=("duration",))
        raise ConfigError(problem) from error
