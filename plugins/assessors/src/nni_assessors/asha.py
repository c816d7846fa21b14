"""Asynchronous successive halving, the variant that ends trials.

L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A. Talwalkar: A System for Massively
Parallel Hyperparameter Tuning, MLSys 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import Assessor, Verdict
from nni_core.model import Direction

_GOOD = Verdict(good=True)


class Asha(Assessor):
    """Compares trials at rungs: after ``min_steps`` results, ``min_steps * eta``, ``min_steps * eta**2`` and so on. A
    trial that reaches a rung goes on when its best result is among the best of ``eta``-th of all that have reached it,
    itself included, rounded up: the first always does, and nobody waits for others."""

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        min_steps: int = 1,
        eta: int = 3,
        metric: str = "default",
    ) -> None:
        """Arguments as in :class:`~nni_assessors.arguments.AshaArguments`."""
        self.metric = metric
        self._sign = 1.0 if Direction(optimize_mode) is Direction.MINIMIZE else -1.0
        self._min_steps = min_steps
        self._eta = eta
        #: by rung: the loss with which each trial reached it
        self._rungs: dict[int, dict[str, float]] = {}

    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> Verdict:
        """Judge a trial that has reached a rung; between rungs every trial runs on."""
        step = len(trial_history)
        if not self._is_rung(step):
            return _GOOD
        rung = self._rungs.setdefault(step, {})
        loss = rung[trial_job_id] = min(self._sign * value for value in trial_history)
        going_on = -(-len(rung) // self._eta)
        better = sum(other < loss for other in rung.values())
        if better < going_on:
            return _GOOD
        reason = (
            f"best {self._sign * loss:.6g} at step {step} is place {better + 1} of {len(rung)}, and {going_on} go on"
        )
        return Verdict(good=False, reason=reason)

    def _is_rung(self, step: int) -> bool:
        while step > self._min_steps and step % self._eta == 0:
            step //= self._eta
        return step == self._min_steps
