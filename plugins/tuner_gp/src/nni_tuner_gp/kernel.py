"""How alike two rows are: a Matérn kernel over weighted distances.

Squared distances of the coordinates add up, each with a weight of its own (automatic relevance determination). Of an
unordered coordinate the distance is 0 or 1, which is Hamming's; inactive is a value like any other there, and the
middle of an ordered coordinate: that two rows are of different branches is told by the choice above.
"""

from __future__ import annotations

import numpy as np

from nni_tuner_gp.arrays import FloatArray, IndexArray
from nni_tuner_gp.layout import Layout

_INACTIVE_ORDERED = 0.5
_INACTIVE_UNORDERED = -1.0


def filled(layout: Layout, rows: FloatArray) -> FloatArray:
    """Active rows with numbers in place of NaN."""
    return np.where(np.isnan(rows), np.where(layout.unordered, _INACTIVE_UNORDERED, _INACTIVE_ORDERED), rows)


def matern(squares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Matérn 5/2 at squared distances: the correlation, and its derivative by the squared distance."""
    distance = np.sqrt(5.0 * squares)
    fall = np.exp(-distance)
    return (1.0 + distance + (5.0 / 3.0) * squares) * fall, (-5.0 / 6.0) * (1.0 + distance) * fall


def correlation(squares: FloatArray) -> FloatArray:
    """Matérn 5/2 at squared distances; ``squares`` is overwritten."""
    distance = np.sqrt(5.0 * squares)
    squares *= 5.0 / 3.0
    squares += distance
    squares += 1.0
    np.negative(distance, out=distance)
    np.exp(distance, out=distance)
    squares *= distance
    return squares


class Pairs:
    """Squared distances by coordinate of all pairs of rows, before they are weighted."""

    def __init__(self, layout: Layout, rows: FloatArray) -> None:
        points = filled(layout, rows).T
        self.count = len(rows)
        self.lower, self.upper = np.tril_indices(self.count, -1)
        differences = points[:, self.lower] - points[:, self.upper]
        unordered = layout.unordered
        differences[unordered] = differences[unordered] != 0
        #: a row for each coordinate
        self.squares: FloatArray = np.square(differences)


class Features:
    """Rows as vectors whose dot products are weighted distances: an unordered coordinate has an entry for each of the
    values that the rows of the model have."""

    def __init__(self, layout: Layout, rows: FloatArray) -> None:
        self._layout = layout
        points = filled(layout, rows)
        self._ordered: IndexArray = np.flatnonzero(~layout.unordered)
        owners: list[int] = []
        values: list[float] = []
        for place in np.flatnonzero(layout.unordered):
            seen = np.unique(points[:, place])
            owners += [int(place)] * len(seen)
            values += seen.tolist()
        self._owners: IndexArray = np.array(owners, dtype=np.intp)
        self._values = np.array(values)
        #: of the model's own rows
        self.own: FloatArray = self._of(points)

    def of(self, rows: FloatArray) -> FloatArray:
        """Features of active rows."""
        return self._of(filled(self._layout, rows))

    def distances(self, weights: FloatArray, some: FloatArray, others: FloatArray) -> FloatArray:
        """Weighted squared distances between rows with these features."""
        scale = np.sqrt(np.concatenate([weights[self._ordered], 0.5 * weights[self._owners]]))
        ordered = len(self._ordered)
        left, right = some * scale, others * scale
        base = float(weights[self._layout.unordered].sum())
        squares: FloatArray = (-2.0 * left) @ right.T
        squares += np.square(left[:, :ordered]).sum(axis=1)[:, np.newaxis] + base
        squares += np.square(right[:, :ordered]).sum(axis=1)
        return np.maximum(squares, 0.0, out=squares)

    def _of(self, points: FloatArray) -> FloatArray:
        return np.hstack([points[:, self._ordered], points[:, self._owners] == self._values])
