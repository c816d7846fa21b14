"""Results received so far, and which of them are the good ones."""

from __future__ import annotations

import numpy as np

from nni_tuner_tpe.losses import IndexArray, most_volume, surpassed, surpassing
from nni_tuner_tpe.parzen import FloatArray

_SMALLEST = 64


class Results:
    """Vectors of internal values, rows of coordinates and losses, one of each for every result, as they came."""

    def __init__(self, parameters: int, coordinates: int, objectives: int) -> None:
        self._vectors = np.empty((_SMALLEST, parameters))
        self._rows = np.empty((_SMALLEST, coordinates))
        self._losses = np.empty((_SMALLEST, objectives))
        #: how many others surpass each; kept for several objectives only
        self._surpassed = np.zeros(_SMALLEST, dtype=np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def vectors(self) -> FloatArray:
        """Internal values, by result."""
        return self._vectors[: self._count]

    @property
    def rows(self) -> FloatArray:
        """Coordinates, by result."""
        return self._rows[: self._count]

    @property
    def losses(self) -> FloatArray:
        """Losses, by result."""
        return self._losses[: self._count]

    def add(self, vector: FloatArray, row: FloatArray, losses: FloatArray) -> None:
        """One more result."""
        if self._count == len(self._losses):
            self._grow()
        if len(losses) > 1:
            known = self.losses
            self._surpassed[: self._count] += surpassed(losses, known)
            self._surpassed[self._count] = surpassing(losses, known).sum()
        self._vectors[self._count], self._rows[self._count], self._losses[self._count] = vector, row, losses
        self._count += 1

    def best(self, count: int) -> IndexArray:
        """The best results, best first; those that came earlier first where they are alike."""
        if self._losses.shape[1] > 1:
            return self._least_surpassed(count)
        losses = self.losses[:, 0]
        if count < len(losses):
            limit = np.partition(losses, count - 1)[count - 1]
            candidates = np.flatnonzero(losses <= limit)
        else:
            candidates = np.arange(len(losses))
        chosen: IndexArray = candidates[np.argsort(losses[candidates], kind="stable")][:count]
        return chosen

    def _least_surpassed(self, count: int) -> IndexArray:
        by = self._surpassed[: self._count]
        order = np.argsort(by, kind="stable")
        if count >= len(order):
            return order
        limit = by[order[count - 1]]
        sure = order[by[order] < limit]
        alike = np.flatnonzero(by == limit)
        return np.concatenate([sure, alike[most_volume(self.losses[alike], count - len(sure))]])

    def _grow(self) -> None:
        self._vectors, self._rows, self._losses, self._surpassed = (
            np.concatenate([table, np.zeros_like(table)])
            for table in (self._vectors, self._rows, self._losses, self._surpassed)
        )


def weights_by_gain(losses: FloatArray, best: IndexArray) -> FloatArray:
    """How much better each of the best results is than the worst of them, with a mean of 1: what counts is how much is
    gained and not how often (Watanabe 2023, 3.2.1). All alike with several losses."""
    count = len(best)
    if losses.shape[1] > 1 or count < 2:
        return np.ones(count)
    # Halved, for the difference of the largest floats is infinite.
    halves = losses[best, 0] / 2
    gains = halves[-1] - halves
    if not gains[0] > 0:
        return np.ones(count)
    gains = gains / gains[0]
    gains += 0.1 * gains.mean()
    weights: FloatArray = gains / gains.mean()
    return weights
