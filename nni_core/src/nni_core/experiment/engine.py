"""The engine: creates trials when there is room, sees them through to their end, and tells everybody who must know.

Every change goes through :meth:`Engine.record`: into the log, the ledger, the tuner and the listeners, in that order.
Executions follow the training service, one task fills free slots, one minds the tuner, one watches the time.
"""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import evolve, frozen

from nni_core.api import ExperimentInfo, TrainingService
from nni_core.errors import ConflictError, Problem
from nni_core.experiment.budget import Budget
from nni_core.experiment.clock import Clock
from nni_core.experiment.executions import GRACE, Executions, Job, new_attempt_id
from nni_core.experiment.failures import FailurePolicy
from nni_core.experiment.goals import StopWhen
from nni_core.experiment.initial_points import untried_points
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.objectives import objectives_of
from nni_core.experiment.retry import wanted_again
from nni_core.experiment.reuse import reused
from nni_core.experiment.sinks import Listeners
from nni_core.experiment.transitions import ACTIVE, experiment_may_become
from nni_core.experiment.tuner_host import Tuner, TunerFailedError
from nni_core.experiment.tuner_messages import Call, TunerSetup, calls_for, story
from nni_core.log import get_logger
from nni_core.model import (
    ExperimentState,
    Json,
    Metric,
    Parameters,
    ParameterSource,
    Trial,
    TrialId,
    TrialState,
)
from nni_core.store import events as ev
from nni_core.store.base import Store, StoreError

log = get_logger(__name__)

#: seconds between looks at the clock, and between attempts to place a waiting trial
TICK = 1.0
#: seconds of thinking after which the user is told that the tuner is slow
SLOW_TUNER = 60.0


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
        self._parts = parts
        self._store = parts.store
        self._service = parts.service
        self._tuner = parts.tuner
        self._clock = parts.clock
        self._executions = Executions(
            job=parts.job, ledger=ledger, service=parts.service, recorder=self, clock=parts.clock
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._watchers: set[asyncio.Future[None]] = set()
        self._asking = asyncio.Lock()
        #: something happened since the tuner had nothing to suggest
        self._may_answer = True
        #: calls that the tuner missed while it was being replaced; None when it is there
        self._missed: list[Call] | None = None
        #: seconds of active running up to ``_active_since``
        self._counted = ledger.duration_seen
        self._active_since: float | None = None
        self._slow_tuner_noted = False
        self._ending = asyncio.Lock()
        self.finished = asyncio.Event()
        self.broken: StoreError | None = None

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin, or go on where the log ends.

        :raises TunerFailedError: when the tuner cannot be built.
        """
        # Only an assessor wants to hear of every intermediate report again.
        events = self._store.replay() if self._assessed else (event for event, _ in self._store.outline())
        past = story(events, assessed=self._assessed) if self.ledger.trials else ()
        await asyncio.gather(self._executions.start(), self._tuner.start(past))
        await self._executions.upload()
        self._parts.listeners.started(self._parts.info)
        await self._executions.adopt(requeue=not self._ended_by_goal)
        self._set_state(ExperimentState.RUNNING)
        self._look_at_goal()
        await self._store.flush()
        self.spawn(self._follow_service(), "training service events")
        self.spawn(self._schedule(), "scheduling")
        self.spawn(self._tick(), "clock")
        self.spawn(self._mind_tuner(), "tuner")
        self._wake.set()

    async def take_down(self) -> None:
        """End what an earlier manager left running, without a tuner and without starting anything."""
        await self._executions.start()
        await self._executions.adopt(requeue=False)
        self.spawn(self._follow_service(), "training service events")
        await self.stop()

    async def stop(self) -> None:
        """End every trial, then the experiment. May be called twice: the later call waits for the first."""
        async with self._ending:
            if self.ledger.state is not ExperimentState.STOPPED:
                await self._end_trials()
        await self.close()

    async def _end_trials(self) -> None:
        """A manager that died in the middle of a stop has left STOPPING, and trials that nobody has ended yet."""
        self._set_state(ExperimentState.STOPPING)
        for trial_id in list(self.ledger.live):
            await self.cancel(trial_id, TrialState.SYS_CANCELED, "the experiment was stopped")
        await self._until_idle()
        self._set_state(ExperimentState.STOPPED)
        await self._store.flush()

    async def close(self) -> None:
        """Let go of everything; trials that run go on running. May be called twice."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._tuner.stop()
        await self._service.stop(GRACE)
        self._parts.listeners.stopped(self.ledger.state)
        await asyncio.to_thread(self._parts.listeners.close)
        await self._store.close()
        self.finished.set()

    @property
    def duration(self) -> float:
        """Seconds of active running, over all managers."""
        now = self._clock.monotonic()
        return self._counted + (0.0 if self._active_since is None else now - self._active_since)

    @property
    def budget(self) -> Budget:
        return Budget.of(self.ledger.config)

    @property
    def tuner_thinking(self) -> float:
        """Seconds that the tuner has been busy with what it was asked last; 0 when it waits."""
        return self._tuner.thinking_for

    async def wait_for_change(self, after: int) -> None:
        """Return when there is an event after this one."""
        while self.ledger.cursor <= after:
            await self._next_change()

    # --- what can be asked of it ------------------------------------------------------------------------------------

    async def add_trial(self, parameters: Parameters) -> int:
        """Queue a trial with parameters that a user gave; the answer is its sequence id.

        :raises ConflictError: when the experiment takes no more trials.
        """
        async with self._asking:
            if self.ledger.state not in ACTIVE or self._is_spent:
                why = self.ledger.goal or "reach maxTrialNum"
                raise ConflictError(
                    Problem(
                        code="NNI706",
                        message=f"the experiment is {self.ledger.state} and takes no more trials: {why}",
                        help="raise max_trial_number or max_experiment_duration first",
                    )
                )
            body = self._created(self.ledger.next_parameter_id, parameters, ParameterSource.CUSTOMIZED, 0)
            self.record(body)
        await self._store.flush()
        self._wake.set()
        return body.sequence_id

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
        """Change limits or the search space; keys and values are those of the canonical config, already checked."""
        had_ended = self._ended_by_goal
        self.record(ev.SettingsChanged(changes=changes))
        if had_ended and not self._ended_by_goal:
            self._executions.begin_anew()
        await self._store.flush()
        self.look_again()

    async def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Teach the tuner results from elsewhere, already checked."""
        self.record(ev.DataImported(data=list(data)))
        await self._store.flush()

    # --- the one way of change ----------------------------------------------------------------------------------------

    def record(self, *bodies: ev.EventBody) -> None:
        """Let things happen, in order. Durable after the next ``flush`` of the store."""
        try:
            events = self._store.submit(bodies, timestamp=self._clock.now())
        except StoreError as error:
            self.broken = self.broken or error
            self._wake.set()
            raise
        for event in events:
            self.ledger.apply(event)
            self._tell(event)
            self._announce(event)
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        if any(isinstance(body, ev.TrialFinished) for body in bodies):
            self._look_at_goal()
            self._look_at_failures()

    def look_again(self) -> None:
        """Something changed that may make room for a trial, or bring the end."""
        self._may_answer = True
        self._wake.set()

    async def _next_change(self) -> None:
        watcher: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watchers.add(watcher)
        try:
            await watcher
        finally:
            self._watchers.discard(watcher)

    def _tell(self, event: ev.Event) -> None:
        calls = list(calls_for(event, self.ledger.trials, assessed=self._assessed))
        if self._missed is not None:
            self._missed += calls
            return
        for call, answer in zip(calls, self._tuner.tell(calls), strict=True):
            if call["op"] == "report":
                answer.add_done_callback(partial(self._assess, trial_id=call["trial_id"]))

    def _assess(self, answer: asyncio.Future[Json], trial_id: TrialId) -> None:
        if answer.cancelled() or answer.exception() is not None or answer.result().get("good") is not False:
            return
        reason = "the assessor stopped it early"
        self.spawn(self.cancel(trial_id, TrialState.EARLY_STOPPED, reason), f"early stop {trial_id}")

    def _announce(self, event: ev.Event) -> None:
        listeners, trials = self._parts.listeners, self.ledger.trials
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

    def _set_state(self, state: ExperimentState, reason: str = "") -> None:
        same = state is self.ledger.state
        counting = (self._active_since is not None) == (state in ACTIVE)
        if same and reason == self.ledger.reason and counting:
            return
        if not same and not experiment_may_become(self.ledger.state, state):
            # A fault that shows while the experiment is being stopped does not keep it from stopping.
            log.warning("experiment.state_refused", state=str(state), reason=reason, now=str(self.ledger.state))
            return
        duration = self._counted = self.duration
        self.record(ev.ExperimentStateChanged(state=state, reason=reason, duration=duration))
        self._active_since = self._clock.monotonic() if state in ACTIVE else None
        log.info("experiment.state", state=str(state), reason=reason or None, duration=round(duration, 3))

    def _look_at_goal(self) -> None:
        """Note it when the experiment has what it was made for."""
        ledger = self.ledger
        if ledger.goal is not None or ledger.state not in ACTIVE:
            return
        reason = self._stop_when.reached(ledger.progress, objectives_of(ledger.config)[0])
        if reason is not None:
            log.info("experiment.goal", reason=reason)
            self.record(ev.GoalReached(reason=reason))

    def _look_at_failures(self) -> None:
        """End the experiment when too many trials failed one after the other."""
        reason = self.ledger.streak.breaks(FailurePolicy.of(self.ledger.config))
        if reason is not None and self.ledger.state in ACTIVE:
            self._set_state(ExperimentState.ERROR, reason)

    @property
    def _stop_when(self) -> StopWhen:
        return StopWhen.of(self.ledger.config)

    @property
    def _ended_by_goal(self) -> bool:
        """Whether trials were ended because the goal was reached, which a resume does not change."""
        return self.ledger.goal is not None and self._stop_when.cancels

    @property
    def _is_spent(self) -> bool:
        """Whether no further trial may ever be created under the limits as they are."""
        created = len(self.ledger.trials)
        return self.ledger.goal is not None or self.budget.is_spent(created=created, duration=self.duration)

    # --- filling slots ------------------------------------------------------------------------------------------------

    async def _schedule(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self.broken is not None:
                self._give_up_storing()
                return
            # Before: raised limits bring a finished experiment back. After: the last trial may have been created.
            self._settle()
            if waiting := self._next_in_line():
                # Their attempt ids are durable before anything runs under them.
                await self._store.flush()
                await self._executions.place(waiting)
            await self._create()
            self._settle()
            await self._store.flush()

    def _next_in_line(self) -> Sequence[Trial]:
        """Waiting trials whose turn it is: customised ones, too, run no more than ``trial_concurrency`` at a time."""
        if self.ledger.state is ExperimentState.ERROR:
            return ()
        waiting = self._executions.waiting()
        placed = len(self.ledger.live) - len(waiting) - self._executions.resting
        return waiting[: max(0, self.budget.concurrency - placed)]

    async def _create(self) -> None:
        async with self._asking:
            if self.ledger.state not in ACTIVE or self._missed is not None:
                return
            live = len(self.ledger.live) - self._executions.resting
            room = self.budget.room(created=len(self.ledger.trials), live=live)
            exhausted_for_now = self.ledger.exhausted is not None and not self._may_answer
            if not room or exhausted_for_now or self._is_spent:
                return
            bodies = self._initial(room) or await self._asked(room)
            if not bodies:
                return
            self.record(*bodies)
        await self._store.flush()
        created = [body.trial_id for body in bodies if isinstance(body, ev.TrialCreated)]
        await self._executions.place([self.ledger.trials[trial_id] for trial_id in created])

    def _initial(self, room: int) -> Sequence[ev.EventBody]:
        """Trials of the config's initial points, which come before anything the tuner says."""
        points = untried_points(self.ledger.config, self.ledger.initial_points_begun, room)
        if points:
            self.look_again()  # there may be room left for the tuner
        first_id, source = self.ledger.next_parameter_id, ParameterSource.CUSTOMIZED
        return [
            evolve(self._created(first_id + place, parameters, source, place), initial_point=index)
            for place, (index, parameters) in enumerate(points)
        ]

    async def _asked(self, room: int) -> Sequence[ev.EventBody]:
        """What the tuner makes of the room that there is; nothing when it fails."""
        first_id, told_through = self.ledger.next_parameter_id, self.ledger.cursor
        self._may_answer = False
        try:
            answer = await self._tuner.ask(room, first_id)
        except TunerFailedError:
            self._may_answer = True
            return ()
        bodies: list[ev.EventBody] = []
        for place, one in enumerate(answer.suggestions):
            created = self._created(
                one.parameter_id, one.parameters, ParameterSource.ALGORITHM, place, told_through, first_id
            )
            created = evolve(created, checkpoints_of=self.ledger.trial_of(one.checkpoints_of))
            bodies += [created, *reused(created, self.ledger.trials, one.earlier)]
        if len(bodies) > len(answer.suggestions):
            self.look_again()  # some are over already
        if answer.exhausted is not None:
            bodies.append(
                ev.TunerExhausted(
                    reason=answer.exhausted,
                    told_through=told_through,
                    asked_from=first_id,
                    asked_for=room,
                    next_parameter_id=answer.next_id,
                )
            )
        return bodies

    def _created(
        self,
        parameter_id: int,
        parameters: Parameters,
        source: ParameterSource,
        place: int,
        told_through: int = 0,
        asked_from: int = 0,
    ) -> ev.TrialCreated:
        return ev.TrialCreated(
            trial_id=self._new_trial_id(),
            sequence_id=self.ledger.next_sequence_id + place,
            parameter_id=parameter_id,
            parameters=parameters,
            source=source,
            attempt_id=new_attempt_id(),
            told_through=told_through,
            asked_from=asked_from,
        )

    def _new_trial_id(self) -> TrialId:
        while True:
            letters = string.ascii_letters
            rest = "".join(secrets.choice(letters + string.digits) for _ in range(4))
            trial_id = TrialId(secrets.choice(letters) + rest)
            if trial_id not in self.ledger.trials:
                return trial_id

    def _settle(self) -> None:
        """Bring the experiment's state in line with its trials and limits."""
        state = self.ledger.state
        if state not in ACTIVE and state is not ExperimentState.DONE:
            return
        created, live, spent = len(self.ledger.trials), bool(self.ledger.live), self._is_spent
        if self._ended_by_goal:
            self._end_live()
        exhausted = self.ledger.exhausted is not None and not self._may_answer
        if not spent and not exhausted:
            self._set_state(ExperimentState.RUNNING, self.ledger.reason if state is ExperimentState.RUNNING else "")
        elif live:
            waiting_for = ExperimentState.NO_MORE_TRIAL if spent else ExperimentState.TUNER_NO_MORE_TRIAL
            self._set_state(waiting_for, self.ledger.goal or ("" if spent else self.ledger.exhausted or ""))
        elif state is not ExperimentState.DONE:
            self._set_state(ExperimentState.DONE, self._summary())
            log.info("Experiment done", trials=created)

    def _end_live(self) -> None:
        """End what runs for a goal that is reached; not what a user wanted all the same."""
        reason = f"ended with the experiment: {self.ledger.goal}"
        spared = self.ledger.cancels.keys() | self.ledger.wanted
        for trial_id in [one for one in self.ledger.live if one not in spared]:
            self.spawn(self.cancel(trial_id, TrialState.SYS_CANCELED, reason), f"end {trial_id}")

    def _summary(self) -> str:
        """What the user should know of an experiment that is done; empty when all is well."""
        if self.ledger.goal is not None:
            return self.ledger.goal
        counts = self.ledger.counts
        if self.ledger.trials and not counts[TrialState.SUCCEEDED] and counts[TrialState.FAILED]:
            first = next(t for t in self.ledger.trials.values() if t.state is TrialState.FAILED)
            return f"no trial succeeded; trial {first.sequence_id} failed: {first.message}"
        return self.ledger.exhausted or ""

    # --- the service, the tuner and the time ------------------------------------------------------------------------

    async def _follow_service(self) -> None:
        try:
            await self._executions.pump()
        except StoreError:
            raise
        except Exception as error:
            # A service is a plugin: whatever it raises ends the experiment with that reason, not in silence.
            log.exception("service.failed")
            self._set_state(ExperimentState.ERROR, f"the training service failed: {error}")

    @property
    def _assessed(self) -> bool:
        return self._parts.setup.assessor is not None

    async def _mind_tuner(self) -> None:
        """Replace the tuner's process whenever it fails, until it is given up."""
        while True:
            await self._tuner.failed.wait()
            failure = self._tuner.failure
            reason = failure.message if failure else "it failed"
            log.warning("tuner.failed", reason=reason)
            if not self._tuner.may_restart():
                self._set_state(ExperimentState.ERROR, f"{reason}; see {self._parts.info.directory / 'log'}")
                self._wake.set()
                return
            self._missed = []
            self.record(ev.TunerRestarted(reason=reason))
            await self._replace_tuner()

    async def _replace_tuner(self) -> None:
        async with self._asking:
            await self._store.flush()
            upto = self.ledger.cursor
            self._missed = []
            past = story((e for e in self._store.replay() if e.number <= upto), assessed=self._assessed)
            try:
                await self._tuner.restart(past)
            except TunerFailedError:
                return
            missed, self._missed = self._missed, None
            self._tuner.tell(missed)
        self._wake.set()

    async def _tick(self) -> None:
        while True:
            limit = self.budget.max_duration
            left = TICK if limit is None else limit - self.duration
            await self._clock.sleep(min(TICK, left) if left > 0 else TICK)
            slow = self._tuner.thinking_for > SLOW_TUNER
            if slow and not self._slow_tuner_noted:
                self.record(ev.Note(message=f"the tuner has been thinking for {SLOW_TUNER:.0f} s"))
            self._slow_tuner_noted = slow
            if self._executions.waiting() or (limit is not None and self.ledger.state is ExperimentState.RUNNING):
                self._wake.set()

    async def _until_idle(self) -> None:
        while self.ledger.live:
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
            self._set_state(ExperimentState.ERROR, f"a fault in the manager ({task.get_name()}): {error!r}")
