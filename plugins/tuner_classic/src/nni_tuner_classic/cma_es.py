"""Covariance matrix adaptation, on the cmaes library.

R. Hamano, S. Saito, M. Nomura, K. Uchida, S. Shirakawa: CatCMA: Stochastic Optimization for Mixed-Category Problems,
GECCO 2024, with margin; M. Nomura, M. Shibata: cmaes: A Simple yet Practical Python Library for CMA-ES, 2024; restarts
with twice the population as in A. Auger, N. Hansen: A Restart CMA Evolution Strategy with Increasing Population Size,
CEC 2005.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from cmaes import CatCMAwM

from nni_core.api import Tuner
from nni_core.model import Direction, Json, Parameters, default_number
from nni_core.space import SearchSpace
from nni_tuner_classic.coordinates import Coordinates
from nni_tuner_classic.draws import random_source


class CmaesTuner(Tuner):
    """Draws from a normal distribution over all numbers, with probabilities for choices beside it, and moves both with
    every generation of results. It never waits: a generation is whatever trials came to an end first. When it has
    converged, it begins anew somewhere else with twice the population.

    Results that it has not suggested itself teach it nothing, nor does a trial without a finite number.
    """

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MINIMIZE,
        population_size: int | None = None,
        sigma: float = 0.3,
        seed: int | None = None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.CmaesArguments`."""
        self._sign = 1.0 if Direction(optimize_mode) is Direction.MINIMIZE else -1.0
        self._population_size = population_size
        self._sigma = sigma
        self._source = random_source(seed)

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Begin in this one; nothing of a former one is kept."""
        self._space = SearchSpace.parse(search_space)
        self._coordinates = Coordinates(self._space)
        self._optimizer = self._begun(self._population_size, None)
        self._running: dict[int, tuple[Any, Parameters]] = {}
        self._generation: list[tuple[Any, float]] = []

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """A draw from the distribution as it is. Never runs out."""
        del kwargs
        if self._optimizer is None:
            return self._space.decode([0.0] * len(self._space.parameters))
        solution = self._optimizer.ask()
        parameters = self._space.external(self._coordinates.internal(solution))
        self._running[parameter_id] = solution, parameters
        return parameters

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn a result, once there are enough of them for a generation."""
        del kwargs
        number = default_number(value)
        solution, suggested = self._running.pop(parameter_id, (None, None))
        if number is None or suggested is None or suggested != parameters or self._optimizer is None:
            return
        self._generation.append((solution, self._sign * number))
        if len(self._generation) >= self._optimizer.population_size:
            self._learn(self._optimizer)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A trial without a result is left out of its generation."""
        del success, kwargs
        self._running.pop(parameter_id, None)

    def _learn(self, optimizer: CatCMAwM) -> None:
        losses = np.array([loss for _, loss in self._generation])
        # Only their order counts for the algorithm; places are safe to compute with, whatever the results are.
        different, places = np.unique(losses, return_inverse=True)
        generation, self._generation = self._generation, []
        if len(different) == 1:
            return  # equal results point nowhere
        optimizer.tell([(solution, float(at)) for (solution, _), at in zip(generation, places, strict=True)])
        if self._coordinates.numbers and optimizer.should_stop():
            self._optimizer = self._begun(2 * optimizer.population_size, self._source)
            self._running = {}

    def _begun(self, population_size: int | None, source: np.random.Generator | None) -> CatCMAwM | None:
        """A new optimizer; None when there is nothing to search."""
        if not self._coordinates.count:
            return None
        # Left to itself, the library begins with a sixth of the way to the nearest bound, times sigma.
        numbers = self._coordinates.numbers
        start = {"mean": np.array(self._coordinates.mean(source)), "cov": np.eye(numbers), "sigma": self._sigma}
        return CatCMAwM(
            **self._coordinates.arguments(),
            **(start if numbers else {}),
            population_size=population_size,
            seed=int(self._source.integers(2**31)),
        )
