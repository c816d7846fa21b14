"""One parameter of a search space, with the parameters that a nested choice activates, and their exact counts."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

from attrs import Factory, field, frozen

from nni_core.model import Json
from nni_core.space.domains import Choice, Integers
from nni_core.space.numeric import Numeric
from nni_core.space.parameter_type import ParameterType

#: the name of a parameter; of a nested one ``(*key of the choice, index of the candidate, name)``
Key = tuple[str | int, ...]
Domain = Choice | Integers | Numeric

#: the key under which a nested choice tells which candidate was chosen
NAME = "_name"


@frozen(kw_only=True)
class Parameter:
    """What may be tried for one name."""

    key: Key
    type: ParameterType
    domain: Domain
    #: of a nested choice, one group of parameters for each candidate; otherwise empty
    branches: tuple[tuple[Parameter, ...], ...] = ()
    #: the name in the external form
    name: str = field(init=False, default=Factory(lambda self: self.key[-1], takes_self=True))
    #: exact number of members, those of activated parameters included; None: endlessly many
    size: int | None = field(init=False, default=Factory(lambda self: self._count(), takes_self=True))
    #: positions of the first member of each branch
    _offsets: tuple[int, ...] = field(
        init=False, repr=False, eq=False, default=Factory(lambda self: self._first_ranks(), takes_self=True)
    )

    def is_active_in(self, internal: Mapping[Key, float]) -> bool:
        """Whether the values chosen for the parameters above activate this one."""
        return len(self.key) == 1 or internal.get(self.key[:-2]) == self.key[-2]

    def rank(self, value: Json) -> int:
        """The position of an admitted value among the ``size`` members."""
        if not self.branches:
            return self.domain.rank(value)
        index = self.domain.rank(value[NAME])
        return self._offsets[index] + group_rank(self.branches[index], value)

    def at(self, rank: int) -> Json:
        """The external value in a position."""
        if not self.branches:
            return self.domain.at(rank)
        index = bisect_right(self._offsets, rank) - 1
        return {NAME: self.domain.at(index), **group_at(self.branches[index], rank - self._offsets[index])}

    def _count(self) -> int | None:
        if not self.branches:
            return self.domain.size
        sizes = [group_size(branch) for branch in self.branches]
        finite = [size for size in sizes if size is not None]
        return sum(finite) if len(finite) == len(sizes) else None

    def _first_ranks(self) -> tuple[int, ...]:
        if not self.branches:
            return ()
        sizes = [group_size(branch) or 0 for branch in self.branches]
        return tuple(accumulate(sizes[:-1], initial=0))


def group_size(group: tuple[Parameter, ...]) -> int | None:
    """How many combinations a group of parameters has; None: endlessly many."""
    sizes = [parameter.size for parameter in group]
    finite = [size for size in sizes if size is not None]
    return math.prod(finite) if len(finite) == len(sizes) else None


def group_rank(group: tuple[Parameter, ...], values: Mapping[str, Json]) -> int:
    """The position of admitted values among all combinations of a finite group; the last parameter counts fastest."""
    rank = 0
    for parameter in group:
        rank = rank * (parameter.size or 0) + parameter.rank(values[parameter.name])
    return rank


def group_at(group: tuple[Parameter, ...], rank: int) -> dict[str, Json]:
    """The combination in a position: the inverse of :func:`group_rank`."""
    digits: list[int] = []
    for parameter in reversed(group):
        rank, digit = divmod(rank, parameter.size or 1)
        digits.append(digit)
    return {parameter.name: parameter.at(digit) for parameter, digit in zip(group, reversed(digits), strict=True)}
