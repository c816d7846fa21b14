"""Outputs made to look normal, whatever their size and shape.

A Gaussian process expects targets around 0, of size 1 and without heavy tails. Losses are nothing like it: a few
diverge, most lie close together. They are centred and scaled by the better half of them, what is hopelessly worse is
drawn in, and a power transformation (I.-K. Yeo, R. Johnson: A New Family of Power Transformations to Improve Normality
or Symmetry, Biometrika 2000; for this purpose A. Cowen-Rivers et al.: HEBO, JAIR 2022) does the rest. All of it keeps
the order.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from nni_tuner_gp.arrays import FloatArray

_POWERS = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
#: no number is larger, so that differences and squares of what is scaled stay finite
_LARGEST = 1e150
_TINY = 1e-12
#: of scaled numbers: a loss worse than the median by so many spreads of the better half is hopeless
_KNEE = 5.0


@frozen(kw_only=True)
class Warp:
    """A rising function from numbers to targets."""

    center: float = 0.0
    scale: float = 1.0
    power: float = 1.0
    mean: float = 0.0
    deviation: float = 1.0
    #: scaled numbers above are drawn in, logarithmically
    knee: float = math.inf

    def __call__(self, numbers: FloatArray) -> FloatArray:
        """Targets of finite numbers."""
        return (self._shaped(_bounded(numbers)) - self.mean) / self.deviation

    @classmethod
    def fitted(cls, numbers: FloatArray) -> Warp:
        """The function that makes finite numbers most normal. Of equal ones, or of a single one, the targets are 0."""
        numbers = _bounded(numbers)
        center = float(np.median(numbers))
        better = center - numbers[numbers <= center]
        spread = float(np.sqrt(np.mean(better**2)))
        scale = spread if spread > _TINY * max(1.0, abs(center)) else float(np.abs(numbers - center).max())
        if not scale > _TINY * abs(center) or scale < 1e-300:
            return cls(center=center, scale=1.0)
        best = max((cls._candidate(numbers, center, scale, power) for power in _POWERS), key=lambda found: found[0])
        return best[1]

    @classmethod
    def _candidate(cls, numbers: FloatArray, center: float, scale: float, power: float) -> tuple[float, Warp]:
        """Log-likelihood of a power, and the function with it."""
        warp = cls(center=center, scale=scale, power=power, knee=_KNEE)
        scaled = warp._scaled(numbers)
        shaped = warp._shaped(numbers)
        variance = float(shaped.var())
        if not _TINY < variance < _LARGEST:
            return -math.inf, cls(center=center, scale=scale, knee=_KNEE)
        jacobian = (power - 1) * float(np.sum(np.sign(scaled) * np.log1p(np.abs(scaled))))
        likelihood = jacobian - 0.5 * len(numbers) * math.log(variance)
        mean, deviation = float(shaped.mean()), math.sqrt(variance)
        return likelihood, cls(center=center, scale=scale, power=power, mean=mean, deviation=deviation, knee=_KNEE)

    def _scaled(self, numbers: FloatArray) -> FloatArray:
        scaled = np.clip((numbers - self.center) / self.scale, -_LARGEST, _LARGEST)
        above = np.maximum(scaled - self.knee, 0.0)
        return np.minimum(scaled, self.knee) + np.log1p(above) if math.isfinite(self.knee) else scaled

    def _shaped(self, numbers: FloatArray) -> FloatArray:
        scaled = self._scaled(numbers)
        positive, negative = np.maximum(scaled, 0.0), np.maximum(-scaled, 0.0)
        return _power(positive, self.power) - _power(negative, 2.0 - self.power)


def _power(numbers: FloatArray, power: float) -> FloatArray:
    """Of numbers from 0 on, ``((1 + x) ** power - 1) / power``."""
    if power == 0.0:
        return np.log1p(numbers)
    result: FloatArray = np.expm1(power * np.log1p(numbers)) / power
    return result


def _bounded(numbers: FloatArray) -> FloatArray:
    bounded: FloatArray = np.clip(np.asarray(numbers, dtype=float), -_LARGEST, _LARGEST)
    return bounded
