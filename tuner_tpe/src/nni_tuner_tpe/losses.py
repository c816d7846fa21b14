"""What makes one trial better than another: a loss, or several.

With several losses the trials are sorted by how many others surpass them (Fonseca and Fleming 1993): those that none
surpasses are the Pareto front. Of trials that are alike in this, those come first that together surpass the largest
volume, as in Ozaki et al. 2022, so that the good ones stand for the whole front.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nni_core.api import TunedObjective, objective_numbers
from nni_core.model import Direction, Json
from nni_tuner_tpe.parzen import FloatArray

IndexArray = npt.NDArray[np.intp]

#: directions in which a volume is measured
_DIRECTIONS = 128
#: how far behind the worst row the volume begins, as a share of the range
_MARGIN = 0.1
#: rows that are compared in full
_MOST_CANDIDATES = 256


class Objectives:
    """Reads the losses in a result."""

    def __init__(self, sign: int, objectives: Sequence[TunedObjective]) -> None:
        """``sign`` is that of the one objective when there are not several."""
        self._objectives = objectives
        self._signs = [1 if objective.direction is Direction.MINIMIZE else -1 for objective in objectives] or [sign]

    @property
    def count(self) -> int:
        """How many losses a result has."""
        return len(self._signs)

    def losses(self, value: Json) -> FloatArray | None:
        """The losses in a result; None when one is missing or not finite."""
        numbers = objective_numbers(value, self._objectives)
        return None if numbers is None else np.array(self._signs) * np.array(numbers, dtype=float)


def surpassing(losses: FloatArray, others: FloatArray) -> npt.NDArray[np.bool_]:
    """Which rows of ``others`` are at least as good as ``losses`` everywhere, and better somewhere."""
    found: npt.NDArray[np.bool_] = np.all(others <= losses, axis=1) & np.any(others < losses, axis=1)
    return found


def surpassed(losses: FloatArray, others: FloatArray) -> npt.NDArray[np.bool_]:
    """Which rows of ``others`` are nowhere better than ``losses``, and worse somewhere."""
    found: npt.NDArray[np.bool_] = np.all(losses <= others, axis=1) & np.any(losses < others, axis=1)
    return found


def most_volume(losses: FloatArray, count: int) -> IndexArray:
    """``count`` of the rows that together surpass the largest volume, or nearly: the one that adds most comes next.

    The volume is the mean over directions of how far the best row reaches in each (Golovin and Zhang, ICML 2020).
    """
    low, high = losses.min(axis=0) / 2, losses.max(axis=0) / 2
    span = np.where(high > low, high - low, 1.0)
    reach = _reaches(1.0 + _MARGIN - (losses / 2 - low) / span)
    among = np.arange(len(losses))
    if len(among) > max(count, _MOST_CANDIDATES):
        among = np.argsort(-reach.mean(axis=1), kind="stable")[: max(count, _MOST_CANDIDATES)]
        among = np.union1d(among, reach.argmax(axis=0))
        reach = reach[among]
    best = np.zeros(reach.shape[1])
    chosen: list[int] = []
    for _ in range(min(count, len(among))):
        gains = np.maximum(reach - best, 0.0).sum(axis=1)
        gains[chosen] = -1.0
        chosen.append(int(gains.argmax()))
        best = np.maximum(best, reach[chosen[-1]])
    picked: IndexArray = among[chosen]
    return picked


def _reaches(heights: FloatArray) -> FloatArray:
    """How far each row reaches in each direction, to the power that makes the mean a volume."""
    objectives = heights.shape[1]
    directions = np.abs(np.random.default_rng(0).standard_normal((_DIRECTIONS, objectives)))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    nearest = (heights[:, np.newaxis] / np.maximum(directions, 1e-9)).min(axis=2)
    reaches: FloatArray = nearest**objectives
    return reaches
