"""A search space as what the cmaes library searches: continuous numbers, ordered values and categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nni_core.space import Choice, Integers, Key, Normal, Numeric, Parameter, SearchSpace

#: members up to which whole numbers and grids are a sequence of values; above, they are continuous
_MOST_VALUES = 1000


class Coordinates:
    """Which parameter is which coordinate. Those with one member only have none."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._continuous: list[Parameter] = []
        self._ordered: list[tuple[Parameter, list[float]]] = []
        self._categories: list[Parameter] = []
        for parameter in space.parameters:
            self._place(parameter)

    @property
    def count(self) -> int:
        """How many coordinates there are."""
        return len(self._continuous) + len(self._ordered) + len(self._categories)

    @property
    def numbers(self) -> int:
        """How many of them are not categories."""
        return len(self._continuous) + len(self._ordered)

    def arguments(self) -> dict[str, Any]:
        """The spaces of :class:`cmaes.CatCMAwM`."""
        spaces: dict[str, Sequence[Any]] = {
            "x_space": [_bounds(parameter) for parameter in self._continuous],
            "z_space": [values for _, values in self._ordered],
            "c_space": [parameter.domain.size for parameter in self._categories],
        }
        return {name: space for name, space in spaces.items() if space}

    def mean(self, source: np.random.Generator | None) -> list[float]:
        """Where to begin: in the middle, or anywhere when there is a source."""
        middle = [0.0 if math.isinf(_bounds(one)[0]) else 0.5 for one in self._continuous] + [0.5] * len(self._ordered)
        if source is None:
            return middle
        return [float(source.normal()) if at == 0.0 else float(source.random()) for at in middle]

    def internal(self, solution: Any) -> dict[Key, float]:
        """A solution of the library's as internal values, those of parameters that are not active too."""
        values: dict[Key, float] = {parameter.key: parameter.domain.decode(0.0) for parameter in self._space.parameters}
        for parameter, entry in zip(self._continuous, _numbers(solution.x), strict=True):
            values[parameter.key] = parameter.domain.decode(float(entry))
        for (parameter, _), entry in zip(self._ordered, _numbers(solution.z), strict=True):
            values[parameter.key] = parameter.domain.decode(float(entry))
        for parameter, one_hot in zip(self._categories, _numbers(solution.c), strict=True):
            values[parameter.key] = int(np.argmax(one_hot))
        return values

    def _place(self, parameter: Parameter) -> None:
        domain = parameter.domain
        if domain.size == 1:
            return
        if isinstance(domain, Choice) or domain.size == 2:
            self._categories.append(parameter)
        elif domain.size is not None and domain.size <= _MOST_VALUES:
            self._ordered.append((parameter, _entries(domain, domain.size)))
        else:
            self._continuous.append(parameter)


def _entries(domain: Integers | Numeric, size: int) -> list[float]:
    """The encoded members of a finite domain, in order."""
    if isinstance(domain, Integers):
        return [domain.encode(offset) for offset in range(size)]
    return [domain.encode(domain.internal(domain.at(rank))) for rank in range(size)]


def _bounds(parameter: Parameter) -> tuple[float, float]:
    domain = parameter.domain
    if isinstance(domain, Numeric) and isinstance(domain.distribution, Normal):
        return -math.inf, math.inf
    return 0.0, 1.0


def _numbers(part: Any) -> Any:
    return () if part is None else part
