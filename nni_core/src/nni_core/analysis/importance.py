"""How much a parameter matters: how other its values are among the best results.

S. Watanabe, A. Bansal, F. Hutter: PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces,
IJCAI 2023. The divergence that chance alone brings, measured on random results in the place of the best, is taken off:
with few trials it is most of what there is to see.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from statistics import fmean

#: places at which densities are compared
_GRID = 40
#: random choices of results, for what chance brings
_DRAWS = 30
#: of the prior, in results
_PRIOR = 1.0

_WIDTH_FLOOR = 0.5 / _GRID


def divergence(places: Sequence[float], best: Sequence[int], categories: int) -> float:
    """The Pearson divergence of the values of the best results from all values, less what chance brings; at least 0.

    ``places`` are between 0 and 1, or indices below ``categories`` where that is not 0; ``best`` are positions."""
    density = _shares if categories else _smooth
    everything = density(places, categories)
    found = _pearson(density([places[at] for at in best], categories), everything)
    source = Random(len(places))  # noqa: S311 - not a secret
    chance = [
        _pearson(density([places[at] for at in source.sample(range(len(places)), len(best))], categories), everything)
        for _ in range(_DRAWS)
    ]
    return max(0.0, found - fmean(chance))


def _pearson(some: Sequence[float], others: Sequence[float]) -> float:
    return sum(other * (one / other - 1) ** 2 for one, other in zip(some, others, strict=True))


def _shares(indices: Sequence[float], categories: int) -> list[float]:
    counts = [_PRIOR / categories] * categories
    for index in indices:
        counts[int(index)] += 1
    return [count / (len(indices) + _PRIOR) for count in counts]


def _smooth(places: Sequence[float], _: int) -> list[float]:
    """A density on a grid: each result spread by Scott's rule, and the prior evenly."""
    counts = [0] * _GRID
    for place in places:
        counts[min(max(int(place * _GRID), 0), _GRID - 1)] += 1
    width = max(_WIDTH_FLOOR, _deviation(places) * max(len(places), 1) ** -0.2)
    spread = [math.exp(-0.5 * (step / _GRID / width) ** 2) for step in range(_GRID)]
    density = [_PRIOR / _GRID] * _GRID
    for at, count in enumerate(counts):
        if count:
            weights = [spread[abs(at - other)] for other in range(_GRID)]
            whole = sum(weights)
            for other, weight in enumerate(weights):
                density[other] += count * weight / whole
    total = sum(density)
    return [one / total for one in density]


def _deviation(places: Sequence[float]) -> float:
    if len(places) < 2:
        return 0.3
    middle = fmean(places)
    return math.sqrt(fmean((place - middle) ** 2 for place in places))
