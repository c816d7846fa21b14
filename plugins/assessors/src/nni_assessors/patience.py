"""Ends trials that have stopped getting better."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import Assessor, Verdict
from nni_core.model import Direction


class Patience(Assessor):
    """Ends a trial when so many of its latest results brought none that is better than all before, each trial by
    itself: the early stopping of trainings (L. Prechelt: Early Stopping -- But When?, 1998)."""

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        patience: int = 10,
        min_delta: float = 0.0,
        start_step: int = 0,
        metric: str = "default",
    ) -> None:
        """Arguments as in :class:`~nni_assessors.arguments.PatienceArguments`."""
        self.metric = metric
        self._sign = 1.0 if Direction(optimize_mode) is Direction.MINIMIZE else -1.0
        self._patience = patience
        self._min_delta = min_delta
        self._start_step = start_step

    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> Verdict:
        """Judge by what the trial itself has reported."""
        best, best_step = float("inf"), 0
        for step, value in enumerate(trial_history, start=1):
            if self._sign * value < best - (self._min_delta if best_step else 0.0):
                best, best_step = self._sign * value, step
        waited = len(trial_history) - best_step
        if waited < self._patience or len(trial_history) < self._start_step:
            return Verdict(good=True)
        reason = f"no result since step {best_step} is better than its {self._sign * best:.6g}, {waited} results later"
        return Verdict(good=False, reason=reason)
