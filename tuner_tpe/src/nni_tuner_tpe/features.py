"""What the log-density of every kernel is a linear function of, so that all of them are one product of matrices."""

from __future__ import annotations

import numpy as np

from nni_tuner_tpe.layout import Layout
from nni_tuner_tpe.parzen import FloatArray

#: up to so many indices of unordered coordinates, all are looked for; of more, those that kernels have
_TABLE_SIZE = 256


class Features:
    """Of a row: 1, x and x² of ordered coordinates that are known; of unordered ones, whether they are known, and
    whether they are each of some indices."""

    def __init__(self, layout: Layout, kernels: FloatArray) -> None:
        """``kernels`` are the rows whose indices matter."""
        self._layout = layout
        unordered = layout.unordered
        sizes = layout.categories[unordered]
        if sizes.sum() <= _TABLE_SIZE:
            self.axes = np.repeat(unordered, sizes)
            self.indices = np.arange(len(self.axes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        else:
            columns = [kernels[:, each] for each in unordered]
            seen = [np.unique(column[~np.isnan(column)]) for column in columns]
            #: the coordinate of each of the indices
            self.axes = np.repeat(unordered, [len(one) for one in seen])
            #: which are looked for
            self.indices = np.concatenate(seen)

    def of(self, rows: FloatArray) -> FloatArray:
        """The features, by row."""
        known = ~np.isnan(rows)
        ordered, unordered = self._layout.ordered, self._layout.unordered
        numbers = np.where(known, rows, 0.0)[:, ordered]
        seen = rows[:, self.axes] == self.indices
        return np.hstack([known[:, ordered], numbers, numbers * numbers, known[:, unordered], seen])
