"""The analysis of an experiment's results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from nni_core.analysis.axes import Axis
from nni_core.analysis.effects import Effect, levels
from nni_core.analysis.importance import divergence
from nni_core.analysis.ranks import correlation
from nni_core.model import Direction, Parameters
from nni_core.space import Key, SearchSpace

#: results below which nothing can be told
FEWEST = 10
#: share of the results that are the best, and how many they are at least
_BEST = 0.1
_FEWEST_BEST = 5


@frozen(kw_only=True)
class Result:
    """A trial that has a result."""

    parameters: Parameters
    #: the objective
    number: float
    #: other numbers in the result, by name
    others: Mapping[str, float]


@frozen(kw_only=True)
class Analysis:
    """What results tell of parameters, and of the other numbers in them."""

    #: how many results were looked at, and how many of them count as the best
    count: int
    best: int
    #: the parameters, the most important first
    effects: Sequence[Effect]
    #: rank correlation of the objective with other numbers in the results, where it can be told
    correlations: Mapping[str, float]


def analyse(space: SearchSpace, results: Sequence[Result], direction: Direction) -> Analysis:
    """What results tell. Those outside the search space, which was another one then, are left out.

    :raises ValueError: when there are fewer than :data:`FEWEST`.
    """
    inside = [result for result in results if space.contains(result.parameters) is None]
    if len(inside) < FEWEST:
        raise ValueError(f"it takes {FEWEST} results in the search space, and there are {len(inside)}")
    count = max(_FEWEST_BEST, math.ceil(_BEST * len(inside)))
    sign = 1 if direction is Direction.MINIMIZE else -1
    order = sorted(range(len(inside)), key=lambda at: sign * inside[at].number)
    best = set(order[:count])
    internals = [space.internal(result.parameters) for result in inside]
    numbers = [result.number for result in inside]
    effects = [_effect(axis, internals, numbers, best, direction) for axis in Axis.all_of(space)]
    total = sum(effect.importance for effect in effects)
    shares = [evolve(effect, importance=effect.importance / total if total else 0.0) for effect in effects]
    return Analysis(
        count=len(inside),
        best=count,
        effects=sorted(shares, key=lambda effect: -effect.importance),
        correlations=_correlations(inside),
    )


def _effect(
    axis: Axis, internals: Sequence[Mapping[Key, float]], numbers: Sequence[float], best: set[int], direction: Direction
) -> Effect:
    active = [at for at, internal in enumerate(internals) if axis.key in internal]
    places = [axis.place(internals[at][axis.key]) for at in active]
    own = [numbers[at] for at in active]
    good = [place for place, at in enumerate(active) if at in best]
    # What is active in half of the best results only explains half of them.
    importance = divergence(places, good, len(axis.labels)) * len(good) / len(best) if good else 0.0
    return Effect(
        name=axis.name,
        importance=importance,
        correlation=None if axis.labels else correlation(places, own),
        count=len(active),
        levels=levels(axis, places, own, direction),
    )


def _correlations(results: Sequence[Result]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in sorted({name for result in results for name in result.others}):
        pairs = [(result.others[name], result.number) for result in results if name in result.others]
        told = correlation([one for one, _ in pairs], [other for _, other in pairs])
        if told is not None:
            found[name] = told
    return found
