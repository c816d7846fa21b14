"""The order of results with several losses: fronts, and how crowded it is around each result in its front.

K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, IEEE
Transactions on Evolutionary Computation 2002.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


def best_first(losses: FloatArray) -> IndexArray:
    """Positions of the rows: those of an earlier front first; in a front the less crowded first, and of those that are
    alike the later row first."""
    front = fronts(losses)
    free = np.zeros(len(losses))
    for each in range(int(front.max(initial=-1)) + 1):
        members = np.flatnonzero(front == each)
        free[members] = freedom(losses[members])
    order: IndexArray = np.lexsort((-np.arange(len(losses)), -free, front))
    return order


def fronts(losses: FloatArray) -> IndexArray:
    """The front of each row: 0 where no other row surpasses it, 1 where none does but those of front 0, and so on.

    A row surpasses another when it is nowhere worse and somewhere better."""
    mine, others = losses[:, np.newaxis], losses[np.newaxis]
    surpasses = np.all(mine <= others, axis=2) & np.any(mine < others, axis=2)
    front = np.full(len(losses), -1, dtype=np.intp)
    left = surpasses.sum(axis=0)
    each = 0
    while len(members := np.flatnonzero((front < 0) & (left == 0))):
        front[members] = each
        left = left - surpasses[members].sum(axis=0)
        each += 1
    return front


def freedom(losses: FloatArray) -> FloatArray:
    """The crowding distance of each row of one front: how far apart its neighbours are, as a share of the range, added
    up over the losses. Infinite at the ends."""
    count, objectives = losses.shape
    free = np.zeros(count)
    for each in range(objectives):
        # Halved, for the difference of the largest floats is infinite.
        halves = losses[:, each] / 2
        order = np.argsort(halves, kind="stable")
        ordered = halves[order]
        free[order[[0, -1]]] = math.inf
        if span := ordered[-1] - ordered[0]:
            free[order[1:-1]] += (ordered[2:] - ordered[:-2]) / span
    return free
