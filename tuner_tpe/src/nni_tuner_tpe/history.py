"""Results received so far, in the order that TPE reads them: best first, equal ones as they came."""

from __future__ import annotations

import numpy as np

from nni_tuner_tpe.arguments import ConstantLiar
from nni_tuner_tpe.parzen import FloatArray

_SMALLEST = 64


class History:
    """A table with a row for each parameter and a column for each result, sorted by loss.

    Parameters that a result does not have, because they are nested in another branch or were not in the search space
    then, are NaN. A row lies in memory in one piece, as the estimators want it.
    """

    def __init__(self, parameters: int) -> None:
        self._table = np.empty((parameters, _SMALLEST))
        self._losses = np.empty(_SMALLEST)
        self._count = 0
        self._lie_at = 0
        self._lies = np.empty((parameters, 0))

    def __len__(self) -> int:
        return self._count

    @property
    def losses(self) -> FloatArray:
        """The losses, smallest first."""
        return self._losses[: self._count]

    @property
    def table(self) -> FloatArray:
        """The values that led to them: ``table[parameter, result]``."""
        return self._table[:, : self._count]

    def add(self, vector: FloatArray, loss: float) -> None:
        """One more result, which comes after equal ones."""
        if self._count == len(self._losses):
            self._grow(2 * self._count)
        at = int(np.searchsorted(self.losses, loss, side="right"))
        old, new = slice(at, self._count), slice(at + 1, self._count + 1)
        self._losses[new] = self._losses[old]
        self._table[:, new] = self._table[:, old]
        self._losses[at] = loss
        self._table[:, at] = vector
        self._count += 1

    def extend(self, vectors: FloatArray, losses: FloatArray) -> None:
        """Many results at once, a column each; the same as adding them one after the other."""
        all_losses = np.concatenate([self.losses, losses])
        order = np.argsort(all_losses, kind="stable")
        table = np.concatenate([self.table, vectors], axis=1)[:, order]
        if len(order) > len(self._losses):
            self._grow(len(order))
        self._count = len(order)
        self.losses[:] = all_losses[order]
        self.table[:] = table

    def pretend(self, vectors: list[FloatArray], liar: ConstantLiar) -> None:
        """Count trials that still run as if each had the same loss; takes the place of what was pretended before."""
        if liar is ConstantLiar.NONE:
            vectors = []
        self._lies = np.array(vectors).T if vectors else np.empty((len(self._table), 0))
        self._lie_at = int(np.searchsorted(self.losses, self._lie(liar), side="right"))

    def values(self, parameter: int) -> FloatArray:
        """Every value of a parameter, best first, pretended ones among them."""
        row = self._table[parameter, : self._count]
        if self._lies.shape[1]:
            row = np.concatenate([row[: self._lie_at], self._lies[parameter], row[self._lie_at :]])
        return row[~np.isnan(row)]

    def _lie(self, liar: ConstantLiar) -> float:
        if not self._count:
            return 0.0
        if liar is ConstantLiar.MEAN:
            # Divided first: the sum of very large losses would be infinite.
            return float((self.losses / self._count).sum())
        return float(self.losses[-1 if liar is ConstantLiar.WORST else 0])

    def _grow(self, capacity: int) -> None:
        table, losses = np.empty((len(self._table), capacity)), np.empty(capacity)
        table[:, : self._count] = self.table
        losses[: self._count] = self.losses
        self._table, self._losses = table, losses
