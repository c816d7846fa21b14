"""The search space in Optuna's language, and values carried between the two.

Each parameter becomes one of Optuna's with a label of its own: a choice its index, whole numbers and grids their
position, other numbers themselves, and normal ones how many of a hundred draws would be smaller, as a share.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from nni_core.model import Json, Parameters
from nni_core.space import Choice as ChoiceDomain
from nni_core.space import Key, Normal, Numeric, Parameter, Scale, SearchSpace

_STANDARD = NormalDist()
#: share of the draws of a normal parameter that is left out at either end: beyond it lies infinity
_TAIL = 1e-9

Labelled = dict[str, Any]


class Translation:
    """One search space in both languages."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._distributions = {parameter.key: _distribution(parameter) for parameter in space.parameters}

    def suggested(self, trial: Any) -> dict[str, Json]:
        """What a trial of Optuna's suggests, as the parameters that a trial of ours gets."""
        internal: dict[Key, float] = {}
        for parameter in self._space.parameters:
            if parameter.is_active_in(internal):
                internal[parameter.key] = _inward(parameter, _ask(trial, _label(parameter), self._of(parameter)))
        return self._space.external(internal)

    def labelled(self, parameters: Parameters) -> tuple[Labelled, dict[str, BaseDistribution]]:
        """What Optuna would have suggested for these parameters, and from where.

        :raises ConfigError: when they do not lie in the search space.
        """
        internal = self._space.internal(parameters)
        active = [parameter for parameter in self._space.parameters if parameter.key in internal]
        values = {_label(parameter): _outward(parameter, internal[parameter.key]) for parameter in active}
        return values, {_label(parameter): self._of(parameter) for parameter in active}

    def _of(self, parameter: Parameter) -> BaseDistribution:
        return self._distributions[parameter.key]


def _label(parameter: Parameter) -> str:
    # Names may hold any sign, so the parts are quoted: no two keys can share a label.
    return "/".join(repr(part) for part in parameter.key)


def _ask(trial: Any, label: str, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(label, distribution.choices)
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(label, distribution.low, distribution.high)
    if isinstance(distribution, FloatDistribution):
        return trial.suggest_float(label, distribution.low, distribution.high, log=distribution.log)
    raise TypeError(f"no parameter is a {type(distribution).__name__}")


def _distribution(parameter: Parameter) -> BaseDistribution:
    domain = parameter.domain
    if isinstance(domain, ChoiceDomain):
        return CategoricalDistribution(range(domain.size))
    if not isinstance(domain, Numeric) or _is_grid(domain):
        return IntDistribution(0, (domain.size or 1) - 1)
    if isinstance(domain.distribution, Normal):
        return FloatDistribution(_TAIL, 1 - _TAIL)
    return FloatDistribution(domain.low, domain.high, log=domain.scale is Scale.LOG)


def _inward(parameter: Parameter, value: Any) -> float:
    """A value of Optuna's as an internal one of the search space."""
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
