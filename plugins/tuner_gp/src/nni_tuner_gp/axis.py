"""One coordinate of the model: what a parameter of the search space is to the Gaussian process.

A bounded number lies between 0 and 1, evenly on its own scale; one with a normal distribution has its mean at 0.5 and a
standard deviation of a quarter. Whole numbers, and choices between three or more numbers, have an order and lie in the
middles of equal cells between 0 and 1. Any other choice is its index. NaN stands for what is inactive or not known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import frozen

from nni_core.model import Json
from nni_core.space import Choice, Integers, Normal, Numeric, OutsideError, Scale
from nni_core.space.numeric import MAX_STEPS
from nni_core.space.parameter import Domain
from nni_tuner_gp.arrays import FloatArray

#: standard deviation of the coordinate of a normally distributed number
NORMAL_SIGMA = 0.25
#: coordinates are kept within so much of 0.5, whatever is imported
_FARTHEST = 25.0
#: whole numbers of any length are taken
_LARGEST = 1e300
#: exp of more is infinite, or nearly so
_LARGEST_EXPONENT = 700.0


@frozen(kw_only=True)
class Axis:
    """What a coordinate means."""

    domain: Domain
    #: number of unordered values; 0 for coordinates with an order
    categories: int = 0
    #: number of cells of an ordered coordinate; 0 for one that is measured
    cells: int = 0
    #: place of each index of a choice between numbers, by size; empty: the index itself
    ranks: Sequence[int] = ()
    #: not bounded
    normal: bool = False

    @classmethod
    def of(cls, domain: Domain, *, nested: bool) -> Axis:
        """The coordinate of a parameter."""
        if isinstance(domain, Numeric):
            return cls(domain=domain, normal=isinstance(domain.distribution, Normal))
        ranks = _ranks(domain) if isinstance(domain, Choice) and not nested else ()
        if isinstance(domain, Choice) and not ranks:
            return cls(domain=domain, categories=domain.size)
        return cls(domain=domain, cells=domain.size, ranks=ranks)

    def inward(self, value: Json) -> float:
        """The coordinate of an external value. A number outside the bounds has one too; NaN when there is none."""
        if isinstance(self.domain, Choice):
            try:
                index = self.domain.internal(value)
            except OutsideError:
                return math.nan
            return (self.ranks[index] + 0.5) / self.cells if self.cells else float(index)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            return math.nan
        return self._number_inward(self.domain, value)

    def entry(self, coordinate: float) -> float:
        """What :meth:`SearchSpace.decode` takes for a coordinate."""
        if self.ranks and not math.isnan(coordinate):
            place = min(max(int(coordinate * self.cells), 0), self.cells - 1)
            return float(self.ranks.index(place))
        return (coordinate - 0.5) / NORMAL_SIGMA if self.normal else coordinate

    def snapped(self, coordinates: FloatArray) -> FloatArray:
        """The coordinates of the values that would be tried: whole cells, and multiples of ``q``."""
        if self.cells:
            return (np.clip(np.floor(coordinates * self.cells), 0, self.cells - 1) + 0.5) / self.cells
        if isinstance(self.domain, Numeric) and self.domain.q is not None:
            return _on_grid(coordinates, self.domain, self.domain.q)
        return coordinates

    @property
    def snaps(self) -> bool:
        """Whether not every coordinate stands for a value of its own."""
        return bool(self.cells) or (isinstance(self.domain, Numeric) and self.domain.q is not None)

    def _number_inward(self, domain: Integers | Numeric, value: float) -> float:
        if isinstance(domain, Integers):
            coordinate = (_clipped(value) - domain.low + 0.5) / domain.size
        else:
            coordinate = domain.encode(domain.internal(_clipped(value)))
            coordinate = 0.5 + NORMAL_SIGMA * coordinate if self.normal else coordinate
        return min(max(coordinate, 0.5 - _FARTHEST), 0.5 + _FARTHEST)


def _clipped(value: float) -> float:
    return float(min(max(value, -_LARGEST), _LARGEST))


def _ranks(domain: Choice) -> Sequence[int]:
    """Where each value of a choice stands by size; empty when they are not all numbers, or only two."""
    values = domain.values
    if len(values) < 3 or not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return ()
    by_size = sorted(range(len(values)), key=values.__getitem__)
    places = {index: place for place, index in enumerate(by_size)}
    return tuple(places[index] for index in range(len(values)))


def _on_grid(coordinates: FloatArray, domain: Numeric, q: float) -> FloatArray:
    """As the search space rounds, for many at a time."""
    distribution, logarithmic = domain.distribution, domain.scale is Scale.LOG
    if isinstance(distribution, Normal):
        factor = distribution.sigma / NORMAL_SIGMA
        offset = distribution.mu - 0.5 * factor
    else:
        offset, factor = distribution.low, distribution.high - distribution.low
    internal = offset + factor * coordinates
    values = np.exp(np.minimum(internal, _LARGEST_EXPONENT)) if logarithmic else internal
    steps = values / q
    values = np.clip(np.where(np.abs(steps) < MAX_STEPS, np.rint(steps) * q, values), domain.low, domain.high)
    if logarithmic:
        # All that is rounded to 0 is one value, and lies where the search space puts it.
        values = np.log(np.where(values > 0, values, q / 4))
    return (values - offset) / factor
