"""The search space in the language of ConfigSpace, and points carried between the two.

Each parameter becomes one of ConfigSpace's with a label of its own: a choice its index, whole numbers and grids their
position, other numbers themselves, and normal ones how many of a hundred draws would be smaller, as a share.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

from ConfigSpace import Categorical, Configuration, ConfigurationSpace, Constant, EqualsCondition, Float, Integer

from nni_core.model import Json, Parameters
from nni_core.space import Choice, Key, Normal, Numeric, Parameter, Scale, SearchSpace

_STANDARD = NormalDist()
#: share of the draws of a normal parameter that is left out at either end: beyond it lies infinity
_TAIL = 1e-9


class Translation:
    """One search space in both languages."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space = space
        #: the same space for SMAC
        self.configurations = ConfigurationSpace(seed=seed)
        made = {parameter.key: _hyperparameter(parameter) for parameter in space.parameters}
        self.configurations.add(list(made.values()))
        conditions = [
            EqualsCondition(made[key], made[key[:-2]], key[-2]) for key in made if len(key) > 1 and key[:-2] in made
        ]
        self.configurations.add(conditions)

    def parameters(self, configuration: Configuration) -> dict[str, Json]:
        """What a trial gets of a configuration."""
        values = dict(configuration)
        internal: dict[Key, float] = {}
        for parameter in self._space.parameters:
            if parameter.is_active_in(internal):
                internal[parameter.key] = _inward(parameter, values[_label(parameter.key)])
        return self._space.external(internal)

    def configuration(self, parameters: Parameters) -> Configuration:
        """The configuration of these parameters.

        :raises ConfigError: when they do not lie in the search space.
        """
        internal = self._space.internal(parameters)
        active = [parameter for parameter in self._space.parameters if parameter.key in internal]
        values = {_label(parameter.key): _outward(parameter, internal[parameter.key]) for parameter in active}
        return Configuration(self.configurations, values=values)


def _label(key: Key) -> str:
    # Names may hold any sign, so the parts are quoted: no two keys can share a label.
    return "|".join(repr(part) for part in key)


def _hyperparameter(parameter: Parameter) -> Any:
    domain, label = parameter.domain, _label(parameter.key)
    if isinstance(domain, Choice):
        return Categorical(label, list(range(domain.size)))
    if not isinstance(domain, Numeric) or _is_grid(domain):
        size = domain.size or 1
        return Constant(label, 0) if size == 1 else Integer(label, (0, size - 1))
    if isinstance(domain.distribution, Normal):
        return Float(label, (_TAIL, 1 - _TAIL))
    return Float(label, (domain.low, domain.high), log=domain.scale is Scale.LOG)


def _inward(parameter: Parameter, value: Any) -> float:
    """A value of ConfigSpace's as an internal one of the search space."""
    domain = parameter.domain
    if not isinstance(domain, Numeric):
        return int(value)
    if _is_grid(domain):
        return domain.internal(domain.at(int(value)))
    if isinstance(domain.distribution, Normal):
        return domain.distribution.decode(_STANDARD.inv_cdf(float(value)))
    return domain.scale.inward(float(value))


def _outward(parameter: Parameter, internal: float) -> Any:
    domain = parameter.domain
    if not isinstance(domain, Numeric):
        return int(internal)
    if _is_grid(domain):
        return domain.rank(domain.external(internal))
    if isinstance(domain.distribution, Normal):
        return min(max(_STANDARD.cdf(domain.distribution.encode(internal)), _TAIL), 1 - _TAIL)
    return min(max(domain.external(internal), domain.low), domain.high)


def _is_grid(domain: Numeric) -> bool:
    """Whether its members are evenly apart, so that their positions say as much as they do."""
    return domain.size is not None and domain.scale is Scale.LINEAR
