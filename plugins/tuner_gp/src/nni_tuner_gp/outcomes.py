"""What a result says: the losses to make small, and the numbers that have to stay within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nni_core.api import TunedObjective, objective_numbers
from nni_core.model import Direction, Json, named_number
from nni_tuner_gp.arguments import OutcomeConstraint
from nni_tuner_gp.arrays import BoolArray, FloatArray

_DEFAULT = "default"


class Outcomes:
    """Reads results as rows of *outputs*: first the losses, one for each objective, then what the constraints bound."""

    def __init__(
        self, sign: int, objectives: Sequence[TunedObjective], constraints: Sequence[OutcomeConstraint]
    ) -> None:
        """``sign`` is that of the one objective when there are not several."""
        self._objectives = objectives
        self._signs = [1 if one.direction is Direction.MINIMIZE else -1 for one in objectives] or [sign]
        #: how many outputs are losses
        self.losses = len(self._signs)
        self._constraints = constraints
        first = {objectives[0].name, _DEFAULT} if objectives else {_DEFAULT}
        self._metrics = [_DEFAULT if one.metric in first else one.metric for one in constraints]

    def __len__(self) -> int:
        return self.losses + len(self._constraints)

    @property
    def bounds(self) -> Sequence[tuple[float, float]]:
        """Of each constraint, the least and the largest output allowed."""
        return [
            (-math.inf if one.lower is None else one.lower, math.inf if one.upper is None else one.upper)
            for one in self._constraints
        ]

    def of(self, value: Json) -> FloatArray | None:
        """The outputs of a result, NaN for what it lacks of constraints; None when it lacks a loss."""
        numbers = objective_numbers(value, self._objectives)
        if numbers is None:
            return None
        losses = [sign * number for sign, number in zip(self._signs, numbers, strict=True)]
        bounded = [math.nan if (number := named_number(value, name)) is None else number for name in self._metrics]
        return np.array([*losses, *bounded])

    def feasible(self, outputs: FloatArray) -> BoolArray:
        """Which rows of outputs are known to keep all bounds."""
        kept = np.ones(len(outputs), dtype=bool)
        for column, (low, high) in enumerate(self.bounds, self.losses):
            kept &= (outputs[:, column] >= low) & (outputs[:, column] <= high)
        return kept

    def excess(self, outputs: FloatArray) -> FloatArray:
        """How far rows of outputs are outside the bounds, in the ranges of the outputs; infinite where not known."""
        total = np.zeros(len(outputs))
        for column, (low, high) in enumerate(self.bounds, self.losses):
            # Halves, so that no difference of two floats is infinite.
            halves = outputs[:, column] / 2
            known = np.isfinite(halves)
            span = float(np.ptp(halves[known])) if known.any() else 0.0
            beyond = np.maximum(np.maximum(low / 2 - halves, halves - high / 2), 0.0)
            total += np.where(known, beyond / (span or 1.0), math.inf)
        return total
