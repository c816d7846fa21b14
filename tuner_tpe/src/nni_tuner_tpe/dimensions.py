"""The search space as TPE reads it: a flat row of numbers, each with a prior distribution or a count of values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from attrs import frozen

from nni_core.model import Json, Parameters
from nni_core.space import Key, Numeric, Parameter, SearchSpace, Uniform
from nni_core.space.domains import OutsideError
from nni_core.space.parameter import NAME, Domain
from nni_tuner_tpe.parzen import FloatArray, Prior


@frozen(kw_only=True)
class Dimension:
    """One parameter. Its values are those of the search space's internal form; NaN stands for none."""

    key: Key
    #: names from the top, candidates of nested choices among them; unlike indices they outlive a change of the space
    path: tuple[str, ...]
    domain: Domain
    #: position of the choice that activates it, and by which index
    parent: int | None = None
    branch: int = 0
    nested: bool = False
    #: None for unordered values
    prior: Prior | None = None

    def is_active_in(self, vector: FloatArray) -> bool:
        """Whether the values before it in a vector activate this one."""
        return self.parent is None or vector[self.parent] == self.branch

    def internal(self, value: Json) -> float:
        """The number for an external value, NaN when the search space has no such value.

        Of floats only the bounds count: a value off the grid still tells how good its neighbourhood is.
        """
        try:
            if not isinstance(self.domain, Numeric):
                return float(self.domain.internal(self.domain.admit(value)))
        except OutsideError:
            return math.nan
        if isinstance(value, bool) or not isinstance(value, int | float):
            return math.nan
        inside = self.domain.low <= value <= self.domain.high
        return self.domain.internal(float(value)) if inside else math.nan


class Dimensions:
    """All parameters of a search space, a choice before what it activates."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._all: list[Dimension] = []
        positions: dict[Key, int] = {}
        for position, parameter in enumerate(space.parameters):
            positions[parameter.key] = position
            self._all.append(self._dimension(parameter, positions))

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Dimension]:
        return iter(self._all)

    def external(self, vector: FloatArray) -> dict[str, Json]:
        """The parameters that a trial gets."""
        active = {
            dimension.key: float(number)
            for dimension, number in zip(self._all, vector, strict=True)
            if not math.isnan(number)
        }
        return self._space.external(active)

    def vector(self, parameters: Parameters) -> FloatArray:
        """The numbers of external parameters; NaN for those that are inactive, missing or outside the space."""
        vector = np.full(len(self._all), math.nan)
        groups: dict[int | None, Json] = {None: parameters}
        for position, dimension in enumerate(self._all):
            group = groups.get(dimension.parent)
            if not isinstance(group, Mapping) or not dimension.is_active_in(vector):
                continue
            value = group.get(dimension.path[-1])
            if dimension.nested:
                groups[position] = value
                value = value.get(NAME) if isinstance(value, Mapping) else None
            vector[position] = dimension.internal(value)
        return vector

    def carried(self, table: FloatArray, former: Dimensions) -> FloatArray:
        """Rows of results of a former search space, seen from this one: NaN where they cannot be compared."""
        rows = {dimension.path: (dimension, row) for dimension, row in zip(former, table, strict=True)}
        carried = np.full((len(self._all), table.shape[1]), math.nan)
        for position, dimension in enumerate(self._all):
            if dimension.path in rows:
                carried[position] = _carried_row(*rows[dimension.path], dimension)
        return carried

    def _dimension(self, parameter: Parameter, positions: Mapping[Key, int]) -> Dimension:
        domain = parameter.domain
        prior = _prior(domain) if isinstance(domain, Numeric) else None
        nested = bool(parameter.branches)
        if len(parameter.key) == 1:
            path: tuple[str, ...] = (parameter.name,)
            return Dimension(key=parameter.key, path=path, domain=domain, prior=prior, nested=nested)
        parent, branch = positions[parameter.key[:-2]], int(parameter.key[-2])
        choice = self._all[parent]
        path = (*choice.path, repr(choice.domain.external(branch)), parameter.name)
        return Dimension(
            key=parameter.key, path=path, domain=domain, prior=prior, nested=nested, parent=parent, branch=branch
        )


def _prior(domain: Numeric) -> Prior:
    distribution = domain.distribution
    if isinstance(distribution, Uniform):
        low, high = distribution.low, distribution.high
        return Prior(mean=(low + high) / 2, sigma=high - low, low=low, high=high)
    return Prior(mean=distribution.mu, sigma=distribution.sigma)


def _carried_row(old: Dimension, row: FloatArray, new: Dimension) -> FloatArray:
    if old.domain == new.domain:
        return row
    return np.array([math.nan if math.isnan(number) else new.internal(old.domain.external(number)) for number in row])
