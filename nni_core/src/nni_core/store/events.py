"""Everything that can happen in an experiment, as records. The log of these is the only truth; the rest is derived.

A record's class name is its kind in the log, so classes are never renamed, and fields are only added with a default.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from nni_core.model import (
    AttemptId,
    ExperimentId,
    ExperimentState,
    FailureCause,
    Json,
    MetricKind,
    Parameters,
    ParameterSource,
    TrialId,
    TrialState,
)


@frozen(kw_only=True)
class ExperimentCreated:
    """First event of every log."""

    experiment_id: ExperimentId
    #: the config in NNI's canonical form, with every default and drawn seed filled in
    config: Mapping[str, Json]
    #: version of nni-core that wrote it
    version: str


@frozen(kw_only=True)
class ManagerStarted:
    """A manager took charge: the first, or one after a resume. Fences every earlier one."""

    epoch: int
    pid: int


@frozen(kw_only=True)
class ExperimentStateChanged:
    state: ExperimentState
    #: for people; named reason when the state is ERROR
    reason: str = ""
    #: seconds of active running so far, over all managers
    duration: float = 0.0


@frozen(kw_only=True)
class SettingsChanged:
    """The user changed limits or the search space; keys are those of the canonical config."""

    changes: Mapping[str, Json]


@frozen(kw_only=True)
class TrialCreated:
    """A trial has its parameters. Written before it is submitted anywhere."""

    trial_id: TrialId
    sequence_id: int
    parameter_id: int
    parameters: Parameters
    source: ParameterSource
    attempt_id: AttemptId
    #: number of the last event that the tuner knew when it was asked for these parameters: replay asks there
    told_through: int
    #: first parameter id that the question to the tuner offered; trials of one question share it
    asked_from: int = 0
    #: position of the config's initial point that the trial tries; None for every other trial
    initial_point: int | None = None
    #: the earlier trial whose checkpoints this one begins with
    checkpoints_of: TrialId | None = None
    #: the earlier trial of the same parameters whose result this one has, or waits for
    same_as: TrialId | None = None
    #: of how many trials, the first ones, the tuner knew the ends, where it is told them in order; else None
    told_in_order: int | None = None


@frozen(kw_only=True)
class TrialWaiting:
    """The training service has no room for a trial; says why."""

    trial_id: TrialId
    reason: str


@frozen(kw_only=True)
class TrialRequeued:
    """A trial starts over under a new attempt: its execution was lost, a stop of the experiment ended it, or a user
    wants it again. What it reported so far is forgotten."""

    trial_id: TrialId
    attempt_id: AttemptId
    attempt: int
    reason: str
    #: whether a user asked for it, so that the tuner has heard of an end already
    asked: bool = False
    #: the failure that it is a retry after, if it is one
    cause: FailureCause | None = None


@frozen(kw_only=True)
class TrialBegan:
    """The command runs."""

    trial_id: TrialId
    attempt_id: AttemptId


@frozen(kw_only=True)
class MetricReported:
    trial_id: TrialId
    attempt_id: AttemptId
    parameter_id: int
    kind: MetricKind
    sequence: int
    #: with non-finite floats tagged (:func:`nni_core.model.tag_floats`)
    value: Json
    #: end of its record in the spool file: reading goes on from there after a restart
    spool_offset: int


@frozen(kw_only=True)
class TrialErrorReported:
    """The trial says why it gives up, just before it ends."""

    trial_id: TrialId
    attempt_id: AttemptId
    message: str
    #: whether trying again may help
    retryable: bool
    spool_offset: int


@frozen(kw_only=True)
class CancelRequested:
    """Someone wants the trial ended; ``state`` is what it will end as."""

    trial_id: TrialId
    state: TrialState
    reason: str


@frozen(kw_only=True)
class TrialFinished:
    trial_id: TrialId
    attempt_id: AttemptId
    state: TrialState
    exit_code: int | None = None
    signal: int | None = None
    message: str | None = None
    #: what went wrong, when it is FAILED
    cause: FailureCause | None = None
    #: what the tuner is taught in place of a result
    penalty: float | None = None


@frozen(kw_only=True)
class DataImported:
    """Results from elsewhere, as a list of ``{"parameter": {...}, "value": ...}``."""

    data: list[Mapping[str, Json]] = field(factory=list)


@frozen(kw_only=True)
class TunerExhausted:
    """The tuner has nothing left to suggest, or the finite search space is used up."""

    reason: str
    told_through: int = 0
    asked_from: int = 0
    #: how many suggestions were asked for; 0 in logs of earlier versions
    asked_for: int = 0
    #: the first parameter id that the tuner has not seen, those of refused suggestions included
    next_parameter_id: int = 0
    #: as in :class:`TrialCreated`
    told_in_order: int | None = None


@frozen(kw_only=True)
class GoalReached:
    """What ``stop_when`` waits for has come: no more trials are created."""

    reason: str


@frozen(kw_only=True)
class TunerRestarted:
    """The tuner's process was replaced and given the same calls again."""

    reason: str


@frozen(kw_only=True)
class TunerRemarked:
    """The tuner has changed what it says of itself."""

    remark: str


@frozen(kw_only=True)
class Note:
    """Something the user should read: a metric that was not a number, a second final result."""

    message: str
    trial_id: TrialId | None = None
    #: "warning" or "error"
    level: str = "warning"


EventBody = (
    ExperimentCreated
    | ManagerStarted
    | ExperimentStateChanged
    | SettingsChanged
    | TrialCreated
    | TrialWaiting
    | TrialRequeued
    | TrialBegan
    | MetricReported
    | TrialErrorReported
    | CancelRequested
    | TrialFinished
    | DataImported
    | TunerExhausted
    | GoalReached
    | TunerRestarted
    | TunerRemarked
    | Note
)


@frozen(kw_only=True)
class Event:
    """One entry of the log."""

    #: counts from 1 without gaps; the portal's cursor
    number: int
    #: milliseconds since the epoch
    timestamp: int
    body: EventBody
