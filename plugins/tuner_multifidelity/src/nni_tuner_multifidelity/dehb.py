"""DEHB: differential evolution at every budget, in the order of Hyperband's brackets.

N. Awad, N. Mallik, F. Hutter: DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter
Optimization, IJCAI 2021.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from statistics import NormalDist

from attrs import define

from nni_core.model import Direction, Json, Parameters
from nni_core.space import Choice, Key, Normal, Numeric, Parameter, SearchSpace
from nni_tuner_multifidelity.brackets import brackets
from nni_tuner_multifidelity.jobs import BudgetTuner, Job, ladder

_STANDARD = NormalDist()
#: share of a normal parameter's draws that is left out at either end: beyond it lies infinity
_TAIL = 1e-6

Vector = tuple[float, ...]


@define(eq=False, kw_only=True)
class _Individual:
    vector: Vector
    loss: float = math.inf
    #: parameter id of the trial that brought the loss
    trial: int | None = None


class DehbTuner(BudgetTuner):
    """Keeps a population for every budget. A child is a mutant of three individuals crossed with a fourth, whose place
    it takes when it is better. The three are the best of the next smaller budget, so that what is good there is tried
    here; at the first budget of a bracket they are any of the population.

    It never waits. While the populations fill, the best of a budget go on to the next from their checkpoints. A child
    trains from the beginning: it has no parent whose checkpoints would fit it.
    """

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        min_budget: float = 1,
        max_budget: float = 27,
        eta: int = 3,
        mutation_factor: float = 0.5,
        crossover_probability: float = 0.5,
        seed: int | None = None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_multifidelity.arguments.DehbArguments`."""
        super().__init__(optimize_mode, seed)
        self._budgets = ladder(min_budget, max_budget, eta)
        self._shapes = brackets(len(self._budgets), eta)
        self._mutation_factor = mutation_factor
        self._crossover_probability = crossover_probability
        self._sizes = [
            max(count for rounds in self._shapes for count, at in rounds if at == level)
            for level in range(len(self._budgets))
        ]
        self._populations: list[list[_Individual]] = [[] for _ in self._budgets]
        self._turns = [0] * len(self._budgets)
        self._steps = _steps(self._shapes)
        #: steps whose trials were not taken
        self._again: list[tuple[int, bool]] = []

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; if its parameters are others, the populations begin anew."""
        former = self.space
        super().update_search_space(search_space)
        if former != self.space:
            self._populations = [[] for _ in self._budgets]
            self._turns = [0] * len(self._budgets)

    def next_job(self, parameter_id: int) -> Job:
        """The next step of the brackets."""
        del parameter_id
        level, first = step = self._again.pop() if self._again else next(self._steps)
        previous: int | None = None
        population, turn = self._populations[level], self._turns[level]
        self._turns[level] += 1
        if len(population) < self._sizes[level]:
            promoted = self._promoted(level, turn, first=first)
            target = _Individual(vector=promoted.vector if promoted else self._new())
            population.append(target)
            child, previous = target, promoted.trial if promoted else None
        else:
            target = population[turn % len(population)]
            child = _Individual(vector=self._child(target, self._parents(level, first=first)))
        parameters = _parameters(self.space, child.vector)
        place = (target, child, step)
        return Job(parameters=parameters, budget=self._budgets[level], level=level, previous=previous, place=place)

    def job_ended(self, job: Job) -> None:
        """The better of the two keeps the place."""
        target, child, _ = job.place
        stays = target in self._populations[job.level]
        if not stays or job.parameters != _parameters(self.space, child.vector):
            return  # of another search space, or the core has put others in their place
        if job.loss is not None and job.loss <= target.loss:
            target.vector, target.loss, target.trial = child.vector, job.loss, job.id

    def job_refused(self, job: Job) -> None:
        """The step is made again, with somebody else."""
        target, child, step = job.place
        level = step[0]
        if target is child and target in self._populations[level]:
            self._populations[level].remove(target)
        self._turns[level] = max(0, self._turns[level] - 1)
        self._again.append(step)

    def _promoted(self, level: int, turn: int, *, first: bool) -> _Individual | None:
        """For a population that is not complete: the next best of the budget below; None for somebody new."""
        below = [] if first else self._ranked(level - 1)
        return below[turn] if turn < len(below) else None

    def _parents(self, level: int, *, first: bool) -> Sequence[_Individual]:
        return self._populations[level] if first else self._ranked(level - 1)[: self._sizes[level]]

    def _ranked(self, level: int) -> list[_Individual]:
        return sorted((one for one in self._populations[level] if one.loss < math.inf), key=lambda one: one.loss)

    def _child(self, target: _Individual, parents: Sequence[_Individual]) -> Vector:
        pool = [one.vector for one in parents]
        everybody = [one.vector for population in self._populations for one in population]
        if len(pool) < 3:
            pool += self._random.sample(everybody, min(len(everybody), 3 - len(pool)))
        pool += [self._new() for _ in range(3 - len(pool))]
        one, two, three = self._random.sample(pool, 3)
        certain = self._random.randrange(len(target.vector)) if target.vector else 0
        return tuple(
            self._mutant(one[place], two[place], three[place])
            if place == certain or self._random.random() < self._crossover_probability
            else entry
            for place, entry in enumerate(target.vector)
        )

    def _mutant(self, one: float, two: float, three: float) -> float:
        entry = one + self._mutation_factor * (two - three)
        return entry if 0 <= entry <= 1 else self._random.random()

    def _new(self) -> Vector:
        return tuple(self._random.random() for _ in self.space.parameters)


def _steps(shapes: Sequence[Sequence[tuple[int, int]]]) -> Iterator[tuple[int, bool]]:
    """The level of every trial, bracket after bracket without end, and whether it is in the first round."""
    for rounds in cycle(shapes):
        for number, (count, level) in enumerate(rounds):
            yield from [(level, number == 0)] * count


def _parameters(space: SearchSpace, vector: Vector) -> Parameters:
    """Parameters at a place in the unit cube; an entry of a parameter that is not active means nothing."""
    internal: dict[Key, float] = {}
    for parameter, entry in zip(space.parameters, vector, strict=True):
        if parameter.is_active_in(internal):
            internal[parameter.key] = _at(parameter, entry)
    return space.external(internal)


def _at(parameter: Parameter, entry: float) -> float:
    domain = parameter.domain
    if isinstance(domain, Choice):
        return min(int(entry * domain.size), domain.size - 1)
    if isinstance(domain, Numeric) and isinstance(domain.distribution, Normal):
        return domain.distribution.decode(_STANDARD.inv_cdf(min(max(entry, _TAIL), 1 - _TAIL)))
    return domain.decode(entry)
