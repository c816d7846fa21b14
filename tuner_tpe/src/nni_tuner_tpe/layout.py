"""The search space as the multivariate estimator reads it: every parameter a coordinate of similar size.

A *row* holds a coordinate for each parameter. A bounded number lies between 0 and 1, evenly on its own scale; one with
a normal distribution has its mean at 0.5 and a standard deviation of a quarter; an unordered choice is its index. Whole
numbers, and choices between numbers, have an order, and lie in the middles of equal cells between 0 and 1. NaN stands
for what is inactive or not known. A *dense* row is one without NaN: it has values for inactive parameters too.

Candidates of a nested choice that have a parameter of one name and with the same values share its coordinate: what was
learnt of a learning rate in one branch holds for the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from attrs import frozen

from nni_core.space import Choice, Normal, Numeric, Scale
from nni_core.space.numeric import MAX_STEPS
from nni_tuner_tpe.dimensions import Dimension, Dimensions
from nni_tuner_tpe.parzen import FloatArray

BoolArray = npt.NDArray[np.bool_]

#: standard deviation of the coordinate of a normally distributed number
NORMAL_SIGMA = 0.25
#: coordinates are kept within so much of 0.5: a hundred standard deviations
_FARTHEST = 25.0
#: exp of more is infinite, or nearly so
_LARGEST_EXPONENT = 700.0
_SMALLEST_UNIT, _LARGEST_UNIT = 1e-12, 1 - 1e-12


@frozen(kw_only=True)
class Axis:
    """What one coordinate means."""

    dimension: Dimension
    #: number of unordered values; 0 for coordinates with an order
    categories: int = 0
    #: number of cells of an ordered coordinate that is counted; 0 for one that is measured
    cells: int = 0
    #: place of each index of a choice between numbers among its values by size; None: as it is
    ranks: tuple[int, ...] | None = None
    #: not bounded
    normal: bool = False
    #: share of the coordinate that one value takes
    cell: float = 0.0

    @classmethod
    def of(cls, dimension: Dimension) -> Axis:
        """The coordinate of a parameter."""
        domain = dimension.domain
        if isinstance(domain, Numeric):
            cell = 1.0 / domain.size if domain.size else 0.0
            return cls(dimension=dimension, normal=isinstance(domain.distribution, Normal), cell=cell)
        if isinstance(domain, Choice):
            ranks = None if dimension.nested else _ranks(domain)
            if ranks is None:
                return cls(dimension=dimension, categories=domain.size)
            return cls(dimension=dimension, cells=domain.size, ranks=ranks, cell=1.0 / domain.size)
        return cls(dimension=dimension, cells=domain.size, cell=1.0 / domain.size)

    def inward(self, internal: float) -> float:
        """The coordinate of an internal value of the search space."""
        if math.isnan(internal) or self.categories:
            return internal
        if self.cells:
            place = self.ranks[int(internal)] if self.ranks else internal
            return (place + 0.5) / self.cells
        coordinate = self.dimension.domain.encode(internal)
        if self.normal:
            coordinate = 0.5 + NORMAL_SIGMA * coordinate
        return min(max(coordinate, 0.5 - _FARTHEST), 0.5 + _FARTHEST)

    def outward(self, coordinate: float) -> float:
        """The internal value of a coordinate."""
        if math.isnan(coordinate) or self.categories:
            return coordinate
        if self.cells:
            place = min(max(int(coordinate * self.cells), 0), self.cells - 1)
            return float(self.ranks.index(place) if self.ranks else place)
        entry = (coordinate - 0.5) / NORMAL_SIGMA if self.normal else coordinate
        return float(self.dimension.domain.decode(entry))

    def place(self, units: FloatArray) -> FloatArray:
        """Coordinates distributed as the search space says, of numbers distributed evenly from 0 to 1."""
        if self.categories:
            return np.minimum(np.floor(units * self.categories), self.categories - 1)
        if self.normal:
            inverse = NormalDist(0.5, NORMAL_SIGMA).inv_cdf
            return np.array([inverse(min(max(unit, _SMALLEST_UNIT), _LARGEST_UNIT)) for unit in units])
        return units

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """The coordinates of the values that will be tried: whole cells, and multiples of ``q``."""
        if self.cells:
            return (np.clip(np.floor(coordinates * self.cells), 0, self.cells - 1) + 0.5) / self.cells
        domain = self.dimension.domain
        if not isinstance(domain, Numeric) or domain.q is None:
            return coordinates
        return _on_grid(coordinates, domain, domain.q)

    @property
    def has_grid(self) -> bool:
        """Whether its numbers are multiples of ``q``."""
        return isinstance(self.dimension.domain, Numeric) and self.dimension.domain.q is not None


class Layout:
    """All coordinates of a search space, a choice before what it activates."""

    def __init__(self, dimensions: Dimensions) -> None:
        self.axes: list[Axis] = []
        self._branches: list[_Branches] = []
        #: for each coordinate, the positions of its parameters in a vector
        self._positions: list[list[int]] = []
        self._build(list(dimensions))
        self._size = len(dimensions)
        self.normal = np.array([axis.normal for axis in self.axes], dtype=bool)
        self.cell = np.array([axis.cell for axis in self.axes])
        #: of unordered coordinates, how many indices there are; 0 for the others
        self.categories = np.array([axis.categories for axis in self.axes], dtype=np.int64)
        #: ordered, and between 0 and 1
        self.bounded = ~self.normal & (self.categories == 0)
        #: positions of coordinates with an order, and of those without
        self.ordered = np.array([each for each, axis in enumerate(self.axes) if not axis.categories], dtype=np.intp)
        self.unordered = np.array([each for each, axis in enumerate(self.axes) if axis.categories], dtype=np.intp)
        self._snapped = [each for each, axis in enumerate(self.axes) if axis.cells or axis.has_grid]

    def __len__(self) -> int:
        return len(self.axes)

    @property
    def always_active(self) -> int:
        """How many coordinates every row has."""
        return len(self.axes) - len(self._branches)

    def row(self, vector: FloatArray) -> FloatArray:
        """The coordinates of internal values."""
        row = np.full(len(self.axes), math.nan)
        for each, (axis, positions) in enumerate(zip(self.axes, self._positions, strict=True)):
            for position in positions:
                if not math.isnan(vector[position]):
                    row[each] = axis.inward(float(vector[position]))
        return row

    def vector(self, row: FloatArray) -> FloatArray:
        """The internal values of the coordinates of an active row."""
        vector = np.full(self._size, math.nan)
        single = {branches.axis: branches for branches in self._branches}
        for each, (axis, positions) in enumerate(zip(self.axes, self._positions, strict=True)):
            if not math.isnan(row[each]):
                place = single[each].place(row) if each in single else 0
                vector[positions[place]] = axis.outward(float(row[each]))
        return vector

    def place(self, units: FloatArray) -> FloatArray:
        """Dense rows, distributed as the search space says, of rows of numbers distributed evenly from 0 to 1."""
        return np.column_stack([axis.place(units[:, each]) for each, axis in enumerate(self.axes)])

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Random dense rows from the search space."""
        rows = rng.random((count, len(self.axes)))
        rows[:, self.unordered] = np.floor(rows[:, self.unordered] * self.categories[self.unordered])
        if self.normal.any():
            rows[:, self.normal] = 0.5 + NORMAL_SIGMA * rng.standard_normal((count, int(self.normal.sum())))
        return rows

    def snapped(self, rows: FloatArray) -> FloatArray:
        """Rows of values that can be tried; changes them in place."""
        for each in self._snapped:
            rows[:, each] = self.axes[each].snap(rows[:, each])
        return rows

    def active(self, dense: FloatArray) -> FloatArray:
        """Rows with NaN for what is not activated in them."""
        if not self._branches:
            return dense
        rows = dense.copy()
        for branches in self._branches:
            rows[~branches.hold(rows), branches.axis] = math.nan
        return rows

    def _build(self, dimensions: Sequence[Dimension]) -> None:
        shared: dict[tuple[int, str], list[int]] = {}
        axis_of: dict[int, int] = {}
        for position, dimension in enumerate(dimensions):
            alike = shared.setdefault((-1 if dimension.parent is None else dimension.parent, dimension.path[-1]), [])
            twin = next((each for each in alike if _are_alike(dimension, self.axes[each].dimension)), None)
            if twin is not None:
                self._positions[twin].append(position)
                next(one for one in self._branches if one.axis == twin).indices.append(dimension.branch)
                axis_of[position] = twin
                continue
            axis_of[position] = len(self.axes)
            alike.append(len(self.axes))
            self.axes.append(Axis.of(dimension))
            self._positions.append([position])
            if dimension.parent is not None:
                parent = axis_of[dimension.parent]
                self._branches.append(_Branches(axis=axis_of[position], parent=parent, indices=[dimension.branch]))


@frozen(kw_only=True)
class _Branches:
    """Which candidates of a choice activate a coordinate."""

    axis: int
    parent: int
    indices: list[int]

    def hold(self, rows: FloatArray) -> BoolArray:
        """Whether each row activates the coordinate."""
        return np.isin(rows[:, self.parent], self.indices)

    def place(self, row: FloatArray) -> int:
        """Which of the parameters that share the coordinate an active row is about."""
        return self.indices.index(int(row[self.parent]))


def _are_alike(one: Dimension, other: Dimension) -> bool:
    return one.domain == other.domain and not one.nested and not other.nested


def _on_grid(coordinates: FloatArray, domain: Numeric, q: float) -> FloatArray:
    """As :meth:`Numeric.external` rounds, for many at a time."""
    logarithmic = domain.scale is Scale.LOG
    offset, factor = _line(domain)
    internal = offset + factor * coordinates
    values = np.exp(np.minimum(internal, _LARGEST_EXPONENT)) if logarithmic else internal
    steps = values / q
    values = np.where(np.abs(steps) < MAX_STEPS, np.rint(steps) * q, values)
    values = np.clip(values, domain.low, domain.high)
    if logarithmic:
        values = np.log(np.where(values > 0, values, q / 4))
    return (values - offset) / factor


def _line(domain: Numeric) -> tuple[float, float]:
    """Internal values are ``offset + factor * coordinate``."""
    distribution = domain.distribution
    if isinstance(distribution, Normal):
        factor = distribution.sigma / NORMAL_SIGMA
        return distribution.mu - 0.5 * factor, factor
    return distribution.low, distribution.high - distribution.low


def _ranks(domain: Choice) -> tuple[int, ...] | None:
    """Where each value of a choice stands by size; None when they are not all numbers, or only two."""
    values = domain.values
    if len(values) < 3 or not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return None
    by_size = sorted(range(len(values)), key=values.__getitem__)
    places = {index: place for place, index in enumerate(by_size)}
    return tuple(places[index] for index in range(len(values)))
