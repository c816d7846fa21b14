"""Finds the row with the highest score: draws from the whole space, then moves around the best, ever shorter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nni_tuner_gp.arrays import FloatArray
from nni_tuner_gp.layout import Layout, identity

Score = Callable[[FloatArray], FloatArray]

#: rows drawn from the space, and as many moves around the best results
_POOL = 300
_FIRST_STEP = 0.15
#: lengths of the later moves, how many rows they start from, and how many moves there are
_STEPS = (0.1, 0.05, 0.02, 0.01)
_PARENTS = 10
_MOVES = 120
#: share of the coordinates that a move changes, and of the unordered ones among them
_MOVED = 0.3
_MOVED_UNORDERED = 0.5


class Search:
    """Looks for new rows in a layout."""

    def __init__(self, layout: Layout, rng: np.random.Generator) -> None:
        self._layout = layout
        self._rng = rng

    def best(self, score: Score, incumbents: FloatArray, tried: set[bytes]) -> FloatArray:
        """The active row with the highest score. One that was tried is taken only when nothing else is found."""
        rows = self._layout.active(self._layout.draw(self._rng, _POOL))
        if len(incumbents):
            rows = np.vstack([rows, self._moved(incumbents, _POOL, _FIRST_STEP)])
        scores = score(rows)
        for step in _STEPS:
            best = np.argsort(-scores, kind="stable")[:_PARENTS]
            moved = self._moved(rows[best], _MOVES, step)
            rows, scores = np.vstack([rows, moved]), np.concatenate([scores, score(moved)])
        order = np.argsort(-scores, kind="stable")
        return next((rows[place] for place in order if identity(rows[place]) not in tried), rows[order[0]])

    def _moved(self, parents: FloatArray, count: int, step: float) -> FloatArray:
        """Active rows that differ in some coordinates from random ones of these. What would leave the bounds stays on
        them: the best values of many parameters are the largest or smallest allowed."""
        layout, rng = self._layout, self._rng
        shape = (count, len(layout))
        rows = parents[rng.integers(len(parents), size=count)]
        fresh = layout.draw(rng, count)
        rows = np.where(np.isnan(rows), fresh, rows)
        changes = rng.random(shape)
        share = max(_MOVED, 1.5 / max(1, len(layout)))
        rows = np.where((changes < share) & ~layout.unordered, rows + step * rng.standard_normal(shape), rows)
        rows = np.where((changes < share * _MOVED_UNORDERED) & layout.unordered, fresh, rows)
        rows = np.where(layout.bounded, np.clip(rows, 0.0, 1.0), rows)
        return layout.active(layout.settled(rows))
