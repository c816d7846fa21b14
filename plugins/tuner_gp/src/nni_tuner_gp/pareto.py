"""Results with several losses: which are better, and how much volume a further one would gain."""

from __future__ import annotations

import numpy as np

from nni_tuner_gp.arrays import BoolArray, FloatArray, IndexArray

#: rows that are compared at a time
_CHUNK = 256


def front(losses: FloatArray) -> BoolArray:
    """Which rows no other row surpasses."""
    best: BoolArray = surpassed(losses) == 0
    return best


def surpassed(losses: FloatArray) -> IndexArray:
    """Of each row, how many rows are nowhere worse and somewhere better."""
    counts = np.zeros(len(losses), dtype=np.intp)
    for start in range(0, len(losses), _CHUNK):
        some = losses[start : start + _CHUNK, np.newaxis]
        better = np.all(losses <= some, axis=2) & np.any(losses < some, axis=2)
        counts[start : start + _CHUNK] = better.sum(axis=1)
    return counts


class Volume:
    """The volume that rows surpass, up to a reference point, measured along random directions (D. Golovin, Q. Zhang:
    Random Hypervolume Scalarizations for Provable Multi-Objective Black Box Optimization, ICML 2020)."""

    def __init__(self, reference: FloatArray, span: FloatArray, directions: FloatArray) -> None:
        """``directions`` are rows of positive numbers."""
        self._reference = reference
        self._span = span
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        self._inverse = 1 / np.maximum(directions / lengths, 1e-6)
        self._best = np.zeros(len(directions))

    def surpass(self, losses: FloatArray) -> None:
        """Count what rows surpass as surpassed."""
        if len(losses):
            self._best = np.maximum(self._best, self._reaches(losses).max(axis=0))

    def gains(self, losses: FloatArray) -> FloatArray:
        """The volume that each row would add, along each direction; negative where it falls short."""
        gained: FloatArray = self._reaches(losses) - self._best
        return gained

    def _reaches(self, losses: FloatArray) -> FloatArray:
        heights = (self._reference - losses) / self._span
        nearest = heights[:, :1] * self._inverse[:, 0]
        for each in range(1, heights.shape[1]):
            np.minimum(nearest, heights[:, each : each + 1] * self._inverse[:, each], out=nearest)
        reaches: FloatArray = np.sign(nearest) * np.abs(nearest) ** heights.shape[1]
        return reaches
