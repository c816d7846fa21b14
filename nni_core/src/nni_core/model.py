"""Frozen records and states that cross the borders between rooms.

No logic beyond what a record says about itself. What may follow what is in ``experiment/transitions.py``.
Times are integers, milliseconds since the epoch, for display only; durations never come from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NewType

from attrs import field, frozen

ExperimentId = NewType("ExperimentId", str)
TrialId = NewType("TrialId", str)
#: made by the manager and stored before a trial is submitted; names the trial's one execution everywhere
AttemptId = NewType("AttemptId", str)

#: what JSON can hold: None, bool, int, float, str, list, dict
Json = Any
Parameters = Mapping[str, Json]


class TrialState(StrEnum):
    """NNI's trial states, by the names its REST interface uses."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    USER_CANCELED = "USER_CANCELED"
    SYS_CANCELED = "SYS_CANCELED"
    EARLY_STOPPED = "EARLY_STOPPED"
    #: the training service cannot say; never turned into FAILED without a time limit
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        return self not in _LIVE_TRIAL_STATES


_LIVE_TRIAL_STATES = frozenset({TrialState.WAITING, TrialState.RUNNING, TrialState.UNKNOWN})


class ExperimentState(StrEnum):
    """NNI's experiment states, by the names its REST interface uses."""

    INITIALIZED = "INITIALIZED"
    RUNNING = "RUNNING"
    #: the trial number or the duration is used up; running trials are finishing
    NO_MORE_TRIAL = "NO_MORE_TRIAL"
    #: the tuner has nothing left to try; running trials are finishing
    TUNER_NO_MORE_TRIAL = "TUNER_NO_MORE_TRIAL"
    DONE = "DONE"
    ERROR = "ERROR"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    VIEWED = "VIEWED"

    @property
    def is_finished(self) -> bool:
        return self in {ExperimentState.DONE, ExperimentState.ERROR, ExperimentState.STOPPED, ExperimentState.VIEWED}


class ParameterSource(StrEnum):
    """Where the parameters of a trial came from."""

    ALGORITHM = "algorithm"
    CUSTOMIZED = "customized"
    RESUMED = "resumed"


class Duplicates(StrEnum):
    """What becomes of a suggestion that equals an earlier one."""

    #: it is tried again
    ALLOW = "allow"
    #: on a finite search space another one is tried instead
    SKIP = "skip"
    #: it becomes a trial that ends at once, with the earlier result
    REUSE = "reuse"


class Direction(StrEnum):
    """Which of two numbers is better."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"

    def prefers(self, number: float, other: float) -> bool:
        """Whether the first number is better than the second."""
        return number < other if self is Direction.MINIMIZE else number > other


class FailureCause(StrEnum):
    """What went wrong with an execution; the first six are keys of the config's ``on_failure``."""

    #: the command exited with a code other than 0
    EXIT_CODE = "exit_code"
    #: a signal ended it that nobody here sent
    SIGNAL = "signal"
    #: ``max_trial_duration`` was over
    TIMEOUT = "timeout"
    #: the execution is gone and left no record of its end
    LOST = "lost"
    #: the command exited with code 0 and reported no final result
    NO_RESULT = "no_result"
    #: the trial raised ``nni.TrialError``
    TRIAL_ERROR = "trial_error"
    #: no process could be made of it
    NOT_STARTED = "not_started"


class MetricKind(StrEnum):
    """NNI's names for the two kinds of reports."""

    PERIODICAL = "PERIODICAL"
    FINAL = "FINAL"


class LogStream(StrEnum):
    """The two outputs of a trial that a training service keeps."""

    STDOUT = "stdout"
    STDERR = "stderr"


@frozen(kw_only=True)
class Metric:
    """One report of a trial."""

    trial_id: TrialId
    #: links the report to its parameters; nothing is attributed by order of arrival
    parameter_id: int
    kind: MetricKind
    #: counts the intermediate reports of a trial from 0; 0 for a final one
    sequence: int
    #: a number, or a dict with a numeric ``default``; floats may be NaN or infinite
    value: Json
    timestamp: int

    @property
    def number(self) -> float | None:
        """The value that tuners and charts use; None when it is not a finite number."""
        return default_number(self.value)


# Without slots a changed copy is made at once, and a log of many thousand trials is folded by making such copies.
@frozen(kw_only=True, slots=False)
class Trial:
    """One evaluation of one set of parameters, as it stands now."""

    id: TrialId
    #: counts the trials of an experiment from 0; never used twice
    sequence_id: int
    #: counts the parameter sets of an experiment from 0; never used twice
    parameter_id: int
    parameters: Parameters = field(factory=dict)
    source: ParameterSource = ParameterSource.ALGORITHM
    state: TrialState = TrialState.WAITING
    attempt_id: AttemptId
    #: 1 for the first execution
    attempt: int = 1
    created_at: int
    started_at: int | None = None
    ended_at: int | None = None
    #: the first final report; None before it
    final: Metric | None = None
    #: the latest intermediate report
    latest: Metric | None = None
    intermediate_count: int = 0
    exit_code: int | None = None
    #: number of the signal that ended the trial, if one did
    signal: int | None = None
    #: why the trial waits, failed or was ended; for people
    message: str | None = None
    #: what the tuner was taught in place of a result, when the trial failed and the config says so
    penalty: float | None = None
    #: the earlier trial whose checkpoints this one begins with
    checkpoints_of: TrialId | None = None
    #: the earlier trial of the same parameters whose result it has, or waits for; None when it runs itself
    same_as: TrialId | None = None


def default_number(value: Json) -> float | None:
    """The number inside a metric value (itself, or its ``default``), or None when there is no finite one."""
    if not isinstance(value, float) and isinstance(value, Mapping):
        value = value.get("default")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def named_number(value: Json, name: str) -> float | None:
    """The finite number of that name in a metric value; ``default`` is also the value itself. None when there is
    none."""
    if name == "default":
        return default_number(value)
    item = value.get(name) if isinstance(value, Mapping) else None
    # A dict inside the dict is no number, whatever default it has.
    return None if isinstance(item, Mapping) else default_number(item)


_FLOAT_TAG = "$float"


def tag_floats(value: Json) -> Json:
    """Replace NaN and infinities, which JSON cannot hold, by ``{"$float": "nan"}`` and its like, at any depth."""
    # What is no container is most of what there is, and asking an abstract class about it takes long.
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT_TAG: repr(value)}
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {key: tag_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tag_floats(item) for item in value]
    return value


def untag_floats(value: Json) -> Json:
    """The inverse of :func:`tag_floats`."""
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        if value.keys() == {_FLOAT_TAG}:
            return float(value[_FLOAT_TAG])
        return {key: untag_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untag_floats(item) for item in value]
    return value
