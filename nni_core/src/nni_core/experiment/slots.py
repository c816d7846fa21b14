"""The places for trials that run at the same time, and how they are filled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from nni_core.errors import ConflictError, Problem
from nni_core.experiment.course import Course
from nni_core.experiment.executions import Executions
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.new_trials import NewTrials, Question
from nni_core.experiment.recorder import Recorder
from nni_core.experiment.tuner_care import TunerCare
from nni_core.experiment.tuner_process import TunerFailedError
from nni_core.experiment.turns import Turns
from nni_core.log import get_logger
from nni_core.model import ExperimentState, Parameters, Trial
from nni_core.store import events as ev
from nni_core.store.base import Store

log = get_logger(__name__)

#: most parameter sets that the tuner is asked for in one question, and most trials that wait for room elsewhere before
#: it is asked for more: ``trial_concurrency`` may be any number
BATCH = 256


class Slots:
    """Fills free slots: first with trials that wait, then with new ones."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        store: Store,
        executions: Executions,
        care: TunerCare,
        course: Course,
        recorder: Recorder,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._executions = executions
        self._care = care
        self._course = course
        self._recorder = recorder
        self._new_trials = NewTrials(ledger)
        self._turns = Turns(ledger)
        #: something happened since the tuner had nothing to suggest
        self._may_answer = True

    def look_again(self) -> None:
        """Something happened: a tuner that had nothing to suggest may have."""
        self._may_answer = True

    @property
    def exhausted(self) -> bool:
        """Whether the tuner has nothing to suggest before something happens."""
        if self._ledger.exhausted is None:
            return False
        if self._turns.are_kept and not self._turns.all_told:
            return self._turns.awaited is not None
        return not self._may_answer

    async def fill(self) -> None:
        """Run what waits, and create what there is room for: one batch of it."""
        if waiting := self._next_in_line():
            await self._place(waiting)
        await self._create()

    async def add(self, parameters: Parameters) -> int:
        """Queue a trial with parameters that a user gave; the answer is its sequence id.

        :raises ConflictError: when the experiment takes no more trials.
        """
        async with self._care.asking:
            if not self._course.is_active or self._course.is_spent:
                why = self._ledger.goal or "reach maxTrialNum"
                raise ConflictError(
                    Problem(
                        code="NNI706",
                        message=f"the experiment is {self._ledger.state} and takes no more trials: {why}",
                        help="raise max_trial_number or max_experiment_duration first",
                    )
                )
            body = self._new_trials.added(parameters)
            self._recorder.record(body)
        await self._store.flush()
        self._recorder.wake()
        return body.sequence_id

    def _next_in_line(self) -> Sequence[Trial]:
        """Waiting trials whose turn it is: customised ones, too, run no more than ``trial_concurrency`` at a time."""
        if self._ledger.state is ExperimentState.ERROR:
            return ()
        return self._executions.waiting()[: max(0, self._course.budget.concurrency - self._executions.placed)]

    async def _create(self) -> None:
        async with self._care.asking:
            room = self._room()
            if not room:
                return
            bodies = self._initial(room) or await self._asked(room)
            # A stop that came while the tuner was thinking has seen all trials that it ends.
            if not bodies or self._ledger.state in {ExperimentState.STOPPING, ExperimentState.STOPPED}:
                return
            self._recorder.record(*bodies)
        created = [self._ledger.trials[body.trial_id] for body in bodies if isinstance(body, ev.TrialCreated)]
        await self._place([trial for trial in created if trial.same_as is None])
        if len(created) == BATCH or self._turns.are_kept:
            await asyncio.sleep(0)  # however much there is to create, everything else has its turn
            self._recorder.wake()

    async def _place(self, trials: Sequence[Trial]) -> None:
        """Hand trials to the training service. Nothing may run under an attempt id that nobody knows any more. And a
        trial's next attempt has a folder by its number, which may outlast a loss of power when its record does not."""
        if self._executions.outlive_the_machine or any(trial.attempt > 1 for trial in trials):
            await self._store.flush()
        else:
            await self._store.write()
        await self._executions.place(trials)

    def _room(self) -> int:
        """How many trials may be created now, in one go."""
        course, ledger = self._course, self._ledger
        if not course.is_active or not self._care.is_there or self.exhausted or course.is_spent:
            return 0
        if len(self._executions.waiting()) >= BATCH:
            return 0
        live = len(ledger.live) - self._executions.resting
        room = course.budget.room(created=len(ledger.trials), live=live)
        if self._turns.are_kept:
            return min(1, room) if self._turns.awaited is None else 0
        return min(BATCH, room)

    def _initial(self, room: int) -> Sequence[ev.EventBody]:
        """Trials of the config's initial points, which come before anything the tuner says."""
        bodies = self._new_trials.initial(room)
        if bodies:
            self._recorder.look_again()  # there may be room left for the tuner
        return bodies

    async def _asked(self, room: int) -> Sequence[ev.EventBody]:
        """What the tuner makes of the room that there is; nothing when it fails."""
        question = Question(
            count=room,
            first_id=self._ledger.next_parameter_id,
            told_through=self._ledger.cursor,
            told_in_order=self._turns.due if self._turns.are_kept else None,
        )
        self._may_answer = False
        try:
            answer = await self._care.ask(room, question.first_id)
        except TunerFailedError:
            self._may_answer = True
            return ()
        if answer.remark is not None:
            log.info("tuner.remark", remark=answer.remark)
        bodies = self._new_trials.suggested(answer, question)
        if any(isinstance(body, ev.TrialFinished) for body in bodies):
            self._recorder.look_again()  # some are over already
        return bodies
