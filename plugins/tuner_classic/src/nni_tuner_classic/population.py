"""What tuners with a population have in common: who is in it, and what is suggested as long as it is too small."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nni_core.api import TunedObjective, Tuner, objective_numbers
from nni_core.model import Direction, Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_classic.draws import draw_all, random_source


@frozen(kw_only=True)
class Individual:
    """A parameter set with its result: one loss, or one for each objective."""

    parameters: Parameters
    losses: Sequence[float]


class PopulationTuner(Tuner):
    """Begins with random parameter sets, and has children of those that have a result. It never waits: when fewer than
    two have one, and in the place of a trial that failed, a random parameter set is suggested."""

    def __init__(
        self, directions: Sequence[Direction], size: int, seed: int | None, objectives: Sequence[TunedObjective] = ()
    ) -> None:
        """There is a direction for each of the objectives, or one for the only number of a result."""
        self._signs = [1.0 if direction is Direction.MINIMIZE else -1.0 for direction in directions]
        self._objectives = objectives
        self._size = size
        self._source = random_source(seed)
        self._population: list[Individual] = []
        #: random parameter sets that are still to be suggested
        self._random_left = size
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
        return self._child()

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """It joins the population, if it has every objective."""
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
        numbers = objective_numbers(value, self._objectives)
        if numbers is None or self._space.contains(parameters) is not None:
            return False
        losses = [sign * number for sign, number in zip(self._signs, numbers, strict=True)]
        self._population.append(Individual(parameters=parameters, losses=losses))
        self._select()
        return True

    @abstractmethod
    def _select(self) -> None:
        """Somebody has joined: who is too much leaves."""

    @abstractmethod
    def _child(self) -> Parameters:
        """Parameters made from those of the population, two at least."""
