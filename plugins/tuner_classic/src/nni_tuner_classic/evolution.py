"""Evolution by tournaments of two.

E. Real, S. Moore, A. Selle, S. Saxena, Y. L. Suematsu, J. Tan, Q. V. Le, A. Kurakin: Large-Scale Evolution of Image
Classifiers, ICML 2017, on hyper-parameters instead of networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nni_core.api import Tuner
from nni_core.model import Direction, Json, Parameters, default_number
from nni_core.space import Key, SearchSpace
from nni_tuner_classic.draws import draw, draw_all, random_source

#: draws of a new value for a parameter before the same one is taken
_PATIENCE = 20


@frozen(kw_only=True)
class _Individual:
    parameters: Parameters
    number: float


class EvolutionTuner(Tuner):
    """Begins with a population of random parameter sets. Then, for every suggestion, two of the population are drawn:
    the worse leaves it, and the better has a child, which differs in one parameter and joins when it has a result.

    It never waits: when fewer than two of the population have a result, and in the place of a trial that failed, a
    random parameter set is suggested.
    """

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        population_size: int = 32,
        seed: int | None = None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.EvolutionArguments`."""
        self._direction = Direction(optimize_mode)
        self._size = population_size
        self._source = random_source(seed)
        #: random parameter sets that are still to be suggested
        self._random_left = population_size
        self._population: list[_Individual] = []
        self._running: set[int] = set()

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; of the population, keep those that lie in it."""
        self._space = SearchSpace.parse(search_space)
        self._population = [one for one in self._population if self._space.contains(one.parameters) is None]

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """A random parameter set, or a child. Never runs out."""
        del kwargs
        self._running.add(parameter_id)
        if self._random_left > 0 or len(self._population) < 2:
            self._random_left -= self._random_left > 0
            return self._space.external(draw_all(self._space, self._source))
        return self._child(self._winner())

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """It joins the population."""
        del kwargs
        if self._join(parameters, value):
            self._running.discard(parameter_id)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A random parameter set comes in the place of one without a result."""
        del success, kwargs
        if parameter_id in self._running:
            self._running.discard(parameter_id)
            self._random_left += 1

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """They join the population, and random ones are left out for them."""
        for record in data:
            if self._join(record["parameter"], record["value"]):
                self._random_left = max(0, self._random_left - 1)

    def _join(self, parameters: Parameters, value: Json) -> bool:
        number = default_number(value)
        if number is None or self._space.contains(parameters) is not None:
            return False
        self._population.append(_Individual(parameters=parameters, number=number))
        if len(self._population) > self._size:
            self._population.remove(self._worst(self._population))
        return True

    def _winner(self) -> _Individual:
        """The better of two; the other leaves."""
        places = self._source.choice(len(self._population), size=2, replace=False)
        two = [self._population[int(place)] for place in places]
        loser = self._worst(two)
        self._population.remove(loser)
        return two[0] if two[1] is loser else two[1]

    def _worst(self, some: Sequence[_Individual]) -> _Individual:
        worst = some[0]
        for one in some[1:]:
            if self._direction.prefers(worst.number, one.number):
                worst = one
        return worst

    def _child(self, parent: _Individual) -> Parameters:
        """The same with another value in one place, and with all that this activates drawn anew."""
        internal = self._space.internal(parent.parameters)
        changeable = [one for one in self._space.parameters if one.key in internal and one.domain.size != 1]
        if not changeable:
            return parent.parameters
        changed = changeable[int(self._source.integers(len(changeable)))]
        child: dict[Key, float] = dict(internal)
        for _ in range(_PATIENCE):
            child[changed.key] = draw(changed, self._source)
            if changed.domain.external(child[changed.key]) != changed.domain.external(internal[changed.key]):
                break
        return self._space.external(draw_all(self._space, self._source, child))
