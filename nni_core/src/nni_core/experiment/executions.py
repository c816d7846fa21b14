"""The executions of trials: handed to the training service, followed, ended, and taken over from an earlier manager.

Says what happened to trials; when there is room for more of them is the engine's business.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve, field, frozen

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
from nni_core.experiment.clock import Clock
from nni_core.experiment.failures import FailureRule
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.objectives import DEFAULT
from nni_core.experiment.recorder import Recorder
from nni_core.experiment.reports import ReportReader
from nni_core.experiment.transitions import cause_of, end_of
from nni_core.log import get_logger
from nni_core.model import AttemptId, ExperimentState, FailureCause, LogStream, Trial, TrialId, TrialState
from nni_core.store import events as ev
from nni_core.wire import TrialVariable, parameter_file

log = get_logger(__name__)

#: seconds that trials are given after SIGTERM
GRACE = 10.0
RESUMED = "the experiment was stopped and resumed"


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

    def __init__(self, *, job: Job, ledger: Ledger, service: TrainingService, recorder: Recorder, clock: Clock) -> None:
        self._job = job
        self._ledger = ledger
        self._service = service
        self._recorder = recorder
        self._clock = clock
        self._code = ""
        self._trial_of: dict[AttemptId, TrialId] = {}
        self._readers: dict[AttemptId, ReportReader] = {}
        #: trials that the service has
        self._placed: set[TrialId] = set()
        #: trials that begin anew once they have ended: a stop was ending them when its manager died
        self._anew: set[TrialId] = set()
        #: trials that wait for their next attempt, and until when
        self._resting: dict[TrialId, float] = {}

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
        """Live trials that the service does not have, that nobody asked to end, and that need not rest any more; not
        those that wait for another's result."""
        ledger = self._ledger
        kept = self._placed | ledger.cancels.keys() | self._at_rest()
        found = [ledger.trials[one] for one in ledger.live if one not in kept]
        return [trial for trial in found if trial.same_as is None]

    @property
    def outlive_the_machine(self) -> bool:
        """Whether trials may go on when the manager's machine has lost its power."""
        return not self._service.capabilities.same_machine

    @property
    def placed(self) -> int:
        """How many trials the service has."""
        return len(self._placed)

    @property
    def resting(self) -> int:
        """How many trials wait for the time of their next attempt. They take no one's place."""
        return len(self._at_rest())

    def _at_rest(self) -> set[TrialId]:
        now = self._clock.monotonic()
        return {trial_id for trial_id, until in self._resting.items() if until > now}

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
        except Exception as error:  # of a plugin: it costs these trials a wait, and the user is told
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
        if requeue:
            self.begin_anew()
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
            if trial.id in self._ledger.cancels:
                self.cancel(trial)

    def give_up(self) -> None:
        """End what lives in the log: the service does not tell of its end."""
        for trial_id in list(self._ledger.live):
            message = "the training service failed: whether it still runs is not known"
            self._finish(self._ledger.trials[trial_id], TrialState.SYS_CANCELED, message=message)

    def begin_anew(self) -> None:
        """Run again what the experiment itself has ended, or is ending."""
        for trial in list(self._ledger.trials.values()):
            if trial.state is TrialState.SYS_CANCELED:
                self._recorder.record(_requeued(trial, RESUMED))
        ended = [one for one, request in self._ledger.cancels.items() if request.state is TrialState.SYS_CANCELED]
        self._anew.update(ended)

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
            environment=self._environment(),
            gpus=self._job.gpus,
            time_limit=self._ledger.terms.budget.max_trial_duration,
            checkpoints_of=trial.checkpoints_of,
        )

    def _environment(self) -> Mapping[str, str]:
        name = self._ledger.terms.objectives[0].name
        return self._job.environment if name == DEFAULT else {**self._job.environment, TrialVariable.OBJECTIVE: name}

    def _watch(self, trial: Trial) -> None:
        self._trial_of[trial.attempt_id] = trial.id
        self._readers[trial.attempt_id] = ReportReader(
            offset=self._ledger.spool_offsets.get(trial.id, 0), objectives=self._ledger.terms.objectives
        )

    def _forget(self, trial: Trial) -> None:
        self._resting.pop(trial.id, None)
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
        if request is not None:
            self._finish(trial, request.state, message=request.reason, exited=event)
            return
        error = self._ledger.errors.get(trial.id)
        cause = cause_of(event, gave_up=error is not None, has_result=trial.final is not None)
        rule = None if cause is None else self._ledger.terms.failures.rule(cause)
        state, message = end_of(event, None)
        if cause is FailureCause.NO_RESULT:
            message = "it reported no final result: call nni.report_final_result(value)"
        if cause is None or rule is None:
            self._finish(trial, state, message=message, exited=event)
        elif error is not None and cause is FailureCause.TRIAL_ERROR:
            rule = rule if error.retryable else evolve(rule, retry=0)
            self._failed(trial, cause, rule, error.message, exited=event)
        else:
            last = await self._last_error(trial) if state is TrialState.FAILED else ""
            message = f"{message}: {last}" if last else message or ""
            # Reading takes a while, in which somebody may have asked for its end.
            if (late := self._ledger.cancels.get(trial.id)) is not None:
                self._finish(trial, late.state, message=late.reason, exited=event)
            else:
                self._failed(trial, cause, rule, message, exited=event)

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
        elif rule := self._ledger.terms.failures.rule(FailureCause.LOST):
            self._failed(trial, FailureCause.LOST, rule, event.message)

    def _failed(
        self, trial: Trial, cause: FailureCause, rule: FailureRule, message: str, *, exited: TrialExited | None = None
    ) -> None:
        """Run a trial again that failed, as long as its rule allows that; then it has failed for good."""
        counts = self._ledger.retries.get(trial.id)
        retried = counts[cause] if counts else 0
        if retried < rule.retry:
            self._retry(trial, cause, rule.delay(retried), f"retry {retried + 1} of {rule.retry}", message)
            return
        worst = self._ledger.progress.worst if rule.value is None else rule.value
        penalty = worst if rule.penalises else None
        self._finish(trial, TrialState.FAILED, message=message, exited=exited, cause=cause, penalty=penalty)

    def _retry(self, trial: Trial, cause: FailureCause, delay: float, which: str, message: str) -> None:
        self._forget(trial)
        if delay:
            self._resting[trial.id] = self._clock.monotonic() + delay
        reason = f"{which}{f' after {delay:g} s' if delay else ''}: {message}"
        self._recorder.record(_requeued(trial, reason, cause))
        self._recorder.look_again()

    def _finish(
        self,
        trial: Trial,
        state: TrialState,
        *,
        message: str | None,
        exited: TrialExited | None = None,
        cause: FailureCause | None = None,
        penalty: float | None = None,
    ) -> None:
        self._forget(trial)
        self._recorder.record(
            ev.TrialFinished(
                trial_id=trial.id,
                attempt_id=trial.attempt_id,
                state=state,
                exit_code=exited.exit_code if exited else None,
                signal=exited.signal if exited else None,
                message=message,
                cause=cause,
                penalty=penalty,
            )
        )
        if trial.id in self._anew and self._ledger.state is not ExperimentState.STOPPING:
            self._recorder.record(_requeued(self._ledger.trials[trial.id], RESUMED))
        self._anew.discard(trial.id)
        self._recorder.look_again()


def new_attempt_id() -> AttemptId:
    """An id that no other execution has, anywhere."""
    return AttemptId(uuid.uuid4().hex)


def _requeued(trial: Trial, reason: str, cause: FailureCause | None = None) -> ev.TrialRequeued:
    return ev.TrialRequeued(
        trial_id=trial.id, attempt_id=new_attempt_id(), attempt=trial.attempt + 1, reason=reason, cause=cause
    )
