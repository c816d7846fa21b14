"""One description of a search space for all contestants, and what it is in ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import asdict, frozen

Value = str | int | float
Point = Mapping[str, Value]


@frozen(kw_only=True)
class Parameter:
    """A number between bounds, or a choice; perhaps only where another parameter has one of some values."""

    name: str
    #: ``float``, ``int`` or ``choice``
    kind: str
    low: float = 0
    high: float = 1
    log: bool = False
    choices: tuple[str, ...] = ()
    #: the parameter on which this one depends, and its values with which this one is there
    parent: str | None = None
    parent_values: tuple[str, ...] = ()

    def is_active(self, point: Point) -> bool:
        """Whether it is there beside the values of ``point``, which has those of the parameters before it."""
        return self.parent is None or point.get(self.parent) in self.parent_values

    def drawn(self, random: np.random.Generator) -> Value:
        """A value, each as likely as any other."""
        if self.kind == "choice":
            return self.choices[int(random.integers(len(self.choices)))]
        edge = 0.5 if self.kind == "int" else 0.0
        ends = np.array([self.low - edge, self.high + edge])
        number = float(np.exp(random.uniform(*np.log(ends))) if self.log else random.uniform(*ends))
        return int(np.clip(round(number), self.low, self.high)) if self.kind == "int" else number


#: parents come before the parameters that depend on them
Space = Sequence[Parameter]


def as_data(space: Space) -> list[dict[str, object]]:
    """What a contestant in another process is told."""
    return [asdict(parameter) for parameter in space]


def drawn(space: Space, random: np.random.Generator) -> Point:
    """A random point."""
    point: dict[str, Value] = {}
    for parameter in space:
        if parameter.is_active(point):
            point[parameter.name] = parameter.drawn(random)
    return point


def problems_of(point: Point, space: Space) -> list[str]:
    """What is wrong with a point: every contestant must stay inside the space."""
    expected = {parameter.name for parameter in space if parameter.is_active(point)}
    wrong = [f"{name} is missing" for name in expected - set(point)]
    wrong += [f"{name} is not of the space, or not active" for name in set(point) - expected]
    for parameter in space:
        value = point.get(parameter.name)
        if value is None:
            continue
        if parameter.kind == "choice":
            fits = value in parameter.choices
        else:
            # A logarithm and back again may move a bound by the last bit.
            slack = 1e-9 * max(abs(parameter.low), abs(parameter.high))
            fits = isinstance(value, int if parameter.kind == "int" else float)
            fits = fits and parameter.low - slack <= float(value) <= parameter.high + slack
        if not fits:
            wrong.append(f"{parameter.name} is {value!r}")
    return wrong
