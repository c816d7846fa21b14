"""The search space in hyperopt's language, and values carried between the two.

Each parameter becomes one of hyperopt's with a label of its own. A *label* maps to what hyperopt computes with: the
index of a choice, the offset of a whole number, the number itself otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hyperopt import hp

from nni_core.model import Json, Parameters
from nni_core.space import Choice, Integers, Key, Numeric, Parameter, Scale, SearchSpace, Uniform

#: hyperopt keeps a table of all values of a randint; ranges above this become its evenly distributed whole numbers
_TABLE_SIZE = 10_000

Labelled = dict[str, float]


class HyperoptSpace:
    """One search space in both languages."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._labels = {parameter.key: _label(parameter.key) for parameter in space.parameters}
        #: what hyperopt's ``Domain`` takes
        self.expression: dict[str, Any] = self._group(space.top)

    def external(self, values: Mapping[str, Any]) -> dict[str, Json]:
        """The parameters that a trial gets; hyperopt's rounding may leave the bounds, ours comes back inside them."""
        internal: dict[Key, float] = {}
        for parameter in self._space.parameters:
            if parameter.is_active_in(internal):
                internal[parameter.key] = _inward(parameter, values[self._labels[parameter.key]])
        return self._space.external(internal)

    def labelled(self, parameters: Parameters) -> Labelled:
        """What hyperopt would have computed with to suggest these parameters.

        :raises ConfigError: when they do not lie in the search space.
        """
        internal = self._space.internal(parameters)
        return {
            self._labels[parameter.key]: _outward(parameter, internal[parameter.key])
            for parameter in self._space.parameters
            if parameter.key in internal
        }

    @property
    def labels(self) -> list[str]:
        """Of every parameter, active or not."""
        return list(self._labels.values())

    def _group(self, group: tuple[Parameter, ...]) -> dict[str, Any]:
        return {self._labels[parameter.key]: self._expression(parameter) for parameter in group}

    def _expression(self, parameter: Parameter) -> Any:
        label, domain = self._labels[parameter.key], parameter.domain
        if isinstance(domain, Numeric):
            return _number(label, domain)
        if parameter.branches:
            return hp.choice(label, [self._group(branch) for branch in parameter.branches])
        if isinstance(domain, Choice):
            return hp.choice(label, list(range(domain.size)))
        if domain.size > _TABLE_SIZE:
            return hp.uniformint(label, 0, domain.size - 1)
        return hp.randint(label, domain.size)


def _label(key: Key) -> str:
    # Names may hold any sign, so the parts are quoted: no two keys can share a label.
    return "/".join(repr(part) for part in key)


def _number(label: str, domain: Numeric) -> Any:
    """``hp.uniform`` and its seven sisters."""
    distribution = domain.distribution
    scale = "log" if domain.scale is Scale.LOG else ""
    step = () if domain.q is None else (domain.q,)
    prefix = "q" if step else ""
    if isinstance(distribution, Uniform):
        return getattr(hp, f"{prefix}{scale}uniform")(label, distribution.low, distribution.high, *step)
    return getattr(hp, f"{prefix}{scale}normal")(label, distribution.mu, distribution.sigma, *step)


def _inward(parameter: Parameter, value: Any) -> float:
    """hyperopt's number, a numpy scalar perhaps, as an internal one of the search space."""
    domain = parameter.domain
    if isinstance(domain, Numeric):
        return domain.scale.inward(float(value))
    return min(max(int(value), 0), domain.size - 1)


def _outward(parameter: Parameter, internal: float) -> float:
    domain = parameter.domain
    if isinstance(domain, Integers):
        return int(internal)
    return float(domain.external(internal)) if isinstance(domain, Numeric) else int(internal)
