"""Changes that a user may make to a running experiment, checked before they are recorded."""

from __future__ import annotations

from collections.abc import Mapping

from nni_core.config.durations import DurationError, parse_duration, plain_seconds
from nni_core.errors import ConfigError, Problem
from nni_core.experiment.control import Setting
from nni_core.model import Json
from nni_core.space import SearchSpace

#: where each setting stands in the canonical config
KEYS: Mapping[Setting, str] = {
    Setting.TRIAL_CONCURRENCY: "trialConcurrency",
    Setting.MAX_TRIAL_NUM: "maxTrialNumber",
    Setting.MAX_EXEC_DURATION: "maxExperimentDuration",
    Setting.SEARCH_SPACE: "searchSpace",
}


def checked_setting(setting: Setting, value: Json) -> Mapping[str, Json]:
    """The change of the canonical config that a new value amounts to. None lifts a limit.

    :raises ConfigError: when the value cannot be.
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
            SearchSpace.parse(value)
            return {key: value}


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
