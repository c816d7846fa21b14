"""The executions of trials: handed to the training service, followed, ended, and taken over from an earlier manager.

Says what happened to trials; when there is room for more of them is the engine's business.
"""

from __future__ import annotations

import uuid
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import field, frozen

from nni_core.api import (
    AttemptStatus,
    NoCapacity,
    Rejected,
    ServiceEvent,
    Submission,
    TrainingService,
    TrialExited,
    TrialLost,
    TrialOutput,
    TrialSpec,
    TrialStarted,
)
from nni_core.errors import NniError
from nni_core.experiment.budget import Budget
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.reports import ReportReader
from nni_core.experiment.transitions import end_of
from nni_core.log import get_logger
from nni_core.model import AttemptId, ExperimentState, LogStream, Trial, TrialId, TrialState
from nni_core.store import events as ev
from nni_core.wire import parameter_file

log = get_logger(__name__)

#: executions that a trial may lose before it counts as failed
ATTEMPTS = 2
#: seconds that trials are given after SIGTERM
GRACE = 10.0
RESUMED = "the experiment was stopped and resumed"


class Recorder(Protocol):
    """What executions need of the engine."""

    def record(self, *bodies: ev.EventBody) -> None:
        """Let things happen."""

    def look_again(self) -> None:
        """Something changed that may make room for a trial, or bring the end."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside everything else."""


@frozen(kw_only=True)
class Job:
    """What all trials of an experiment run."""

    command: str | Sequence[str]
    code_directory: Path
    gpus: int | None
    #: variables that the config sets
    environment: Mapping[str, str] = field(factory=dict)


class Executions:
    """Every live execution of an experiment."""

    def __init__(self, *, job: Job, ledger: Ledger, service: TrainingService, recorder: Recorder) -> None:
        self._job = job
        self._ledger = ledger
        self._service = service
        self._recorder = recorder
        self._code = ""
        self._trial_of: dict[AttemptId, TrialId] = {}
        self._readers: dict[AttemptId, ReportReader] = {}
        #: trials that the service has
        self._placed: set[TrialId] = set()
        #: trials that begin anew once they have ended: a stop was ending them when its manager died
        self._anew: set[TrialId] = set()

    async def start(self) -> None:
        """Make the service ready."""
        await self._service.start()

    async def upload(self) -> None:
        """Bring the code to where trials run."""
        self._code = await self._service.upload(self._job.code_directory)

    async def pump(self) -> None:
        """Follow the service for as long as it reports."""
        async for event in self._service.events():
            await self._handle(event)

    def waiting(self) -> list[Trial]:
        """Live trials that the service does not have, and that nobody asked to end."""
        ledger = self._ledger
        return [ledger.trials[one] for one in ledger.live if one not in self._placed and one not in ledger.cancels]

    async def place(self, trials: Sequence[Trial]) -> None:
        """Hand trials to the training service; not those that have ended since they were chosen."""
        trials = [trial for trial in trials if trial.id in self._ledger.live]
        if not trials:
            return
        self._placed.update(trial.id for trial in trials)
        for trial in trials:
            self._watch(trial)
        try:
            answers = await self._service.submit([self._spec(trial) for trial in trials])
        except Exception as error:
            # A service is a plugin: whatever it raises costs these trials a wait, and the user is told.
            log.exception("service.submit_failed")
            reason = f"the training service failed: {error}"
            answers = [NoCapacity(attempt_id=trial.attempt_id, reason=reason) for trial in trials]
        for trial, answer in zip(trials, answers, strict=True):
            self._answered(trial, answer)

    def cancel(self, trial: Trial) -> None:
        """End a trial that is asked to end. One that the service does not have ends at once."""
        if trial.id in self._placed:
            self._recorder.spawn(self._service.cancel(trial.attempt_id, GRACE), f"cancel {trial.id}")
        else:
            request = self._ledger.cancels[trial.id]
            self._finish(trial, request.state, message=request.reason)

    async def adopt(self, *, requeue: bool = True) -> None:
        """Take over what an earlier manager left running; what a stop of the experiment ended begins anew."""
        for trial in list(self._ledger.trials.values()):
            if requeue and trial.state is TrialState.SYS_CANCELED:
                self._recorder.record(_requeued(trial, RESUMED))
        live = [self._ledger.trials[trial_id] for trial_id in self._ledger.live]
        if not live:
            return
        for trial in live:
            self._watch(trial)
        offsets = self._ledger.spool_offsets
        found = await self._service.reattach({t.attempt_id: (t.id, offsets.get(t.id, 0)) for t in live})
        for trial in live:
            if found.get(trial.attempt_id, AttemptStatus.ABSENT) is AttemptStatus.ABSENT:
                self._forget(trial)
            else:
                self._placed.add(trial.id)
            if request := self._ledger.cancels.get(trial.id):
                if requeue and request.state is TrialState.SYS_CANCELED:
                    self._anew.add(trial.id)
                self.cancel(trial)

    def _answered(self, trial: Trial, answer: Submission) -> None:
        match answer:
            case NoCapacity(reason=reason):
                self._forget(trial)
                if self._ledger.trials[trial.id].message != reason:
                    self._recorder.record(ev.TrialWaiting(trial_id=trial.id, reason=reason))
            case Rejected(reason=reason):
                self._finish(trial, TrialState.FAILED, message=reason)
        if trial.id in self._ledger.cancels:
            # Somebody asked for its end while it was being handed over.
            self.cancel(trial)

    def _spec(self, trial: Trial) -> TrialSpec:
        return TrialSpec(
            trial_id=trial.id,
            attempt_id=trial.attempt_id,
            attempt=trial.attempt,
            sequence_id=trial.sequence_id,
            command=self._job.command,
            code=self._code,
            parameter_file=parameter_file(
                trial_id=trial.id,
                parameter_id=trial.parameter_id,
                parameters=trial.parameters,
                source=trial.source,
            ),
            environment=self._job.environment,
            gpus=self._job.gpus,
            time_limit=Budget.of(self._ledger.config).max_trial_duration,
        )

    def _watch(self, trial: Trial) -> None:
        self._trial_of[trial.attempt_id] = trial.id
        self._readers[trial.attempt_id] = ReportReader(offset=self._ledger.spool_offsets.get(trial.id, 0))

    def _forget(self, trial: Trial) -> None:
        self._placed.discard(trial.id)
        self._trial_of.pop(trial.attempt_id, None)
        self._readers.pop(trial.attempt_id, None)

    # --- what the service reports ---------------------------------------------------------------------------------

    async def _handle(self, event: ServiceEvent) -> None:
        trial_id = self._trial_of.get(event.attempt_id)
        if trial_id is None:
            log.warning("service.stale_event", kind=type(event).__name__, attempt=event.attempt_id)
            return
        trial = self._ledger.trials[trial_id]
        match event:
            case TrialStarted():
                if trial.state is not TrialState.RUNNING:
                    self._recorder.record(ev.TrialBegan(trial_id=trial_id, attempt_id=event.attempt_id))
            case TrialOutput():
                if bodies := self._readers[event.attempt_id].read(event, trial):
                    self._recorder.record(*bodies)
            case TrialExited():
                await self._exited(trial, event)
            case TrialLost():
                self._lost(trial, event)

    async def _exited(self, trial: Trial, event: TrialExited) -> None:
        request = self._ledger.cancels.get(trial.id)
        state, message = end_of(event, request.state if request else None)
        if request is not None:
            message = request.reason
        elif state is TrialState.FAILED and (last := await self._last_error(trial)):
            message = f"{message}: {last}"
        elif state is TrialState.SUCCEEDED and trial.final is None:
            message = "it reported no final result: call nni.report_final_result(value)"
        self._finish(trial, state, message=message, exit_code=event.exit_code, signal=event.signal)

    async def _last_error(self, trial: Trial) -> str:
        """The last line that a failed trial wrote to stderr."""
        try:
            chunk = await self._service.read_log(trial.id, trial.attempt, LogStream.STDERR, -4096, 4096)
        except (OSError, NniError):
            return ""
        lines = [line.strip() for line in chunk.data.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""

    def _lost(self, trial: Trial, event: TrialLost) -> None:
        request = self._ledger.cancels.get(trial.id)
        if request is not None:
            self._finish(trial, request.state, message=request.reason)
        elif trial.attempt >= ATTEMPTS:
            self._finish(trial, TrialState.FAILED, message=event.message)
        else:
            self._forget(trial)
            self._recorder.record(_requeued(trial, event.message))
            self._recorder.look_again()

    def _finish(
        self,
        trial: Trial,
        state: TrialState,
        *,
        message: str | None,
        exit_code: int | None = None,
        signal: int | None = None,
    ) -> None:
        self._forget(trial)
        self._recorder.record(
            ev.TrialFinished(
                trial_id=trial.id,
                attempt_id=trial.attempt_id,
                state=state,
                exit_code=exit_code,
                signal=signal,
                message=message,
            )
        )
        if trial.id in self._anew and self._ledger.state is not ExperimentState.STOPPING:
            self._recorder.record(_requeued(trial, RESUMED))
        self._anew.discard(trial.id)
        self._recorder.look_again()


def new_attempt_id() -> AttemptId:
    """An id that no other execution has, anywhere."""
    return AttemptId(uuid.uuid4().hex)


def _requeued(trial: Trial, reason: str) -> ev.TrialRequeued:
    return ev.TrialRequeued(trial_id=trial.id, attempt_id=new_attempt_id(), attempt=trial.attempt + 1, reason=reason)
