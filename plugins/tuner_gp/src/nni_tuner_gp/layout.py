"""The search space as rows of coordinates, one for each parameter.

Candidates of a nested choice that have a parameter of one name and with the same values share its coordinate: what is
learnt of a learning rate in one branch holds for the next. An *active* row has NaN for what its choices do not
activate, a *dense* one has values there too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from attrs import frozen
from scipy.special import ndtri

from nni_core.model import Json, Parameters
from nni_core.space import NAME, Key, Parameter, SearchSpace
from nni_tuner_gp.arrays import BoolArray, FloatArray
from nni_tuner_gp.axis import NORMAL_SIGMA, Axis

#: digits in which two coordinates differ if they are not one
_DIGITS = 9


@frozen(kw_only=True)
class _Branch:
    """What activates a coordinate: by index of the choice at ``parent``, the last entry for NaN."""

    axis: int
    parent: int
    active: BoolArray


class Layout:
    """All coordinates of a search space, a choice before what it activates."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self.axes: list[Axis] = []
        #: of each parameter of the space, its coordinate
        self._axis_of: list[int] = []
        self._branches: list[_Branch] = []
        self._build()
        self.categories = np.array([axis.categories for axis in self.axes], dtype=np.intp)
        #: of each coordinate, whether it is unordered, whether it has no bounds
        self.unordered: BoolArray = self.categories > 0
        self.normal: BoolArray = np.array([axis.normal for axis in self.axes], dtype=bool)
        self.bounded: BoolArray = ~self.normal & ~self.unordered
        self._snapping = [place for place, axis in enumerate(self.axes) if axis.snaps]

    def __len__(self) -> int:
        return len(self.axes)

    def row(self, parameters: Parameters) -> FloatArray:
        """The active row of external parameters, as far as they are known to the space."""
        row = np.full(len(self.axes), math.nan)
        groups: dict[Key, Json] = {(): parameters}
        for parameter, place in zip(self._space.parameters, self._axis_of, strict=True):
            group = groups.get(parameter.key[:-1])
            if not isinstance(group, Mapping) or parameter.name not in group:
                continue
            value = group[parameter.name]
            if parameter.branches:
                inner, value = value, value.get(NAME) if isinstance(value, Mapping) else None
            row[place] = self.axes[place].inward(value)
            if parameter.branches and not math.isnan(row[place]):
                groups[*parameter.key, int(row[place])] = inner
        return row

    def parameters(self, row: FloatArray) -> dict[str, Json]:
        """The external parameters of an active row."""
        entries = [axis.entry(float(number)) for axis, number in zip(self.axes, row, strict=True)]
        return self._space.decode([entries[place] for place in self._axis_of])

    def spread(self, units: FloatArray) -> FloatArray:
        """Dense rows, distributed as the search space says, of rows of numbers distributed evenly from 0 to 1."""
        rows = units.copy()
        counts = self.categories[self.unordered]
        rows[:, self.unordered] = np.minimum(np.floor(rows[:, self.unordered] * counts), counts - 1)
        if self.normal.any():
            rows[:, self.normal] = 0.5 + NORMAL_SIGMA * _normal_quantile(rows[:, self.normal])
        return self.settled(rows)

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Random dense rows from the search space."""
        return self.spread(rng.random((count, len(self.axes))))

    def settled(self, rows: FloatArray) -> FloatArray:
        """Dense rows moved to values that can be tried, in place."""
        for place in self._snapping:
            rows[:, place] = self.axes[place].snapped(rows[:, place])
        return rows

    def active(self, dense: FloatArray) -> FloatArray:
        """Rows with NaN for what is not activated in them."""
        rows = dense.copy()
        for branch in self._branches:
            parent = rows[:, branch.parent]
            index = np.where(np.isnan(parent), len(branch.active) - 1, parent).astype(np.intp)
            rows[~branch.active[index], branch.axis] = math.nan
        return rows

    def _build(self) -> None:
        alike: dict[tuple[int, str], list[tuple[Parameter, int]]] = {}
        places: dict[Key, int] = {}
        for parameter in self._space.parameters:
            parent = places[parameter.key[:-2]] if len(parameter.key) > 1 else -1
            group = alike.setdefault((parent, parameter.name), [])
            place = next((place for other, place in group if _share(parameter, other)), len(self.axes))
            if place == len(self.axes):
                self.axes.append(Axis.of(parameter.domain, nested=bool(parameter.branches)))
                group.append((parameter, place))
                if parent >= 0:
                    active = np.zeros(self.axes[parent].categories + 1, dtype=bool)
                    self._branches.append(_Branch(axis=place, parent=parent, active=active))
            if parent >= 0:
                branch = next(one for one in self._branches if one.axis == place)
                branch.active[int(parameter.key[-2])] = True
            places[parameter.key] = place
            self._axis_of.append(place)


def identity(row: FloatArray) -> bytes:
    """What is equal for rows of the same values."""
    return (np.round(row, _DIGITS) + 0.0).tobytes()


def _share(one: Parameter, other: Parameter) -> bool:
    return one.domain == other.domain and not one.branches and not other.branches


def _normal_quantile(units: FloatArray) -> FloatArray:
    quantiles: FloatArray = ndtri(np.clip(units, 1e-12, 1 - 1e-12))
    return quantiles
