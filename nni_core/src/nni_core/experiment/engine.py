"""The engine: creates trials when there is room, sees them through to their end, and tells everybody who must know.

Every change goes through :meth:`Engine.record`: into the log, the ledger, the tuner and the listeners, in that order.
Executions follow the training service, one task fills free slots, one minds the tuner, one watches the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from attrs import frozen

from nni_core.api import ExperimentInfo, TrainingService
from nni_core.experiment.budget import Budget
from nni_core.experiment.clock import Clock
from nni_core.experiment.course import Course
from nni_core.experiment.executions import GRACE, Executions, Job, new_attempt_id
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.retry import wanted_again
from nni_core.experiment.reuse import results_handed_on
from nni_core.experiment.sinks import Listeners
from nni_core.experiment.slots import Slots
from nni_core.experiment.tuner_care import TunerCare
from nni_core.experiment.tuner_host import Tuner
from nni_core.experiment.tuner_messages import TunerSetup
from nni_core.log import get_logger
from nni_core.model import ExperimentState, Json, Metric, Parameters, TrialId, TrialState
from nni_core.store import events as ev
from nni_core.store.base import Store, StoreError

log = get_logger(__name__)

#: seconds between looks at the clock, and between attempts to place a waiting trial
TICK = 1.0


@frozen(kw_only=True)
class Parts:
    """What an engine is put together from."""

    store: Store
    service: TrainingService
    tuner: Tuner
    setup: TunerSetup
    listeners: Listeners
    clock: Clock
    info: ExperimentInfo
    job: Job


class Engine:
    """One experiment, running."""

    def __init__(self, parts: Parts, ledger: Ledger) -> None:
        self.ledger = ledger
        self._store = parts.store
        self._service = parts.service
        self._listeners = parts.listeners
        self._info = parts.info
        self._clock = parts.clock
        self._executions = Executions(
            job=parts.job, ledger=ledger, service=parts.service, recorder=self, clock=parts.clock
        )
        self._course = Course(ledger=ledger, clock=parts.clock, recorder=self)
        self._care = TunerCare(
            tuner=parts.tuner,
            assessed=parts.setup.assessor is not None,
            store=parts.store,
            ledger=ledger,
            course=self._course,
            recorder=self,
            directory=parts.info.directory,
        )
        self._slots = Slots(
            ledger=ledger,
            store=parts.store,
            executions=self._executions,
            care=self._care,
            course=self._course,
            recorder=self,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._watchers: set[asyncio.Future[None]] = set()
        self._ending = asyncio.Lock()
        self._service_failed = asyncio.Event()
        self.finished = asyncio.Event()
        self.broken: StoreError | None = None

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin, or go on where the log ends.

        :raises TunerFailedError: when the tuner cannot be built.
        """
        await asyncio.gather(self._executions.start(), self._care.start())
        await self._executions.upload()
        self._listeners.started(self._info)
        await self._executions.adopt(requeue=not self._course.ended_by_goal)
        self._course.become(ExperimentState.RUNNING)
        self.record(*results_handed_on(self.ledger))
        self._course.look_at_goal()
        await self._store.flush()
        self.spawn(self._follow_service(), "training service events")
        self.spawn(self._schedule(), "scheduling")
        self.spawn(self._tick(), "clock")
        self.spawn(self._care.mind(), "tuner")
        self.wake()

    async def take_down(self) -> None:
        """End what an earlier manager left running, without a tuner and without starting anything."""
        await self._executions.start()
        await self._executions.adopt(requeue=False)
        self.spawn(self._follow_service(), "training service events")
        await self.stop()

    async def stop(self) -> None:
        """End every trial, then the experiment. May be called twice: the later call waits for the first."""
        async with self._ending:
            if self.ledger.state is not ExperimentState.STOPPED or self.ledger.live:
                await self._end_trials()
        await self.close()

    async def _end_trials(self) -> None:
        """A manager that died in the middle of a stop has left STOPPING, and trials that nobody has ended yet."""
        if self.ledger.state is not ExperimentState.STOPPED:
            self._course.become(ExperimentState.STOPPING)
        await self._until_idle()
        self._course.become(ExperimentState.STOPPED)
        await self._store.flush()

    async def close(self) -> None:
        """Let go of everything; trials that run go on running. May be called twice."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._care.stop()
        await self._service.stop(GRACE)
        self._listeners.stopped(self.ledger.state)
        await asyncio.to_thread(self._listeners.close)
        await self._store.close()
        self.finished.set()

    @property
    def duration(self) -> float:
        """Seconds of active running, over all managers."""
        return self._course.duration

    @property
    def budget(self) -> Budget:
        return self._course.budget

    @property
    def tuner_thinking(self) -> float:
        """Seconds that the tuner has been busy with what it was asked last; 0 when it waits."""
        return self._care.thinking_for

    async def wait_for_change(self, after: int) -> None:
        """Return when there is an event after this one."""
        while self.ledger.cursor <= after:
            await self._next_change()

    # --- what can be asked of it ------------------------------------------------------------------------------------

    async def add_trial(self, parameters: Parameters) -> int:
        """Queue a trial with parameters that a user gave; the answer is its sequence id.

        :raises ConflictError: when the experiment takes no more trials.
        """
        return await self._slots.add(parameters)

    async def cancel(self, trial_id: TrialId, state: TrialState, reason: str) -> None:
        """Ask for a live trial to end in a state; returns when the request is durable."""
        trial = self.ledger.trials[trial_id]
        if trial.state.is_terminal or trial_id in self.ledger.cancels:
            return
        self.record(ev.CancelRequested(trial_id=trial_id, state=state, reason=reason))
        await self._store.flush()
        if not (trial := self.ledger.trials[trial_id]).state.is_terminal:
            self._executions.cancel(trial)

    async def retry(self, trial_id: TrialId) -> None:
        """Run a trial again that failed or was ended, with its id, number and parameters; returns when that is durable.
        It takes no further place in ``max_trial_number``. The tuner was told of its end: what comes now, it is taught
        as the result of parameters that a user gave.

        :raises ConflictError: when the trial is not over or has succeeded, or the experiment runs no trials any more.
        """
        self.record(wanted_again(self.ledger.trials[trial_id], self.ledger.state, new_attempt_id()))
        await self._store.flush()
        self.look_again()

    async def change(self, changes: Mapping[str, Json]) -> None:
        """Change limits, the goal or the search space; keys and values are those of the canonical config, already
        checked."""
        had_ended = self._course.ended_by_goal
        self.record(ev.SettingsChanged(changes=changes))
        self._course.look_at_goal()
        if had_ended and not self._course.ended_by_goal:
            self._executions.begin_anew()
        await self._store.flush()
        self.look_again()

    async def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Teach the tuner results from elsewhere, already checked."""
        self.record(ev.DataImported(data=list(data)))
        await self._store.flush()

    # --- the one way of change ----------------------------------------------------------------------------------------

    def record(self, *bodies: ev.EventBody) -> None:
        """Let things happen, in order. Durable after the next ``flush`` of the store, or soon."""
        try:
            events = self._store.submit(bodies, timestamp=self._clock.now())
        except StoreError as error:
            self.broken = self.broken or error
            self.wake()
            raise
        for event in events:
            self.ledger.apply(event)
            self._care.tell(event)
            self._announce(event)
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        if ended := {body.trial_id for body in bodies if isinstance(body, ev.TrialFinished)}:
            self._course.look_at_goal()
            self._course.look_at_failures()
            if handed_on := results_handed_on(self.ledger, ended):
                self.record(*handed_on)

    def wake(self) -> None:
        """Look whether there is anything to do."""
        self._wake.set()

    def look_again(self) -> None:
        """Something changed that may make room for a trial, or bring the end."""
        self._slots.look_again()
        self.wake()

    async def _next_change(self) -> None:
        watcher: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watchers.add(watcher)
        try:
            await watcher
        finally:
            self._watchers.discard(watcher)

    def _announce(self, event: ev.Event) -> None:
        listeners, trials = self._listeners, self.ledger.trials
        match event.body:
            case ev.TrialCreated(trial_id=trial_id):
                listeners.trial_created(trials[trial_id])
            case ev.TrialBegan(trial_id=trial_id):
                listeners.trial_started(trials[trial_id])
            case ev.MetricReported(trial_id=trial_id):
                metric = self.ledger.changes[-1].metric
                assert isinstance(metric, Metric)  # noqa: S101 - the ledger made it from this very event
                listeners.metric_reported(trials[trial_id], metric)
            case ev.TrialFinished(trial_id=trial_id):
                listeners.trial_ended(trials[trial_id])
            case _:
                pass

    # --- what goes on beside everything else --------------------------------------------------------------------------

    async def _schedule(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self.broken is not None:
                self._give_up_storing()
                return
            # Before: raised limits bring a finished experiment back. After: the last trial may have been created.
            self._course.settle(exhausted=self._slots.exhausted)
            await self._slots.fill()
            self._course.settle(exhausted=self._slots.exhausted)
            await self._store.write()

    async def _follow_service(self) -> None:
        told = ""
        while True:
            try:
                await self._executions.pump()
            except StoreError:
                raise
            except Exception as error:  # of a plugin: it ends the experiment with that reason, not in silence
                # It is listened to further on: trials that run go on, and a stop wants to hear of their end.
                if repr(error) != told:
                    told = repr(error)
                    log.exception("service.failed")
                    self._course.become(ExperimentState.ERROR, f"the training service failed: {error}")
                self._service_failed.set()
                await self._clock.sleep(TICK)
                self._service_failed.clear()
            else:
                return

    async def _tick(self) -> None:
        while True:
            limit = self.budget.max_duration
            left = TICK if limit is None else limit - self.duration
            await self._clock.sleep(min(TICK, left) if left > 0 else TICK)
            self._care.note_slowness()
            await self._store.write()  # a disk that has failed since is heard of here, if nowhere else
            if self._executions.waiting() or (limit is not None and self.ledger.state is ExperimentState.RUNNING):
                self.wake()

    async def _until_idle(self) -> None:
        """End every trial, and return when none lives; of a service that has failed, that is not waited for any longer
        than its trials have to end, and as long again."""
        idle = asyncio.create_task(self._end_all(), name="end all trials")
        failed = asyncio.create_task(self._service_failed.wait(), name="service failed")
        try:
            await asyncio.wait({idle, failed}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({idle}, timeout=2 * GRACE)
        finally:
            idle.cancel()
            failed.cancel()
        self._executions.give_up()

    async def _end_all(self) -> None:
        while self.ledger.live:
            unasked = [one for one in self.ledger.live if one not in self.ledger.cancels]
            for trial_id in unasked:
                await self.cancel(trial_id, TrialState.SYS_CANCELED, "the experiment was stopped")
            if not unasked:
                await self._next_change()

    def _give_up_storing(self) -> None:
        """The store takes nothing any more: say so, leave the trials running, and wait for a resume."""
        self.ledger.state = ExperimentState.ERROR
        self.ledger.reason = f"{self.broken}; running trials go on, and nnictl resume takes up their results"
        log.error("store.broken", reason=str(self.broken))

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside everything else. What it raises ends the experiment with that reason."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, StoreError):
            self.broken = self.broken or error
            self._wake.set()
            return
        log.error("engine.task_failed", task=task.get_name(), exc_info=error)
        if self.broken is None and self.ledger.state not in {ExperimentState.ERROR, ExperimentState.STOPPED}:
            self._course.become(ExperimentState.ERROR, f"a fault in the manager ({task.get_name()}): {error!r}")
