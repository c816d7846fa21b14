"""The most promising row: what good results make likelier than the others do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nni_tuner_tpe.features import Features
from nni_tuner_tpe.layout import Layout
from nni_tuner_tpe.mixture import Mixture
from nni_tuner_tpe.parzen import FloatArray

#: rounds of moves away from the best candidate, each half as far as the one before
_ROUNDS = 3
#: share of the coordinates that a move changes
_MOVED = 0.3
#: what a row that was tried before loses
_TRIED = 1e6


class Search:
    """Looks for the row that ``good`` makes most likely as compared with ``bad``."""

    def __init__(
        self,
        layout: Layout,
        features: Features,
        good: Mixture,
        bad: Mixture,
        rng: np.random.Generator,
        is_new: Callable[[FloatArray], bool],
    ) -> None:
        self._layout = layout
        self._features = features
        self._good = good
        self._bad = bad
        self._rng = rng
        self._is_new = is_new

    def best(self, candidates: int) -> FloatArray:
        """A dense row, snapped: the best of candidates drawn from ``good``, and of moves away from the best of them. A
        row that ``is_new`` denies is taken only when there is no other."""
        best, height = self._best_of(self._good.draw(self._rng, candidates))
        for turn in range(_ROUNDS):
            row, promise = self._best_of(self._moves(best, candidates, self._good.widths * 0.5**turn))
            if promise > height:
                best, height = row, promise
        return best

    def _best_of(self, dense: FloatArray) -> tuple[FloatArray, float]:
        rows = self._layout.active(self._layout.snapped(dense))
        features = self._features.of(rows)
        promise = self._good.log_density(features) - self._bad.log_density(features)
        while True:
            best = int(promise.argmax())
            if promise[best] < -_TRIED / 2 or self._is_new(rows[best]):
                return dense[best], float(promise[best])
            promise[best] -= _TRIED

    def _moves(self, row: FloatArray, count: int, widths: FloatArray) -> FloatArray:
        """Rows that differ from one in some of the coordinates. What would leave the bounds stays on them: the best
        values of many parameters are the largest or smallest allowed."""
        layout, rng = self._layout, self._rng
        shape = (count, len(row))
        unordered = layout.categories > 0
        moved = ~unordered & (rng.random(shape) < max(_MOVED, 1 / len(row)))
        moves = np.where(moved, row + widths * rng.standard_normal(shape), row)
        if unordered.any():
            anew = unordered & (rng.random(shape) < 0.5 / len(row))
            moves = np.where(anew, layout.draw(rng, count), moves)
        return np.where(layout.bounded, np.clip(moves, 0.0, 1.0), moves)
