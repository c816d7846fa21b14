"""A parameter as what analysis computes with: a place between 0 and 1 for numbers, an index for other choices."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

from attrs import frozen

from nni_core.model import Json
from nni_core.space import Choice, Key, Normal, Numeric, Parameter, SearchSpace

_STANDARD = NormalDist()


@frozen(kw_only=True)
class Axis:
    """One parameter of a search space, nested ones included."""

    #: as people read it: ``lr``, or ``net/conv/width`` for what a candidate of a nested choice activates
    name: str
    parameter: Parameter
    #: of a choice, its values as text; empty for numbers
    labels: Sequence[str] = ()

    @classmethod
    def all_of(cls, space: SearchSpace) -> list[Axis]:
        """The parameters of a space that have more than one value."""
        names = {parameter.key: parameter for parameter in space.parameters}
        return [
            cls(name=_name(parameter.key, names), parameter=parameter, labels=_labels(parameter))
            for parameter in space.parameters
            if parameter.domain.size != 1
        ]

    @property
    def key(self) -> Key:
        """The parameter's own."""
        return self.parameter.key

    def place(self, internal: float) -> float:
        """Where an internal value lies: evenly between 0 and 1 by the parameter's own distribution, or the index."""
        domain = self.parameter.domain
        if isinstance(domain, Numeric) and isinstance(domain.distribution, Normal):
            return _STANDARD.cdf(domain.encode(internal))
        return domain.encode(internal)

    def value_at(self, place: float) -> Json:
        """The external value at a place."""
        domain = self.parameter.domain
        if isinstance(domain, Numeric) and isinstance(domain.distribution, Normal):
            return domain.external(domain.decode(_STANDARD.inv_cdf(min(max(place, 1e-9), 1 - 1e-9))))
        return domain.external(domain.decode(place))


def _name(key: Key, parameters: dict[Key, Parameter]) -> str:
    parts: list[str] = []
    for place in range(1, len(key) + 1, 2):
        parts.append(str(key[place - 1]))
        if place < len(key):
            domain = parameters[key[:place]].domain
            parts.append(str(domain.external(int(key[place]))))
    return "/".join(parts)


def _labels(parameter: Parameter) -> Sequence[str]:
    domain = parameter.domain
    return [str(value) for value in domain.values] if isinstance(domain, Choice) else ()
