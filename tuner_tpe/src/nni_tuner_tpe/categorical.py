"""Distributions over the indices of unordered values: what TPE models ``choice`` and ``randint`` with.

Bergstra et al. 2011: the frequency of each value among the results, on top of a uniform prior. Nothing here grows with
the number of values, only with that of results, so that a ``randint`` over a billion seeds costs no memory.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nni_tuner_tpe.parzen import FloatArray, rank_weights

IndexArray = npt.NDArray[np.int64]

#: up to this many values, a table of all of them is quicker than sorting those that were seen
_TABLE_SIZE = 1000


class CategoricalMixture:
    """Weighted counts of indices below ``size``, and ``prior_weight`` for each of them, seen or not."""

    def __init__(self, indices: IndexArray, size: int, *, prior_weight: float, full: int) -> None:
        """``indices`` come best first; ``full`` of them, from the end, weigh fully."""
        weights = rank_weights(len(indices), full)
        if size <= _TABLE_SIZE:
            self._seen = np.arange(size, dtype=np.int64)
            self._masses = np.bincount(indices, weights, minlength=size)
        else:
            self._seen, position = np.unique(indices, return_inverse=True)
            self._masses = np.bincount(position, weights, minlength=len(self._seen))
        self._size = size
        self._prior_weight = prior_weight
        self._total = float(self._masses.sum()) + size * prior_weight

    def draw(self, rng: np.random.Generator, count: int) -> IndexArray:
        """``count`` indices, by inverting the distribution function."""
        target = rng.random(count) * self._total
        # The function rises by the prior weight at each index, and by its mass more at a seen one.
        before = np.concatenate([[0.0], np.cumsum(self._masses)])
        ends = (self._seen + 1) * self._prior_weight + before[1:]
        passed = np.searchsorted(ends, target, side="right")
        reached = np.floor((target - before[passed]) / self._prior_weight)
        indices: IndexArray = np.minimum(reached, np.append(self._seen, self._size - 1)[passed]).astype(np.int64)
        return indices

    def log_probability(self, indices: IndexArray) -> FloatArray:
        """Logarithm of the probability of each index."""
        if not len(self._seen):
            return np.full(len(indices), np.log(self._prior_weight / self._total))
        position = np.minimum(np.searchsorted(self._seen, indices), len(self._seen) - 1)
        mass = np.where(self._seen[position] == indices, self._masses[position], 0.0)
        return np.log((mass + self._prior_weight) / self._total)
