"""When an experiment has what it was made for: ``stop_when``. Pure: how far it is, and whether that is enough."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, frozen

from nni_core.experiment.objectives import Objective
from nni_core.model import Direction, Json, Trial, TrialState


@define(kw_only=True)
class Progress:
    """What the results so far amount to, in the first objective. A fold: tell it of every trial that ends."""

    direction: Direction = Direction.MAXIMIZE
    #: trials that ended with a result, good or not: succeeded ones, and those that were stopped early
    judged: int = 0
    best: float | None = None
    #: number of the trial that gave it
    best_trial: int | None = None
    #: the worst of what the tuner was taught
    worst: float | None = None
    #: trials judged since the best one, or since it was begun anew
    since_best: int = 0
    #: the target was reached, and the user wanted more all the same
    target_set_aside: bool = False

    def ended(self, trial: Trial) -> None:
        """One more trial is over."""
        if trial.state not in {TrialState.SUCCEEDED, TrialState.EARLY_STOPPED}:
            return
        self.judged += 1
        self.since_best += self.best is not None
        number = trial.final.number if trial.final else None
        if trial.state is TrialState.SUCCEEDED and number is not None:
            self._succeeded(number, trial.sequence_id)
        elif number is None and trial.state is TrialState.EARLY_STOPPED and trial.latest:
            number = trial.latest.number
        if number is not None and (self.worst is None or self.direction.prefers(self.worst, number)):
            self.worst = number

    def _succeeded(self, number: float, trial: int) -> None:
        if self.best is None or self.direction.prefers(number, self.best):
            self.best, self.best_trial, self.since_best = number, trial, 0

    def begin_anew(self) -> None:
        """The user wants more, though the goal was reached."""
        self.since_best = 0
        self.target_set_aside = True


@frozen(kw_only=True)
class StopWhen:
    """The conditions of a config; None: there is no such condition."""

    target: float | None = None
    #: trials without a better result
    no_improvement: int | None = None
    #: trials that are judged in any case
    min_trials: int = 0
    #: running trials are ended too
    cancels: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Json]) -> StopWhen:
        """The conditions in a canonical config."""
        written = config.get("stopWhen") or {}
        return cls(
            target=written.get("target"),
            no_improvement=written.get("noImprovement"),
            min_trials=written.get("minTrials", 0),
            cancels=written.get("running") == "cancel",
        )

    def reached(self, progress: Progress, objective: Objective) -> str | None:
        """Why it is enough, for people; None when it is not."""
        best, target = progress.best, self.target
        if best is None or progress.judged < self.min_trials:
            return None
        named = "the result" if objective.name == "default" else objective.name
        if target is not None and not progress.target_set_aside and not objective.direction.prefers(target, best):
            return f"the target was reached: {named} of trial {progress.best_trial} is {best:g}, the target {target:g}"
        if self.no_improvement is not None and progress.since_best >= self.no_improvement:
            return (
                f"the last {progress.since_best} trials brought nothing better than trial {progress.best_trial}, "
                f"whose {named.removeprefix('the ')} is {best:g}"
            )
        return None
