"""The median rule, and the same with any percentile.

D. Golovin, B. Solnik, S. Moitra, G. Kochanski, J. Karro, D. Sculley: Google Vizier: A Service for Black-Box
Optimization, KDD 2017, section 3.2.2.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from itertools import accumulate

from nni_core.api import Assessor, Verdict
from nni_core.model import Direction

_GOOD = Verdict(good=True)


class Percentile(Assessor):
    """Ends a trial at a step when its best result so far is worse than a percentile of what the trials that succeeded
    had reported on average up to the same step.

    Exactly: of ``n`` such averages, ordered from the best, the one at place ``floor(n * percentile / 100)``, counted
    from 0, is compared with; of two middle ones the median is the worse. A trial that is as good runs on.
    """

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        percentile: float = 50.0,
        start_step: int = 0,
        min_trials: int = 1,
        metric: str = "default",
    ) -> None:
        """Arguments as in :class:`~nni_assessors.arguments.PercentileArguments`."""
        self.metric = metric
        self._sign = 1.0 if Direction(optimize_mode) is Direction.MINIMIZE else -1.0
        self._share = percentile / 100
        self._start_step = start_step
        self._min_trials = min_trials
        #: what each running trial has reported
        self._running: dict[str, Sequence[float]] = {}
        #: by step: the averages of the trials that succeeded, as losses, best first
        self._averages: list[list[float]] = []

    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> Verdict:
        """Judge the latest step."""
        self._running[trial_job_id] = trial_history
        step = len(trial_history)
        others = self._averages[step - 1] if 0 < step <= len(self._averages) else []
        if step < self._start_step or len(others) < self._min_trials:
            return _GOOD
        bar = others[min(len(others) - 1, int(len(others) * self._share))]
        best = min(self._sign * value for value in trial_history)
        if best <= bar:
            return _GOOD
        return Verdict(good=False, reason=self._reason(step, self._sign * best, self._sign * bar, len(others)))

    def trial_end(self, trial_job_id: str, success: bool) -> None:
        """Learn the results of a trial that succeeded."""
        history = self._running.pop(trial_job_id, ())
        if not success:
            return
        for step, total in enumerate(accumulate(self._sign * value for value in history), start=1):
            if step > len(self._averages):
                self._averages.append([])
            insort(self._averages[step - 1], total / step)

    def _reason(self, step: int, best: float, bar: float, count: int) -> str:
        what = "median" if self._share == 0.5 else f"{100 * self._share:g}th percentile"
        worse = "above" if self._sign > 0 else "below"
        trials = "trial" if count == 1 else "trials"
        return f"best {best:.6g} by step {step} is {worse} {bar:.6g}, the {what} of {count} finished {trials}"


class Medianstop(Percentile):
    """The median rule, as NNI has it."""

    def __init__(
        self, optimize_mode: Direction | str = Direction.MAXIMIZE, start_step: int = 0, metric: str = "default"
    ) -> None:
        """Arguments as in :class:`~nni_assessors.arguments.MedianstopArguments`."""
        super().__init__(optimize_mode, 50.0, start_step, 1, metric)
