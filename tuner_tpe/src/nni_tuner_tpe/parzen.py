"""One-dimensional mixtures of normal distributions around results: what TPE models a number with.

The estimator is that of Bergstra et al. 2011 (adaptive Parzen windows with the prior as one more component), with the
weights of Bergstra et al. 2013. Its constants are discussed in Watanabe 2023.
"""

from __future__ import annotations

import math
import operator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from attrs import frozen

FloatArray = npt.NDArray[np.float64]

#: a component is never narrower than the prior by more than this
_NARROWEST = 100
#: a range so narrow that densities in it would be too large for a float counts as a point
_POINT = 1e-290
#: stands for a density too small for a float; above zero, so that its logarithm stays a number
_TINY = float(np.finfo(np.float64).tiny)
#: beyond this many standard deviations nothing is left of a normal distribution in double precision
_FAR = 8.3
_SQRT_HALF = math.sqrt(0.5)
_SQRT_2PI = math.sqrt(2 * math.pi)


@frozen(kw_only=True)
class Prior:
    """What the search space says of a number: a normal distribution, cut off at ``low`` and ``high``."""

    mean: float
    sigma: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def bounded(self) -> bool:
        return self.low > -math.inf

    @property
    def is_point(self) -> bool:
        """Whether there is nothing to choose, and no mixture can be made."""
        return self.sigma < _POINT

    def draw(self, rng: np.random.Generator) -> float:
        """One number from the search space: uniform between bounds, else normal."""
        return rng.uniform(self.low, self.high) if self.bounded else rng.normal(self.mean, self.sigma)


@lru_cache(maxsize=16)
def rank_weights(count: int, full: int) -> FloatArray:
    """Weights of ``count`` results: 1 for the last ``full`` of them, rising evenly from ``1 / count`` before.

    Parameters that have as many results share the answer, which cannot be written to.
    """
    weights = np.ones(count)
    if count > full:
        weights[: count - full] = np.linspace(1.0 / count, 1.0, count - full)
    weights.flags.writeable = False
    return weights


class ParzenMixture:
    """A normal distribution around each of some values, as wide as the gap to its neighbours, and the prior."""

    def __init__(self, values: FloatArray, prior: Prior, *, prior_weight: float, full: int) -> None:
        """``values`` come best first; ``full`` of them, from the end, weigh fully (see :func:`rank_weights`)."""
        means = np.concatenate([values, [prior.mean]])
        weights = np.concatenate([rank_weights(len(values), full), [prior_weight]])
        weights /= weights.sum()
        order = means.argsort(kind="stable")
        self._prior = prior
        self._means = means[order]
        self._weights = weights[order]
        self._sigmas = _widths(self._means, prior)
        # What is cut off at the bounds is made up for by the rest, so that the density integrates to 1 again.
        self._heights = self._weights / (self._sigmas * (_SQRT_2PI * self._accepted_mass()))

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """``count`` numbers from the mixture, none of them outside the bounds."""
        accepted: list[FloatArray] = []
        missing = count
        while missing:
            component = rng.multinomial(1, self._weights, missing).argmax(axis=1)
            # The numbers of rng.normal(means, sigmas), which takes five times as long.
            numbers = self._means[component] + self._sigmas[component] * rng.standard_normal(missing)
            if self._prior.bounded:
                numbers = numbers[(numbers >= self._prior.low) & (numbers <= self._prior.high)]
            accepted.append(numbers)
            missing -= len(numbers)
        return np.concatenate(accepted)

    def log_density(self, numbers: FloatArray) -> FloatArray:
        """Logarithm of the density at each number; finite however far away it is."""
        with np.errstate(over="ignore"):
            terms = numbers[:, np.newaxis] - self._means
            terms /= self._sigmas
            terms *= terms
        terms *= -0.5
        np.exp(terms, out=terms)
        logarithms: FloatArray = np.log(np.maximum(terms @ self._heights, _TINY))
        return logarithms

    def _accepted_mass(self) -> float:
        """The part of the mixture that lies between the bounds."""
        if not self._prior.bounded:
            return 1.0
        below = _mass_beyond((self._means - self._prior.low) / self._sigmas, self._weights)
        above = _mass_beyond((self._prior.high - self._means) / self._sigmas, self._weights)
        return 1.0 - below - above


def _widths(means: FloatArray, prior: Prior) -> FloatArray:
    """Standard deviations for sorted means: the wider gap to a neighbour, within limits; the prior keeps its own."""
    count = len(means)
    widths = np.full(count, 0.5 * prior.sigma)
    if count > 2:
        with np.errstate(over="ignore"):
            gaps = means[1:] - means[:-1]
        widths[0], widths[-1] = gaps[0], gaps[-1]
        np.maximum(gaps[:-1], gaps[1:], out=widths[1:-1])
    widths[means.searchsorted(prior.mean)] = prior.sigma
    np.minimum(widths, prior.sigma, out=widths)
    np.maximum(widths, prior.sigma / min(_NARROWEST, count + 1), out=widths)
    return widths


def _mass_beyond(deviations: FloatArray, weights: FloatArray) -> float:
    """The part of standard normal distributions that lies beyond a bound each.

    Only the few near the bound need the error function, and :func:`math.erfc` is exact and quick for those: scipy,
    which would do it in one call, costs a tuner process 50 MB and half a second.
    """
    near = np.flatnonzero(deviations < _FAR)
    scaled = (deviations[near] * _SQRT_HALF).tolist()
    return 0.5 * math.fsum(map(operator.mul, weights[near].tolist(), map(math.erfc, scaled)))
