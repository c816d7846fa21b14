"""The search space in Optuna's language, and values carried between the two."""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from nni_core.model import Json, Parameters
from nni_core.space import Key, SearchSpace
from nni_core.space.foreign import Foreign, ForeignKind

Labelled = dict[str, Any]


class Translation:
    """One search space in both languages."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._foreign = {parameter.key: Foreign(parameter) for parameter in space.parameters}

    def suggested(self, trial: Any) -> dict[str, Json]:
        """What a trial of Optuna's suggests, as the parameters that a trial of ours gets."""
        internal: dict[Key, float] = {}
        for key, foreign in self._foreign.items():
            if foreign.parameter.is_active_in(internal):
                internal[key] = foreign.inward(_ask(trial, foreign))
        return self._space.external(internal)

    def labelled(self, parameters: Parameters) -> tuple[Labelled, dict[str, BaseDistribution]]:
        """What Optuna would have suggested for these parameters, and from where.

        :raises ConfigError: when they do not lie in the search space.
        """
        internal = self._space.internal(parameters)
        active = [(foreign, internal[key]) for key, foreign in self._foreign.items() if key in internal]
        values = {foreign.label: foreign.outward(value) for foreign, value in active}
        return values, {foreign.label: _distribution(foreign) for foreign, _ in active}


def _ask(trial: Any, foreign: Foreign) -> Any:
    match foreign.kind:
        case ForeignKind.CATEGORY:
            return trial.suggest_categorical(foreign.label, range(foreign.size))
        case ForeignKind.WHOLE:
            return trial.suggest_int(foreign.label, 0, foreign.size - 1)
        case ForeignKind.FLOAT:
            return trial.suggest_float(foreign.label, foreign.low, foreign.high, log=foreign.log)


def _distribution(foreign: Foreign) -> BaseDistribution:
    match foreign.kind:
        case ForeignKind.CATEGORY:
            return CategoricalDistribution(range(foreign.size))
        case ForeignKind.WHOLE:
            return IntDistribution(0, foreign.size - 1)
        case ForeignKind.FLOAT:
            return FloatDistribution(foreign.low, foreign.high, log=foreign.log)
