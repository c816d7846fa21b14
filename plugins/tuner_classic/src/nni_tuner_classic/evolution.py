"""Evolution by tournaments of two.

E. Real, S. Moore, A. Selle, S. Saxena, Y. L. Suematsu, J. Tan, Q. V. Le, A. Kurakin: Large-Scale Evolution of Image
Classifiers, ICML 2017, on hyper-parameters instead of networks.
"""

from __future__ import annotations

from nni_core.model import Direction, Parameters
from nni_core.space import Key
from nni_tuner_classic.draws import draw, draw_all
from nni_tuner_classic.population import Individual, PopulationTuner

#: draws of a new value for a parameter before the same one is taken
_PATIENCE = 20


class EvolutionTuner(PopulationTuner):
    """Begins with a population of random parameter sets. Then, for every suggestion, two of the population are drawn:
    the worse leaves it, and the better has a child, which differs in one parameter and joins when it has a result."""

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        population_size: int = 32,
        seed: int | None = None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.EvolutionArguments`."""
        super().__init__([Direction(optimize_mode)], population_size, seed)

    def _select(self) -> None:
        if len(self._population) > self._size:
            self._population.remove(max(self._population, key=_loss))

    def _child(self) -> Parameters:
        """The winner with another value in one place, and with all that this activates drawn anew."""
        parent = self._winner()
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

    def _winner(self) -> Individual:
        """The better of two; the other leaves."""
        places = self._source.choice(len(self._population), size=2, replace=False)
        two = [self._population[int(place)] for place in places]
        loser = max(two, key=_loss)
        self._population.remove(loser)
        return two[0] if two[1] is loser else two[1]


def _loss(one: Individual) -> float:
    return one.losses[0]
