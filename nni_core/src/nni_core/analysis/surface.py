"""Made-up trials: a result for every parameter set of a search space, from a formula or from results that there are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from statistics import fmean, pstdev
from typing import Protocol

from nni_core.analysis.analyse import Result, analyse
from nni_core.analysis.axes import Axis
from nni_core.model import Direction, Parameters
from nni_core.space import Key, SearchSpace

#: waves that a synthetic surface is made of
_WAVES = 24
#: nearest results that a learnt surface goes by
_NEAREST = 6
#: of a distance: what a parameter counts that has not shown any importance
_LEAST_WEIGHT = 0.03

Point = Mapping[Key, float]


class Surface(Protocol):
    """Results without trials."""

    def result(self, parameters: Parameters) -> float:
        """The number that a trial would have reported."""

    def duration(self, parameters: Parameters, source: Random) -> float:
        """How long it would have taken, in some unit."""


class SyntheticSurface:
    """A smooth random function: waves of few parameters each, of which some matter more than others, on a bowl. To be
    minimized."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space = space
        self._axes = Axis.all_of(space)
        source = Random(seed)  # noqa: S311 - not a secret
        self._weights = [source.expovariate(1.0) ** 2 for _ in self._axes]
        self._bottoms = [source.random() for _ in self._axes]
        self._levels = [[source.random() for _ in axis.labels] for axis in self._axes]
        self._waves = [self._wave(source) for _ in range(_WAVES if self._axes else 0)]

    def result(self, parameters: Parameters) -> float:
        """See :class:`Surface`. What is not active adds nothing."""
        places = self._places(parameters)
        bowl = sum(
            weight * (place - bottom) ** 2
            for weight, place, bottom in zip(self._weights, places, self._bottoms, strict=True)
            if place is not None
        )
        return bowl + sum(self._height(wave, places) for wave in self._waves)

    def duration(self, parameters: Parameters, source: Random) -> float:
        """Log-normal: most about 1, some twice as long."""
        del parameters
        return math.exp(source.gauss(0.0, 0.5))

    def _places(self, parameters: Parameters) -> list[float | None]:
        internal = self._space.internal(parameters)
        return [
            None if axis.key not in internal else self._place(number, axis, internal[axis.key])
            for number, axis in enumerate(self._axes)
        ]

    def _place(self, number: int, axis: Axis, internal: float) -> float:
        return self._levels[number][int(internal)] if axis.labels else axis.place(internal)

    def _wave(self, source: Random) -> tuple[float, float, dict[int, float]]:
        chosen = source.choices(range(len(self._axes)), weights=[one + 0.05 for one in self._weights], k=2)
        return source.gauss(0, 0.06), source.uniform(0, 2 * math.pi), {one: source.uniform(2, 8) for one in chosen}

    @staticmethod
    def _height(wave: tuple[float, float, dict[int, float]], places: Sequence[float | None]) -> float:
        height, phase, speeds = wave
        return height * math.sin(phase + sum(speed * (places[at] or 0.0) for at, speed in speeds.items()))


class LearntSurface:
    """The mean of the nearest results, the nearer the more; distances count where parameters matter."""

    def __init__(
        self, space: SearchSpace, results: Sequence[Result], durations: Sequence[float], direction: Direction
    ) -> None:
        """``durations`` are those of the results, in seconds.

        :raises ValueError: when there are too few results in the search space.
        """
        self._space = space
        self._axes = Axis.all_of(space)
        effects = {effect.name: effect.importance for effect in analyse(space, results, direction).effects}
        self._weights = [effects[axis.name] + _LEAST_WEIGHT for axis in self._axes]
        inside = [at for at, result in enumerate(results) if space.contains(result.parameters) is None]
        self._points = [space.internal(results[at].parameters) for at in inside]
        self._rows = [self._row(point) for point in self._points]
        self._numbers = [results[at].number for at in inside]
        self._durations = [durations[at] for at in inside]
        middle = fmean(self._durations)
        self._spread = pstdev(self._durations) / middle if middle > 0 else 0.0

    def result(self, parameters: Parameters) -> float:
        """See :class:`Surface`."""
        return self._mean(parameters, self._numbers)

    def duration(self, parameters: Parameters, source: Random) -> float:
        """That of the nearest, with some chance."""
        return max(self._mean(parameters, self._durations), 1e-9) * math.exp(source.gauss(0.0, min(self._spread, 0.3)))

    def _mean(self, parameters: Parameters, numbers: Sequence[float]) -> float:
        row = self._row(self._space.internal(parameters))
        distances = [self._distance(row, other) for other in self._rows]
        nearest = sorted(range(len(distances)), key=distances.__getitem__)[:_NEAREST]
        weights = [1.0 / (distances[at] + 1e-9) for at in nearest]
        return sum(weight * numbers[at] for weight, at in zip(weights, nearest, strict=True)) / sum(weights)

    def _row(self, point: Point) -> list[float | None]:
        return [axis.place(point[axis.key]) if axis.key in point else None for axis in self._axes]

    def _distance(self, one: Sequence[float | None], other: Sequence[float | None]) -> float:
        total = 0.0
        for axis, weight, mine, its in zip(self._axes, self._weights, one, other, strict=True):
            if mine is None or its is None or axis.labels:
                total += weight * (mine != its)
            else:
                total += weight * (mine - its) ** 2
        return total
