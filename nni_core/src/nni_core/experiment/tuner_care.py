"""Cares for the tuner of a running experiment: tells it what happens, asks it, and replaces it when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from nni_core.experiment.course import Course
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.recorder import Recorder
from nni_core.experiment.tuner_host import Tuner
from nni_core.experiment.tuner_messages import Answer, Call, calls_for, end_of, story
from nni_core.experiment.tuner_process import TunerFailedError
from nni_core.experiment.turns import Turns
from nni_core.log import get_logger
from nni_core.model import ExperimentState, Json, TrialId, TrialState
from nni_core.store import events as ev
from nni_core.store.base import Store

log = get_logger(__name__)

#: seconds of thinking after which the user is told that the tuner is slow
SLOW = 60.0


class TunerCare:
    """The tuner, from the experiment's start to its end, whatever becomes of its process."""

    def __init__(
        self,
        *,
        tuner: Tuner,
        assessed: bool,
        store: Store,
        ledger: Ledger,
        course: Course,
        recorder: Recorder,
        directory: Path,
    ) -> None:
        """``assessed``: there is an assessor, which hears of every intermediate report; ``directory`` is the
        experiment's."""
        self._tuner = tuner
        self._assessed = assessed
        self._store = store
        self._ledger = ledger
        self._turns = Turns(ledger)
        self._course = course
        self._recorder = recorder
        self._directory = directory
        #: held while trials are created, and while the tuner is replaced
        self.asking = asyncio.Lock()
        #: calls that the tuner missed while it was being replaced; None when it is there
        self._missed: list[Call] | None = None
        self._slow_noted = False

    @property
    def is_there(self) -> bool:
        """Whether it can be asked: it is not being replaced."""
        return self._missed is None

    @property
    def thinking_for(self) -> float:
        """Seconds that the tuner has been busy with what it was asked last; 0 when it waits."""
        return self._tuner.thinking_for

    async def start(self) -> None:
        """Make the tuner ready, and tell it the experiment's past.

        :raises TunerFailedError: when it cannot be built.
        """
        # Only an assessor wants to hear of every intermediate report again.
        events = self._store.replay() if self._assessed else (event for event, _ in self._store.outline())
        await self._tuner.start(self._story(events) if self._ledger.trials else ())

    async def stop(self) -> None:
        """End the tuner. May be called twice."""
        await self._tuner.stop()

    async def ask(self, count: int, first_id: int) -> Answer:
        """Ask for parameter sets, holding :attr:`asking`.

        :raises TunerFailedError: when the tuner failed; it is replaced by :meth:`mind`.
        """
        self._tuner.tell([end_of(trial) for trial in self._turns.next() if trial.state is not TrialState.SYS_CANCELED])
        return await self._tuner.ask(count, first_id)

    def tell(self, event: ev.Event) -> None:
        """Something happened. The ledger knows of it already."""
        body = event.body
        if isinstance(body, ev.TrialFinished) and self._turns.holds_back(self._ledger.trials[body.trial_id]):
            return  # it is told before the question whose turn it is
        calls = list(calls_for(event, self._ledger.trials, assessed=self._assessed))
        if self._missed is not None:
            self._missed += calls
            return
        for call, answer in zip(calls, self._tuner.tell(calls), strict=True):
            if call["op"] == "report":
                answer.add_done_callback(partial(self._assess, trial_id=call["trial_id"]))

    def _assess(self, answer: asyncio.Future[Json], trial_id: TrialId) -> None:
        if answer.cancelled() or answer.exception() is not None or answer.result().get("good") is not False:
            return
        reason = answer.result().get("reason") or "the assessor stopped it early"
        ending = self._recorder.cancel(trial_id, TrialState.EARLY_STOPPED, reason)
        self._recorder.spawn(ending, f"early stop {trial_id}")

    def note_slowness(self) -> None:
        """Tell the user, once, when the tuner takes its time."""
        slow = self.thinking_for > SLOW
        if slow and not self._slow_noted:
            self._recorder.record(ev.Note(message=f"the tuner has been thinking for {SLOW:.0f} s"))
        self._slow_noted = slow

    async def mind(self) -> None:
        """Replace the tuner's process whenever it fails, until it is given up."""
        while True:
            await self._tuner.failed.wait()
            failure = self._tuner.failure
            reason = failure.message if failure else "it failed"
            log.warning("tuner.failed", reason=reason)
            if not self._tuner.may_restart():
                self._course.become(ExperimentState.ERROR, f"{reason}; see {self._directory / 'log'}")
                self._recorder.wake()
                return
            self._missed = []
            self._recorder.record(ev.TunerRestarted(reason=reason))
            await self._replace()

    async def _replace(self) -> None:
        async with self.asking:
            upto = self._ledger.cursor
            self._missed = []  # what happens from here on, while it is written too, is told after the story
            await self._store.write()
            past = self._story(event for event in self._store.replay() if event.number <= upto)
            try:
                await self._tuner.restart(past)
            except TunerFailedError:
                return
            missed, self._missed = self._missed, None
            self._tuner.tell(missed)
        self._recorder.wake()

    def _story(self, events: Iterable[ev.Event]) -> Iterable[Call]:
        return story(events, assessed=self._assessed)
