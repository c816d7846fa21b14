"""Why an experiment does nothing, and why a trial waits or ended as it did: from what can be read of any experiment.

Reasons are for people, in the words of the config.
"""

from __future__ import annotations

from attrs import frozen

from nni_core.experiment.budget import Budget
from nni_core.experiment.control import ExperimentControl
from nni_core.experiment.transitions import ACTIVE
from nni_core.model import ExperimentState, Trial, TrialState

#: seconds of thinking from which the tuner is named as what is waited for
_THINKING = 1.0


@frozen(kw_only=True)
class Reason:
    """Why something is as it is."""

    reason: str
    #: what to type, or where to look; empty when there is nothing to do
    help: str = ""


class Why:
    """The reasons of an experiment at one moment."""

    def __init__(self, control: ExperimentControl) -> None:
        trials = control.trials(reports=False)
        self._profile = control.profile()
        self._thinking = control.tuner_thinking()
        self._budget = Budget.of(self._profile.config)
        self._created = len(trials)
        self._lag = self._profile.config.get("deterministic")
        self._live = [trial for trial in trials if not trial.state.is_terminal]
        #: whether a stop has left trials that run again after a resume
        self._unfinished = bool(self._live) or any(trial.state is TrialState.SYS_CANCELED for trial in trials)
        #: trials that are to run and do not, in order
        self.waiting = [trial for trial in self._live if trial.state is not TrialState.RUNNING]
        self._queue = [trial.id for trial in self.waiting if trial.state is TrialState.WAITING and not trial.same_as]
        self._numbers = {trial.id: trial.sequence_id for trial in trials}

    @property
    def idle(self) -> bool:
        """Whether no trial runs or waits."""
        return not self._live

    def experiment(self) -> Reason:
        """What the experiment waits for, or why it is over."""
        profile, live = self._profile, len(self._live)
        match profile.state:
            case ExperimentState.INITIALIZED:
                return Reason(reason="it is starting: no trial has been created yet")
            case ExperimentState.RUNNING:
                return self._busy() if live >= self._budget.concurrency else self._slow()
            case ExperimentState.NO_MORE_TRIAL | ExperimentState.TUNER_NO_MORE_TRIAL:
                return Reason(reason=f"{self._spent()}; {_run(live)} to the end", help=self._more())
            case ExperimentState.DONE:
                return self._done()
            case ExperimentState.STOPPING:
                return Reason(reason=f"it is being stopped, and waits for the end of {_number(live)}")
            case ExperimentState.STOPPED if self._was_complete:
                return Reason(reason=f"it was stopped when it was done: {self._spent()}", help=self._more())
            case ExperimentState.STOPPED | ExperimentState.VIEWED:
                return Reason(reason="it was stopped", help=f"nnictl resume {profile.id}")
            case ExperimentState.ERROR:
                advice = f"mend that, then nnictl resume {profile.id}; nnictl log manager {profile.id} tells more"
                return Reason(reason=profile.reason or "it failed", help=advice)

    def trial(self, trial: Trial) -> Reason:
        """Why a trial waits, or how it came to the state that it is in."""
        match trial.state:
            case TrialState.WAITING:
                return self._waiting(trial)
            case TrialState.RUNNING:
                return Reason(reason=trial.message or "its command runs")
            case TrialState.UNKNOWN:
                return Reason(reason=trial.message or "the training service cannot say whether it runs")
            case TrialState.SUCCEEDED:
                return Reason(reason=trial.message or "its command exited with code 0")
            case TrialState.FAILED:
                return Reason(reason=trial.message or "its command failed", help=self._after_failure(trial))
            case TrialState.EARLY_STOPPED | TrialState.USER_CANCELED | TrialState.SYS_CANCELED:
                return Reason(reason=trial.message or f"it was ended: {trial.state}")

    # --- an experiment --------------------------------------------------------------------------------------------

    def _busy(self) -> Reason:
        """There are as many trials as there may be."""
        live, waiting = len(self._live), len(self.waiting)
        if waiting:
            return Reason(
                reason=f"{_number(live)} are not over, as many as trial_concurrency allows, and {waiting} of them wait",
                help=f"nnictl trial ls {self._profile.id} shows them",
            )
        return Reason(reason=f"{_run(live)}, as many as trial_concurrency allows", help=self._raise_concurrency())

    def _slow(self) -> Reason:
        """There could be one more trial."""
        if self._next_waits_for is not None:
            after = f"trial {self._created} is suggested when trial {self._next_waits_for} has ended"
            reason = f"{after}: results reach the tuner in the order of trials, at most {self._lag} behind"
            experiment, trial = self._profile.id, self._next_waits_for
            why, kill = f"nnictl why {experiment} {trial}", f"nnictl trial kill {experiment} --trial_id {trial}"
            return Reason(reason=reason, help=f"{why} tells of it, {kill} ends it")
        if self._thinking >= _THINKING:
            reason = f"the tuner has been thinking for {self._thinking:.0f} s about what to try next"
            return Reason(reason=reason, help=f"its log is {self._profile.directory / 'log' / 'dispatcher.log'}")
        if self._profile.reason:
            return Reason(reason=self._profile.reason)
        now = f"{_run(len(self._live))}, and the" if self._live else "the"
        return Reason(reason=f"{now} next is about to be created")

    @property
    def _next_waits_for(self) -> int | None:
        """The number of the trial that must end first, where ``deterministic`` says so."""
        first = min((trial.sequence_id for trial in self._live), default=self._created)
        return first if self._lag and first <= self._created - self._lag else None

    def _done(self) -> Reason:
        profile = self._profile
        if not (profile.goal or profile.reason or self._is_spent):
            reason = "it was done, and its settings were changed since: there is more to do"
            return Reason(reason=reason, help=f"nnictl resume {profile.id} goes on with it")
        return Reason(reason=self._spent(), help=self._more())

    @property
    def _was_complete(self) -> bool:
        """Whether a resume would find nothing to do."""
        return bool(self._profile.goal or self._is_spent) and not self._unfinished

    @property
    def _is_spent(self) -> bool:
        return self._budget.is_spent(created=self._created, duration=self._profile.duration)

    @property
    def _has_all_trials(self) -> bool:
        return self._budget.max_trials is not None and self._created >= self._budget.max_trials

    def _spent(self) -> str:
        """What is used up."""
        profile, budget = self._profile, self._budget
        if profile.goal:
            return profile.goal
        used = []
        if self._has_all_trials:
            used.append(f"max_trial_number, {budget.max_trials}, is used up")
        if budget.is_late(profile.duration):
            used.append(f"max_experiment_duration, {budget.max_duration:g} s, is over")
        if profile.reason:
            used.append(profile.reason if used else f"the tuner has nothing left to suggest: {profile.reason}")
        return "; ".join(used) or "there is nothing left to try"

    def _more(self) -> str:
        late = self._budget.is_late(self._profile.duration)
        options = [*(["--trials 10"] if self._has_all_trials or not late else []), *(["--duration 1h"] if late else [])]
        if self._profile.goal or self._is_spent:
            return f"nnictl experiment extend {self._profile.id} {' '.join(options)} gives it more"
        return f"nnictl update searchspace {self._profile.id} --filename FILE gives it a larger search space"

    def _raise_concurrency(self) -> str:
        return f"nnictl update concurrency {self._profile.id} --value {self._budget.concurrency + 1} lets more run"

    # --- a trial --------------------------------------------------------------------------------------------------

    def _waiting(self, trial: Trial) -> Reason:
        profile = self._profile
        if profile.state not in ACTIVE and profile.state is not ExperimentState.DONE:
            return Reason(reason=f"the experiment is {profile.state}", help=f"nnictl resume {profile.id}")
        if trial.same_as is not None:
            number = self._numbers[trial.same_as]
            return Reason(reason=f"it waits for the result of trial {number}, which has the same parameters")
        placed = len(self._live) - len(self._queue) - sum(one.same_as is not None for one in self._live)
        if placed >= self._budget.concurrency:
            before = self._queue.index(trial.id)
            reason = f"{_run(placed)}, as many as trial_concurrency allows"
            queue = f"; before it {_number(before)} wait" if before else ""
            return Reason(reason=f"{reason}{queue}", help=self._raise_concurrency())
        if trial.message:
            return Reason(reason=trial.message)
        return Reason(reason="the training service has it, and its command has not begun")

    def _after_failure(self, trial: Trial) -> str:
        named = f"{self._profile.id} --trial_id {trial.id}"
        return f"nnictl log trial {named} shows its output, nnictl trial retry {named} runs it again"


def _run(number: int) -> str:
    return "1 trial runs" if number == 1 else f"{number} trials run"


def _number(number: int) -> str:
    return "1 trial" if number == 1 else f"{number} trials"
