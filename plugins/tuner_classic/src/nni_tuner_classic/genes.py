"""How two parameter sets have a child.

K. Deb, R. B. Agrawal: Simulated Binary Crossover for Continuous Search Space, Complex Systems 1995; K. Deb, M. Goyal: A
Combined Genetic Adaptive Search (GeneAS) for Engineering Design, Computer Science and Informatics 1996.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from nni_core.model import Parameters
from nni_core.space import Choice, Key, Normal, Numeric, Parameter, SearchSpace
from nni_tuner_classic.draws import draw, draw_all

#: how near children are to their parents: the larger, the nearer
_CROSSOVER, _MUTATION = 15.0, 20.0
#: of a child of two, the share of its numbers that lie between or around those of both; others are those of one
_MIXED = 0.5
#: attempts at a child that differs from its parents
_PATIENCE = 20
_NORMAL = NormalDist()
_SMALLEST, _LARGEST = 1e-12, 1 - 1e-12

#: the smallest step of a number, as a share of all that can be drawn; doubled until it leads to another value
_STEP = 1e-3


class Genetics:
    """Children in one search space. Numbers are mixed and changed on the scale on which they are drawn evenly, and
    choices are those of one parent, or drawn anew. What only one parent has is inherited with the choice that activates
    it, and what neither has is drawn."""

    def __init__(self, space: SearchSpace, source: np.random.Generator, *, crossover: float, mutation: float | None):
        """``crossover`` is how likely a child has two parents, ``mutation`` how likely each parameter of it changes;
        None: one of them, on average."""
        self._space = space
        self._source = source
        self._crossover = crossover
        self._mutation = mutation

    def child(self, first: Parameters, second: Parameters) -> Parameters:
        """One child, which differs from both parents if there is anything to differ in."""
        one, other = self._space.internal(first), self._space.internal(second)
        child = first
        for _ in range(_PATIENCE):
            inherited = self._crossed(one, other) if self._source.random() < self._crossover else dict(one)
            child = self._space.external(draw_all(self._space, self._source, self._mutated(inherited)))
            if child not in (first, second):
                break
        return child

    def _crossed(self, first: Mapping[Key, float], second: Mapping[Key, float]) -> dict[Key, float]:
        genes: dict[Key, float] = {}
        for parameter in self._space.parameters:
            pair = [one[parameter.key] for one in (first, second) if parameter.key in one]
            if not parameter.is_active_in(genes) or not pair:
                continue
            differ = len(set(pair)) == 2 and not isinstance(parameter.domain, Choice)
            mixed = differ and self._source.random() < _MIXED
            one = pair[int(self._source.integers(len(pair)))]
            genes[parameter.key] = self._between(parameter, *pair) if mixed else one
        return genes

    def _between(self, parameter: Parameter, first: float, second: float) -> float:
        """Simulated binary crossover, one of the two children that it has."""
        one, other = _unit(parameter, first), _unit(parameter, second)
        draw_ = self._source.random()
        spread = 2 * draw_ if draw_ < 0.5 else 1 / (2 * (1 - draw_))
        spread **= 1 / (_CROSSOVER + 1)
        side = 1 if self._source.random() < 0.5 else -1
        return _number(parameter, 0.5 * ((one + other) + side * spread * (one - other)))

    def _mutated(self, genes: dict[Key, float]) -> Mapping[Key, float]:
        changeable = [one for one in self._space.parameters if one.key in genes and one.domain.size != 1]
        likely = 1 / max(1, len(changeable)) if self._mutation is None else self._mutation
        for parameter in changeable:
            if self._source.random() < likely:
                genes[parameter.key] = self._changed(parameter, genes[parameter.key])
        return genes

    def _changed(self, parameter: Parameter, value: float) -> float:
        """Polynomial mutation of a number, within its bounds, and to another value where values are few; of a choice,
        another draw."""
        if isinstance(parameter.domain, Choice):
            return draw(parameter, self._source)
        unit, draw_ = _unit(parameter, value), self._source.random()
        way = -1 if draw_ < 0.5 else 1
        room = unit if way < 0 else 1 - unit
        tail = 2 * min(draw_, 1 - draw_)
        step = 1 - (tail + (1 - tail) * (1 - room) ** (_MUTATION + 1)) ** (1 / (_MUTATION + 1))
        for direction in (way, -way):
            if (moved := _moved(parameter, value, unit, direction, step)) is not None:
                return moved
        return value


def _moved(parameter: Parameter, value: float, unit: float, way: int, step: float) -> float | None:
    """The first other value that a step leads to, or one twice, four times, ... as long; None when there is none."""
    external, room = parameter.domain.external, unit if way < 0 else 1 - unit
    step = max(step, _STEP)
    while True:
        moved = _number(parameter, unit + way * min(step, room))
        if external(moved) != external(value):
            return moved
        if step >= room:
            return None
        step *= 2


def _unit(parameter: Parameter, value: float) -> float:
    """Where a number lies among all that can be drawn, from 0 to 1."""
    entry = parameter.domain.encode(value)
    return _NORMAL.cdf(entry) if _is_normal(parameter) else entry


def _number(parameter: Parameter, unit: float) -> float:
    """The internal value there."""
    if _is_normal(parameter):
        return parameter.domain.decode(_NORMAL.inv_cdf(min(max(unit, _SMALLEST), _LARGEST)))
    return parameter.domain.decode(min(max(unit, 0.0), 1.0))


def _is_normal(parameter: Parameter) -> bool:
    return isinstance(parameter.domain, Numeric) and isinstance(parameter.domain.distribution, Normal)
