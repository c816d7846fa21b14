"""What results were like where a parameter had this value or that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, median

from attrs import frozen

from nni_core.analysis.axes import Axis
from nni_core.model import Direction, Json

#: parts of the range of a number
PARTS = 8


@frozen(kw_only=True)
class Level:
    """Results with one value of a choice, or with a number in one part of its range."""

    #: the value, or None for a part of a range
    value: Json
    #: the ends of the part, in the parameter's own units; None for a value
    low: float | None
    high: float | None
    #: how many results there are
    count: int
    mean: float
    median: float
    best: float


@frozen(kw_only=True)
class Effect:
    """What is known of one parameter."""

    name: str
    #: share of what all parameters together explain, from 0 to 1
    importance: float
    #: rank correlation with the objective; None for choices, and where nothing changes
    correlation: float | None
    #: how many results the parameter was active in
    count: int
    #: those that have results, in order
    levels: Sequence[Level]


def levels(axis: Axis, places: Sequence[float], numbers: Sequence[float], direction: Direction) -> list[Level]:
    """Results by value, or by part of the range that the trials were in."""
    groups: dict[int, list[tuple[float, float]]] = defaultdict(list)
    low, high = (min(places), max(places)) if places else (0.0, 0.0)
    for place, number in zip(places, numbers, strict=True):
        groups[int(place) if axis.labels else _part(place, low, high)].append((place, number))
    return [_level(axis, at, groups[at], (low, high), direction) for at in sorted(groups)]


def _part(place: float, low: float, high: float) -> int:
    return min(int((place - low) / (high - low) * PARTS), PARTS - 1) if high > low else 0


def _level(
    axis: Axis, at: int, results: Sequence[tuple[float, float]], span: tuple[float, float], direction: Direction
) -> Level:
    numbers = [number for _, number in results]
    low, high = (None, None) if axis.labels else _ends(axis, at, [place for place, _ in results], span)
    return Level(
        value=axis.value_at(at) if axis.labels else None,
        low=low,
        high=high,
        count=len(numbers),
        mean=fmean(numbers),
        median=median(numbers),
        best=min(numbers) if direction is Direction.MINIMIZE else max(numbers),
    )


def _ends(axis: Axis, at: int, places: Sequence[float], span: tuple[float, float]) -> tuple[Json, Json]:
    """The ends of a part; of numbers that can be counted, the smallest and the largest of the results in it."""
    begin, width = span[0], (span[1] - span[0]) / PARTS
    if axis.parameter.domain.size is not None:
        return axis.value_at(min(places)), axis.value_at(max(places))
    return axis.value_at(begin + at * width), axis.value_at(begin + (at + 1) * width)
