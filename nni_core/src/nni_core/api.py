"""What a plugin author reads: the things a plugin implements, and the specs its hooks return.

A tuner needs nothing but :class:`Tuner` and :class:`TunerSpec`. Everything here is stable under ``API_VERSION``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from attrs import field, frozen

from nni_core.errors import NniError, Problem
from nni_core.model import (
    AttemptId,
    Direction,
    ExperimentId,
    ExperimentState,
    Json,
    LogStream,
    Metric,
    Parameters,
    Trial,
    TrialId,
)

__all__ = [
    "AssessResult",
    "Assessor",
    "AssessorSpec",
    "AttemptStatus",
    "Capabilities",
    "CliCommandSpec",
    "ExperimentInfo",
    "LogChunk",
    "MetricSink",
    "MetricSinkSpec",
    "NoCapacity",
    "NoMoreTrialError",
    "Proposal",
    "Rejected",
    "ServiceContext",
    "ServiceEvent",
    "Submission",
    "Submitted",
    "TrainingService",
    "TrainingServiceSpec",
    "TrialExited",
    "TrialLost",
    "TrialOutput",
    "TrialRequirements",
    "TrialSpec",
    "TrialStarted",
    "TunedObjective",
    "Tuner",
    "TunerChoice",
    "TunerSpec",
    "Verdict",
    "WebAppSpec",
]


# --- tuners -----------------------------------------------------------------------------------------------------------


class NoMoreTrialError(NniError):
    """Raised by a tuner that has nothing left to suggest. The experiment ends well when its running trials have."""

    def __init__(self, errorinfo: str = "the tuner has nothing left to suggest") -> None:
        super().__init__(errorinfo)
        self.errorinfo = errorinfo


@frozen(kw_only=True)
class Proposal:
    """What a tuner may suggest instead of plain parameters when there is more to say."""

    #: from the search space
    parameters: Parameters
    #: further keys of what the trial gets, which are not of the search space: ``{"TRIAL_BUDGET": 9}``. They come back
    #: with the parameters in ``receive_trial_result``
    extras: Mapping[str, Json] = field(factory=dict)
    #: parameter id of an earlier suggestion: the trial begins with a copy of what that one's left in
    #: ``NNI_CHECKPOINT_DIR``, if it has left anything there
    checkpoints_of: int | None = None

    @classmethod
    def of(cls, suggested: Parameters | Proposal) -> Proposal:
        """A suggestion in either form."""
        return suggested if isinstance(suggested, Proposal) else cls(parameters=suggested)


class Tuner(ABC):
    """Decides what to try. NNI's tuner protocol, made exact.

    A tuner lives in a process of its own, alone with the assessor, and is called from one thread, one call at a time.
    It is built with the ``class_args`` of the config as keyword arguments, then :meth:`update_search_space` is called.

    The calls about one parameter set come in this order, each at most once: ``generate_parameters``, then perhaps
    ``receive_trial_result``, then ``trial_end``. A repeated or unknown id never reaches a tuner. After a crash of its
    process a new tuner is built and given the same calls again, in the same order: a tuner that draws its random
    numbers from its ``seed`` goes on exactly where it was.
    """

    #: True for tuners that keep to NNI's looser contract, :class:`nni.tuner.Tuner`: the search space may be anything,
    #: suggestions are taken as they are, even repeated or outside it, and results are told as they were reported
    free_form: ClassVar[bool] = False
    #: True for tuners that suggest the same parameters again on purpose, with another budget or other checkpoints: all
    #: that they suggest is tried, whatever the config says of duplicates, and no space is ever used up
    repeats: ClassVar[bool] = False

    #: what it does at present and why, in a line for people; ``nnictl experiment show`` and the portal show it. It is
    #: read whenever the tuner has suggested something
    remark: str = ""

    @abstractmethod
    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take the search space, as written in the config and already validated. Called first, and again when the user
        changes it; results received before remain valid."""

    @abstractmethod
    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters | Proposal:
        """Suggest one set of parameters from the search space.

        The core checks that it lies in the space and, on a finite space, that it was not suggested before.

        :raises NoMoreTrialError: when there is nothing to suggest. While trials run that is for now, and the tuner is
            asked again when one of them has ended; without any, the experiment is done.
        """

    def generate_multiple_parameters(
        self, parameter_id_list: Sequence[int], **kwargs: Any
    ) -> Sequence[Parameters | Proposal]:
        """Suggest one set for each id. May return fewer, as if the next had raised :class:`NoMoreTrialError`."""
        suggested: list[Parameters | Proposal] = []
        for parameter_id in parameter_id_list:
            try:
                suggested.append(self.generate_parameters(parameter_id, **kwargs))
            except NoMoreTrialError:
                break
        return suggested

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn the result of a trial: a finite number, or a dict whose ``default`` is one. ``parameters`` is what was
        tried; on a finite space the core may have replaced a repeated suggestion by a point not tried before.

        Keyword arguments: ``customized`` is True for parameters that a user gave; ``trial_job_id``. A trial that an
        assessor stopped teaches its latest intermediate result.
        """

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A trial is over. ``success`` is True when it ended as SUCCEEDED; without a result before it, nothing more
        will be learnt of these parameters. Keyword argument: ``trial_job_id``."""

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere: a list of ``{"parameter": {...}, "value": ...}``.

        :raises NotImplementedError: when the tuner cannot; the user is told.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot import data")

    def accepts_customized_trials(self) -> bool:
        """Whether results of parameters that a user gave are to be sent to :meth:`receive_trial_result`."""
        return True

    def close(self, *, failed: bool) -> None:
        """The last call: the experiment stops, or (``failed``) a call to the tuner or the assessor has raised. Finish
        within a second. A process that is killed has no last call."""


class AssessResult(StrEnum):
    """An assessor's verdict on a running trial."""

    Good = "Good"
    Bad = "Bad"


@frozen(kw_only=True)
class Verdict:
    """An assessor's verdict with its reason."""

    #: False ends the trial
    good: bool
    #: why, for people: it becomes the message of a trial that is ended
    reason: str = ""


class Assessor(ABC):
    """Decides which running trials are not worth their time. Lives beside the tuner, called from the same thread."""

    #: which number of intermediate results that are dicts it judges by; a plain number is ``default``
    metric: str = "default"

    #: True for assessors that are given results as they were reported, :class:`nni.assessor.Assessor`, whether there is
    #: a finite number in them or not
    free_form: ClassVar[bool] = False

    @abstractmethod
    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> AssessResult | bool | Verdict:
        """Judge a trial by its intermediate results so far, in order; ``Bad`` or False ends it as EARLY_STOPPED.
        Results without a finite number under :attr:`metric` are left out."""

    def trial_end(self, trial_job_id: str, success: bool) -> None:
        """A trial is over; ``success`` is True when it ended as SUCCEEDED."""

    def close(self, *, failed: bool) -> None:
        """The last call, as :meth:`Tuner.close`."""


@frozen(kw_only=True)
class TunerSpec:
    """Offers a tuner under a name."""

    #: what ``tuner.name`` says; compared without regard to case
    name: str
    #: one line for ``nnictl plugins list`` and the documentation
    summary: str
    #: ``package.module:Class``, imported only in the tuner's own process
    implementation: str
    #: attrs class of the ``class_args``, or where it is, ``package.module:Class``, so that it is imported only when it
    #: is needed: its fields, types, defaults and validators are checked before anything starts, and the implementation
    #: receives its fields as keyword arguments. None: no arguments are taken. A field ``seed``
    #: that the user leaves out is derived from the experiment's own and kept with it. A field ``objectives``, of type
    #: ``tuple[TunedObjective, ...]``, is filled when the config names several; without it a tuner learns the first. A
    #: field ``max_trial_number`` that the user leaves out is the config's, as it is when the experiment is created.
    #: Each field says what it is in ``metadata={"doc": "..."}``: messages and the JSON schema of the config show it.
    arguments: Any = None
    #: other names, for configs written for other versions
    aliases: Sequence[str] = ()


@frozen(kw_only=True)
class TunedObjective:
    """One of several numbers that a tuner is to optimize together. Results are dicts then and hold each by name; any of
    them may be missing. The first is under ``default`` too, and a plain number is the first."""

    name: str = field(metadata={"doc": "Key of the number in results."})
    direction: Direction = field(converter=Direction, metadata={"doc": "Which way is better."})


@frozen(kw_only=True)
class TunerChoice:
    """Another tuner that a tuner works with, as one of its arguments: a field of this type in the attrs class of the
    ``class_args``. Users write there what they write under ``tuner``: a name, or a mapping with these keys.

    The core checks it as it checks ``tuner``, draws the seed of an installed one, tells it the ``optimize_mode`` of the
    tuner around it, and calls the implementation with the tuner itself, built but without a search space.
    """

    name: str | None = field(default=None, metadata={"doc": "Name of an installed tuner."})
    class_name: str | None = field(default=None, metadata={"doc": "`module.Class` of your own, instead of a name."})
    code_directory: str | None = field(default=None, metadata={"doc": "Where the module of `class_name` lies."})
    class_args: Mapping[str, Any] = field(factory=dict, metadata={"doc": "Arguments of the tuner."})
    #: ``class_args`` in the attrs class of that tuner; filled by the core when a config is read
    arguments: Any = field(default=None, metadata={"derived": True})


@frozen(kw_only=True)
class AssessorSpec:
    """Offers an assessor under a name. Fields as for :class:`TunerSpec`."""

    name: str
    summary: str
    implementation: str
    arguments: Any = None
    aliases: Sequence[str] = ()


# --- training services ------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Capabilities:
    """What a training service can promise."""

    #: honours ``gpus``
    gpu: bool = False
    #: finds its trials again after the manager was killed
    reattach: bool = False
    #: trials see the experiment's folder under the same path as the manager
    shared_fs: bool = False


@frozen(kw_only=True)
class TrialRequirements:
    """What every trial of an experiment will ask for; known before anything starts."""

    command: str | Sequence[str]
    code_directory: Path
    #: None: GPUs are left as the trial finds them; 0: hidden; n: that many are the trial's own
    gpus: int | None = None
    concurrency: int = 1


@frozen(kw_only=True)
class ServiceContext:
    """What a training service is given to work with."""

    experiment_id: ExperimentId
    #: the experiment's own folder; the service may make ``trials/`` in it and nothing else
    directory: Path
    requirements: TrialRequirements


@frozen(kw_only=True)
class TrialSpec:
    """One execution of one trial, ready to submit."""

    trial_id: TrialId
    attempt_id: AttemptId
    #: 1 for the first execution of this trial
    attempt: int
    sequence_id: int
    command: str | Sequence[str]
    #: answer of :meth:`TrainingService.upload`
    code: str
    #: content of the trial's ``parameter.cfg``
    parameter_file: bytes
    #: variables beyond those that the service itself sets
    environment: Mapping[str, str] = field(factory=dict)
    gpus: int | None = None
    #: seconds after which the supervisor ends the trial by itself
    time_limit: float | None = None
    #: an earlier trial of the experiment: before the first execution, its ``NNI_CHECKPOINT_DIR``, if there is one, is
    #: copied to where this trial's will be
    checkpoints_of: TrialId | None = None


@frozen(kw_only=True)
class Submitted:
    """The service has taken the trial; :class:`TrialStarted` will follow."""

    attempt_id: AttemptId


@frozen(kw_only=True)
class NoCapacity:
    """There is no room now. The trial stays WAITING and is submitted again later."""

    attempt_id: AttemptId
    #: why, for the user: "GPU 0 busy: pid 2950 (gnome-shell)"
    reason: str


@frozen(kw_only=True)
class Rejected:
    """The trial can never run here. It ends as FAILED with this reason."""

    attempt_id: AttemptId
    reason: str


Submission = Submitted | NoCapacity | Rejected


@frozen(kw_only=True)
class TrialStarted:
    """The command runs."""

    attempt_id: AttemptId
    #: milliseconds since the epoch
    timestamp: int


@frozen(kw_only=True)
class TrialOutput:
    """Bytes that the trial appended to its spool file (``.nni/metrics``), in order and without gaps."""

    attempt_id: AttemptId
    #: where in the spool file they begin
    offset: int
    data: bytes


@frozen(kw_only=True)
class TrialExited:
    """The command is over and nothing of its process tree is left. Every byte of its spool was sent before."""

    attempt_id: AttemptId
    timestamp: int
    #: None when a signal ended it
    exit_code: int | None
    signal: int | None = None
    #: it was ended because its ``time_limit`` was over
    timed_out: bool = False
    #: what else is known, for the user
    message: str = ""


@frozen(kw_only=True)
class TrialLost:
    """The execution is gone and left no record of its end: its supervisor was killed, its host went down."""

    attempt_id: AttemptId
    timestamp: int
    message: str


ServiceEvent = TrialStarted | TrialOutput | TrialExited | TrialLost


class AttemptStatus(StrEnum):
    """What a service finds of an execution when asked after a restart."""

    RUNNING = "running"
    EXITED = "exited"
    #: cannot be reached now; an event will follow
    UNKNOWN = "unknown"
    #: never started here
    ABSENT = "absent"


@frozen(kw_only=True)
class LogChunk:
    """A piece of a trial's output."""

    data: bytes
    next_offset: int
    #: bytes there are now
    size: int


class TrainingService(ABC):
    """Decides where trials run. One instance serves one experiment; every method runs on the manager's event loop and
    must not block it.

    Rules that engines taught us: the ``attempt_id`` names the execution everywhere; the service never runs one again
    by itself; the supervisor's record of the end is the truth and an engine's word a hint; what cannot be known is
    ``UNKNOWN``, not failed; a request that can never be met is a :class:`Problem`, not an endless wait.
    """

    capabilities: Capabilities = Capabilities()

    @abstractmethod
    async def check(self) -> Sequence[Problem]:
        """Everything that would keep the experiment from running here. No side effects. Key paths are those of the
        experiment config (``("trial_gpu_number",)``, ``("training_service", "gpu_indices")``)."""

    @abstractmethod
    async def start(self) -> None:
        """Make ready to run trials."""

    @abstractmethod
    async def stop(self, grace: float) -> None:
        """Let go. Running trials are left alone: the core cancels those that must end. May come twice, or early."""

    async def upload(self, directory: Path) -> str:
        """Bring the code directory to where trials run; idempotent. The answer returns in :attr:`TrialSpec.code`."""
        return str(directory)

    @abstractmethod
    async def submit(self, batch: Sequence[TrialSpec]) -> Sequence[Submission]:
        """Take trials, one answer each, in order. Never raises for a trial's own fault."""

    @abstractmethod
    async def cancel(self, attempt_id: AttemptId, grace: float) -> None:
        """End a trial and everything it started: SIGTERM, SIGKILL after ``grace`` seconds. Idempotent;
        :class:`TrialExited` follows."""

    @abstractmethod
    def events(self) -> AsyncIterator[ServiceEvent]:
        """What happens to trials, in order for each of them. Iterated once, from :meth:`start` until :meth:`stop`."""

    @abstractmethod
    async def reattach(self, attempts: Mapping[AttemptId, tuple[TrialId, int]]) -> Mapping[AttemptId, AttemptStatus]:
        """Find executions of an earlier manager again. The values are the trial and how many bytes of its spool are
        already known. Events of RUNNING, EXITED and UNKNOWN ones follow as if they had been submitted now."""

    @abstractmethod
    async def read_log(self, trial_id: TrialId, attempt: int, stream: LogStream, offset: int, limit: int) -> LogChunk:
        """At most ``limit`` bytes of a trial's output, for any trial of the experiment, running or not. A negative
        offset counts from the end."""

    def trial_directory(self, trial_id: TrialId, attempt: int) -> str:
        """Where the trial's files lie, for people."""
        return ""


@frozen(kw_only=True)
class TrainingServiceSpec:
    """Offers a training service under a name."""

    #: what ``training_service.platform`` says; compared without regard to case
    name: str
    summary: str
    #: ``package.module:callable``, called with a :class:`ServiceContext` and the structured ``arguments``
    implementation: str
    #: attrs class of the other keys under ``training_service``; None: there are none
    arguments: Any = None
    aliases: Sequence[str] = ()


# --- metric sinks -----------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class ExperimentInfo:
    """What sinks and event hooks are told of the experiment."""

    id: ExperimentId
    name: str | None
    directory: Path
    #: the experiment config in NNI's canonical (camelCase) form
    config: Mapping[str, Json]
    resumed: bool = False


class MetricSink(ABC):
    """Hears what happens in an experiment and hands it on. Called in a thread of its own, one call at a time, in the
    order of events, from a bounded queue: when the sink is too slow the oldest events are dropped for this sink alone,
    and counted. An exception is logged and counted; the next event comes all the same."""

    def start(self, experiment: ExperimentInfo) -> None:
        """The experiment began or was resumed."""

    def trial_created(self, trial: Trial) -> None: ...

    def trial_started(self, trial: Trial) -> None: ...

    def metric_reported(self, trial: Trial, metric: Metric) -> None: ...

    def trial_ended(self, trial: Trial) -> None: ...

    def stop(self, state: ExperimentState) -> None:
        """The experiment is over, or its manager goes down; nothing follows."""


@frozen(kw_only=True)
class MetricSinkSpec:
    """Offers a metric sink under a name."""

    #: what ``sinks[].name`` says; compared without regard to case
    name: str
    summary: str
    #: ``package.module:Class``, called with the fields of ``arguments`` as keyword arguments
    implementation: str
    #: attrs class of ``sinks[].class_args``
    arguments: Any = None
    aliases: Sequence[str] = ()


# --- commands and web apps --------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class CliCommandSpec:
    """Offers one more verb of nnictl."""

    #: the verb
    name: str
    summary: str
    #: ``package.module:command``, a click command, imported when the verb is used
    implementation: str


@frozen(kw_only=True)
class WebAppSpec:
    """Offers an ASGI application to the manager's web server."""

    name: str
    summary: str
    #: path under the URL prefix; ``/`` is the portal's. ``/api`` is the core's own
    mount: str
    #: ``package.module:factory``, called without arguments in the manager when the server starts
    implementation: str | Callable[[], Any]
