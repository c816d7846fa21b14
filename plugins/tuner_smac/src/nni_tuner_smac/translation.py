"""The search space in the language of ConfigSpace, and points carried between the two."""

from __future__ import annotations

from typing import Any

from ConfigSpace import Categorical, Configuration, ConfigurationSpace, Constant, EqualsCondition, Float, Integer

from nni_core.model import Json, Parameters
from nni_core.space import Key, SearchSpace
from nni_core.space.foreign import Foreign, ForeignKind


class Translation:
    """One search space in both languages."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space = space
        self._foreign = {parameter.key: Foreign(parameter) for parameter in space.parameters}
        #: the same space for SMAC
        self.configurations = ConfigurationSpace(seed=seed)
        made = {key: _hyperparameter(foreign) for key, foreign in self._foreign.items()}
        self.configurations.add(list(made.values()))
        conditions = [
            EqualsCondition(made[key], made[key[:-2]], key[-2]) for key in made if len(key) > 1 and key[:-2] in made
        ]
        self.configurations.add(conditions)

    def parameters(self, configuration: Configuration) -> dict[str, Json]:
        """What a trial gets of a configuration."""
        values = dict(configuration)
        internal: dict[Key, float] = {}
        for key, foreign in self._foreign.items():
            if foreign.parameter.is_active_in(internal):
                internal[key] = foreign.inward(values[foreign.label])
        return self._space.external(internal)

    def configuration(self, parameters: Parameters) -> Configuration:
        """The configuration of these parameters.

        :raises ConfigError: when they do not lie in the search space.
        """
        internal = self._space.internal(parameters)
        active = [(foreign, internal[key]) for key, foreign in self._foreign.items() if key in internal]
        values = {foreign.label: foreign.outward(value) for foreign, value in active}
        return Configuration(self.configurations, values=values)


def _hyperparameter(foreign: Foreign) -> Any:
    match foreign.kind:
        case ForeignKind.CATEGORY:
            return Categorical(foreign.label, list(range(foreign.size)))
        case ForeignKind.WHOLE if foreign.size == 1:
            return Constant(foreign.label, 0)
        case ForeignKind.WHOLE:
            return Integer(foreign.label, (0, foreign.size - 1))
        case ForeignKind.FLOAT:
            return Float(foreign.label, (foreign.low, foreign.high), log=foreign.log)
