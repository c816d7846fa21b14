"""What makes a row worth trying, given what the model expects of it. All is for losses, and logarithmic.

- J. Mockus: On Bayesian Methods for Seeking the Extremum, 1974: expected improvement;
- S. Ament et al.: Unexpected Improvements to Expected Improvement for Bayesian Optimization, NeurIPS 2023: its
  logarithm, which tells hopeless rows apart too;
- J. Gardner et al.: Bayesian Optimization with Inequality Constraints, ICML 2014: weighted by feasibility.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen
from scipy.special import log_ndtr

from nni_tuner_gp.arguments import Utility
from nni_tuner_gp.arrays import FloatArray
from nni_tuner_gp.pareto import Volume

_LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)
#: below so many standard deviations the series is more exact than the difference
_FAR = -6.0
#: draws of the losses of a row, half of them mirrored
_DRAWS = 16
#: how softly a gain of volume begins
_SOFTNESS = 1e-3


@frozen(kw_only=True)
class Single:
    """Of one loss."""

    utility: Utility
    kappa: float
    xi: float

    def score(self, means: FloatArray, deviations: FloatArray, best: float) -> FloatArray:
        """The utility of rows, when ``best`` is the smallest loss so far."""
        if self.utility is Utility.UCB:
            return self.kappa * deviations - means
        improvement = (best - self.xi - means) / deviations
        if self.utility is Utility.POI:
            probability: FloatArray = log_ndtr(improvement)
            return probability
        return log_expected(improvement) + np.log(deviations)


def log_expected(improvement: FloatArray) -> FloatArray:
    """Logarithm of the expected positive part of a normal number with this mean and standard deviation 1."""
    density = -0.5 * improvement**2 - _LOG_ROOT_2PI
    near = np.clip(improvement, _FAR, -_FAR)
    ratio = near * np.exp(log_ndtr(near) + 0.5 * near**2 + _LOG_ROOT_2PI)
    square = np.minimum(improvement, _FAR) ** 2
    tail = np.log((1 - 3 / square + 15 / square**2) / square)
    low = density + np.where(improvement > _FAR, np.log(np.maximum(1 + ratio, 1e-300)), tail)
    return np.where(improvement < -_FAR, low, np.log(np.maximum(improvement, -_FAR)))


def log_feasible(means: FloatArray, deviations: FloatArray, low: float, high: float) -> FloatArray:
    """Logarithm of the probability of lying between bounds."""
    above, below = (means - low) / deviations, (high - means) / deviations
    if math.isinf(low) or math.isinf(high):
        one_sided: FloatArray = log_ndtr(below if math.isinf(low) else above)
        return one_sided
    # That it is above the one and below the other, less one: from the better known of both tails.
    nearer = np.minimum(above, below)
    farther = np.maximum(above, below)
    outside = np.exp(np.minimum(log_ndtr(-farther) - log_ndtr(nearer), -1e-12))
    both: FloatArray = log_ndtr(nearer) + np.log1p(-outside)
    return both


class Several:
    """Of several losses, independent of each other: the volume that a row is expected to gain."""

    def __init__(self, volume: Volume, rng: np.random.Generator, losses: int) -> None:
        draws = rng.standard_normal((_DRAWS // 2, losses))
        self._draws = np.vstack([draws, -draws])
        self._volume = volume

    def score(self, means: FloatArray, deviations: FloatArray) -> FloatArray:
        """The logarithm of the expected gain; a column of means and deviations for each loss."""
        total = np.zeros(len(means))
        for draw in self._draws:
            gains = self._volume.gains(means + deviations * draw) / _SOFTNESS
            total += np.logaddexp(0.0, gains).sum(axis=1)
        score: FloatArray = np.log(total + 1e-300)
        return score
