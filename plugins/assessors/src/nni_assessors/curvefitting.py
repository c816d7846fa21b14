"""Ends trials by where their learning curves lead.

T. Domhan, J. T. Springenberg, F. Hutter: Speeding up Automatic Hyperparameter Optimization of Deep Neural Networks by
Extrapolation of Learning Curves, IJCAI 2015. The paper draws curves by Markov chains; here each family's best fit
counts by its information criterion, which needs no random numbers and takes less than a tenth of a second (H. Akaike
1974; for the weights K. Burnham, D. Anderson: Model Selection and Multimodel Inference, 2002).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nni_assessors.curves import Fit, FloatArray, fits
from nni_core.api import Assessor, Verdict
from nni_core.model import Direction

_GOOD = Verdict(good=True)
#: results of a long trial that curves are fitted to, evenly chosen
_MOST_POINTS = 60
#: squared distances below which one curve is as good as another: a thousandth of the range
_EXACT = 1e-6
#: how far beyond what was seen a curve may lead, in ranges of what was seen; others are not believed
_REACH = 2.0
#: spread of results beyond which sums and products leave the numbers there are
_LARGEST = 1e300
#: curves that have to be believed for a prediction
_FEWEST = 3


class Curvefitting(Assessor):
    """Ends a trial when what its curve predicts for its last step is no better than a share of the best result of the
    trials that succeeded. Without such a trial, and without a prediction, every trial runs on."""

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        epoch_num: int = 20,
        start_step: int = 6,
        threshold: float = 0.95,
        gap: int = 1,
        metric: str = "default",
    ) -> None:
        """Arguments as in :class:`~nni_assessors.arguments.CurvefittingArguments`."""
        self.metric = metric
        self._direction = Direction(optimize_mode)
        self._epoch_num = epoch_num
        self._start_step = start_step
        self._share = 1.0 - threshold
        self._gap = gap
        self._running: dict[str, Sequence[float]] = {}
        #: step of each running trial's last prediction
        self._judged: dict[str, int] = {}
        self._best: float | None = None

    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> Verdict:
        """Judge by the last step's predicted result."""
        self._running[trial_job_id] = trial_history
        step, last = len(trial_history), self._judged.get(trial_job_id, 0)
        is_due = not last <= step < last + self._gap or last == 0
        if self._best is None or not self._start_step <= step < self._epoch_num or not is_due:
            return _GOOD
        self._judged[trial_job_id] = step
        predicted = predict(trial_history, self._epoch_num, self._direction)
        bar = self._bar(self._best)
        if predicted is None or self._direction.prefers(predicted, bar):
            return _GOOD
        reason = f"its curve leads to {predicted:.6g} at step {self._epoch_num}, no better than {bar:.6g}"
        return Verdict(good=False, reason=f"{reason}; the best result is {self._best:.6g}")

    def trial_end(self, trial_job_id: str, success: bool) -> None:
        """Learn the last result of a trial that succeeded."""
        history = self._running.pop(trial_job_id, ())
        self._judged.pop(trial_job_id, None)
        if success and history and (self._best is None or self._direction.prefers(history[-1], self._best)):
            self._best = history[-1]

    def _bar(self, best: float) -> float:
        """As far from the best as the threshold allows, whatever its sign."""
        allowed = self._share * abs(best)
        return best + allowed if self._direction is Direction.MINIMIZE else best - allowed


def predict(history: Sequence[float], step: int, direction: Direction) -> float | None:
    """What a trial that has reported this will report at a later step; None when no curve can tell."""
    sign = 1.0 if direction is Direction.MAXIMIZE else -1.0
    places = np.unique(np.linspace(0, len(history) - 1, min(len(history), _MOST_POINTS)).round().astype(int))
    rising = sign * np.array(history, dtype=float)[places]
    lowest, reach = float(rising.min()), float(rising.max()) - float(rising.min())
    if not abs(reach) < _LARGEST:
        return None  # nothing can be computed with them
    if reach == 0.0:
        return history[-1]  # it has not moved at all
    scaled = (rising - lowest) / reach
    value = _weighted(fits(places + 1.0, scaled), scaled, step)
    return None if value is None else sign * (lowest + reach * value)


def _weighted(curves: Sequence[Fit], seen: FloatArray, step: int) -> float | None:
    """The mean of the curves that are believed, each by its Akaike weight."""
    with np.errstate(all="ignore"):
        values = np.array([curve.at(step) for curve in curves])
    count = len(seen)
    constants = np.array([len(curve.constants) for curve in curves])
    errors = np.array([max(curve.error, _EXACT) for curve in curves])
    criteria = count * np.log(errors) + 2 * constants * count / np.maximum(count - constants - 1, 0.5)
    believed = np.isfinite(values) & (values >= seen[-1] - _REACH) & (values <= seen.max() + _REACH)
    if believed.sum() < _FEWEST:
        return None
    weights = np.exp(-0.5 * (criteria[believed] - criteria[believed].min()))
    return float(np.average(values[believed], weights=weights))
