"""The course of an experiment: its state, which follows from its trials, its limits and its goal, and the time that
counts."""

from __future__ import annotations

from nni_core.experiment.budget import Budget
from nni_core.experiment.clock import Clock
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.recorder import Recorder
from nni_core.experiment.transitions import ACTIVE, experiment_may_become
from nni_core.log import get_logger
from nni_core.model import ExperimentState, TrialState
from nni_core.store import events as ev

log = get_logger(__name__)


class Course:
    """Where an experiment stands, and when it is over."""

    def __init__(self, *, ledger: Ledger, clock: Clock, recorder: Recorder) -> None:
        self._ledger = ledger
        self._clock = clock
        self._recorder = recorder
        #: seconds of active running up to ``_active_since``
        self._counted = ledger.duration_seen
        self._active_since: float | None = None

    @property
    def duration(self) -> float:
        """Seconds of active running, over all managers."""
        now = self._clock.monotonic()
        return self._counted + (0.0 if self._active_since is None else now - self._active_since)

    @property
    def budget(self) -> Budget:
        return self._ledger.terms.budget

    @property
    def is_active(self) -> bool:
        """Whether trials are run, or there could be."""
        return self._ledger.state in ACTIVE

    @property
    def is_spent(self) -> bool:
        """Whether no further trial may ever be created under the limits as they are."""
        created = len(self._ledger.trials)
        return self._ledger.goal is not None or self.budget.is_spent(created=created, duration=self.duration)

    @property
    def ended_by_goal(self) -> bool:
        """Whether trials were ended because the goal was reached, which a resume does not change."""
        return self._ledger.goal is not None and self._ledger.terms.stop_when.cancels

    def become(self, state: ExperimentState, reason: str = "") -> None:
        """Go to another state, or stay in it for another reason; refused where the state may not follow."""
        ledger = self._ledger
        same = state is ledger.state
        counting = (self._active_since is not None) == (state in ACTIVE)
        if same and reason == ledger.reason and counting:
            return
        if not same and not experiment_may_become(ledger.state, state):
            # A fault that shows while the experiment is being stopped does not keep it from stopping.
            log.warning("experiment.state_refused", state=str(state), reason=reason, now=str(ledger.state))
            return
        duration = self._counted = self.duration
        self._recorder.record(ev.ExperimentStateChanged(state=state, reason=reason, duration=duration))
        self._active_since = self._clock.monotonic() if state in ACTIVE else None
        log.info("experiment.state", state=str(state), reason=reason or None, duration=round(duration, 3))

    def look_at_goal(self) -> None:
        """Note it when the experiment has what it was made for."""
        ledger = self._ledger
        if ledger.goal is not None or not (self.is_active or ledger.state is ExperimentState.DONE):
            return
        reason = ledger.terms.stop_when.reached(ledger.progress, ledger.terms.objectives[0])
        if reason is not None:
            log.info("experiment.goal", reason=reason)
            self._recorder.record(ev.GoalReached(reason=reason))

    def look_at_failures(self) -> None:
        """End the experiment when too many trials failed one after the other."""
        reason = self._ledger.streak.breaks(self._ledger.terms.failures)
        if reason is not None and self.is_active:
            self.become(ExperimentState.ERROR, reason)

    def settle(self, *, exhausted: bool) -> None:
        """Bring the experiment's state in line with its trials and limits. ``exhausted``: the tuner has nothing to
        suggest before something happens."""
        state, spent = self._ledger.state, self.is_spent
        if not self.is_active and state is not ExperimentState.DONE:
            return
        if self.ended_by_goal:
            self._end_live()
        if not spent and not exhausted:
            self.become(ExperimentState.RUNNING, self._ledger.reason if state is ExperimentState.RUNNING else "")
        elif self._ledger.live:
            waiting_for = ExperimentState.NO_MORE_TRIAL if spent else ExperimentState.TUNER_NO_MORE_TRIAL
            self.become(waiting_for, self._ledger.goal or ("" if spent else self._ledger.exhausted or ""))
        else:
            self._be_done()

    def _be_done(self) -> None:
        news = self._ledger.state is not ExperimentState.DONE
        # Done already, it may be so for another reason since a setting was changed.
        self.become(ExperimentState.DONE, self._summary())
        if news:
            log.info("Experiment done", trials=len(self._ledger.trials))

    def _end_live(self) -> None:
        """End what runs for a goal that is reached; not what a user wanted all the same."""
        reason = f"ended with the experiment: {self._ledger.goal}"
        spared = self._ledger.cancels.keys() | self._ledger.wanted
        for trial_id in [one for one in self._ledger.live if one not in spared]:
            ending = self._recorder.cancel(trial_id, TrialState.SYS_CANCELED, reason)
            self._recorder.spawn(ending, f"end {trial_id}")

    def _summary(self) -> str:
        """What the user should know of an experiment that is done; empty when all is well."""
        ledger = self._ledger
        if ledger.goal is not None:
            return ledger.goal
        if ledger.trials and not ledger.counts[TrialState.SUCCEEDED] and ledger.counts[TrialState.FAILED]:
            first = next(t for t in ledger.trials.values() if t.state is TrialState.FAILED)
            return f"no trial succeeded; trial {first.sequence_id} failed: {first.message}"
        return ledger.exhausted or ""
