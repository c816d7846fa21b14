"""NSGA-II: a population that moves towards the whole Pareto front.

K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, IEEE
Transactions on Evolutionary Computation 2002, with a new population after every result instead of every generation, as
in J. J. Durillo, A. J. Nebro, F. Luna, E. Alba: On the Effect of the Steady-State Selection Scheme in Multi-Objective
Genetic Algorithms, EMO 2009.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nni_core.api import TunedObjective
from nni_core.model import Direction, Json, Parameters
from nni_tuner_classic.fronts import best_first
from nni_tuner_classic.genes import Genetics
from nni_tuner_classic.population import PopulationTuner

#: children that are had in the place of one that was tried before
_PATIENCE = 20


class Nsga2Tuner(PopulationTuner):
    """Begins with a population of random parameter sets. Then every suggestion is a child of two of the population,
    each the better one of two. Every result joins the population, and the worst one leaves it."""

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MINIMIZE,
        population_size: int = 24,
        crossover_prob: float = 0.9,
        mutation_prob: float | None = None,
        seed: int | None = None,
        objectives: Sequence[TunedObjective] = (),
    ) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.Nsga2Arguments`."""
        directions = [one.direction for one in objectives] or [Direction(optimize_mode)]
        super().__init__(directions, population_size, seed, objectives)
        self._crossover, self._mutation = crossover_prob, mutation_prob
        #: parameter sets that were suggested or have a result, in canonical form
        self._tried: set[str] = set()

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; of the population, keep those that lie in it."""
        super().update_search_space(search_space)
        self._genetics = Genetics(self._space, self._source, crossover=self._crossover, mutation=self._mutation)

    def _select(self) -> None:
        """Put the population in order, best first."""
        self._tried.add(self._space.canonical(self._population[-1].parameters))
        order = best_first(np.array([one.losses for one in self._population]))
        self._population = [self._population[int(place)] for place in order[: self._size]]

    def _child(self) -> Parameters:
        """One that was not tried before, if there is one to be had."""
        child: Parameters = {}
        for _ in range(_PATIENCE):
            child = self._genetics.child(self._parent(), self._parent())
            if self._space.canonical(child) not in self._tried:
                break
        self._tried.add(self._space.canonical(child))
        return child

    def _parent(self) -> Parameters:
        """The better of two."""
        two = self._source.choice(len(self._population), size=2, replace=False)
        return self._population[int(min(two))].parameters
