"""The results so far, as tables that grow, and those of them that the model is made of."""

from __future__ import annotations

import numpy as np

from nni_core.model import Parameters
from nni_tuner_gp.arrays import FloatArray, IndexArray
from nni_tuner_gp.layout import Layout, identity
from nni_tuner_gp.outcomes import Outcomes
from nni_tuner_gp.pareto import surpassed

_FIRST_SIZE = 64


class History:
    """Parameters, their rows in the layout of the moment, and their outputs, in the order in which they came."""

    def __init__(self, layout: Layout, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._count = 0
        self._rows = np.empty((_FIRST_SIZE, len(layout)))
        self._outputs = np.empty((_FIRST_SIZE, len(outcomes)))
        self._layout = layout
        self.parameters: list[Parameters] = []
        #: identities of the rows that were suggested or learnt
        self.tried: set[bytes] = set()

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> FloatArray:
        """Active rows, one for each result."""
        return self._rows[: self._count]

    @property
    def outputs(self) -> FloatArray:
        """Outputs, a row for each result."""
        return self._outputs[: self._count]

    def add(self, parameters: Parameters, row: FloatArray, outputs: FloatArray) -> bool:
        """Whether the row says anything, so that the result was kept."""
        if np.isnan(row).all():
            return False
        if self._count == len(self._rows):
            self._rows = np.vstack([self._rows, np.empty_like(self._rows)])
            self._outputs = np.vstack([self._outputs, np.empty_like(self._outputs)])
        self._rows[self._count], self._outputs[self._count] = row, outputs
        self._count += 1
        self.parameters.append(parameters)
        self.tried.add(identity(row))
        return True

    def in_layout(self, layout: Layout) -> History:
        """The same results in another search space."""
        moved = History(layout, self._outcomes)
        for parameters, outputs in zip(self.parameters, self.outputs, strict=True):
            moved.add(parameters, layout.row(parameters), outputs)
        return moved

    def order(self) -> IndexArray:
        """Positions of the results, best first: those that keep all bounds, then by how far they are outside."""
        losses = self.outputs[:, : self._outcomes.losses]
        rank = losses[:, 0] if self._outcomes.losses == 1 else surpassed(losses)
        feasible = self._outcomes.feasible(self.outputs)
        excess = np.where(feasible, 0.0, self._outcomes.excess(self.outputs))
        positions: IndexArray = np.lexsort((rank, excess, ~feasible))
        return positions

    def chosen(self, order: IndexArray, most: int) -> IndexArray:
        """At most so many positions, in the order in which they came: half of them the best, the others the latest."""
        if self._count <= most:
            return np.arange(self._count)
        best = order[: most // 2]
        others = np.setdiff1d(np.arange(self._count), best)[-(most - len(best)) :]
        return np.sort(np.concatenate([best, others]))
