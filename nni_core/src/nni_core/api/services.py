"""Training services: what runs trials, what it is told and what it tells, and how it is offered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from attrs import field, frozen

from nni_core.errors import Problem
from nni_core.model import AttemptId, ExperimentId, LogStream, TrialId


@frozen(kw_only=True)
class Capabilities:
    """What a training service can promise."""

    #: honours ``gpus``
    gpu: bool = False
    #: finds its trials again after the manager was killed
    reattach: bool = False
    #: trials see the experiment's folder under the same path as the manager
    shared_fs: bool = False
    #: trials run on the manager's machine, so that they are gone when it loses its power
    same_machine: bool = False


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
