"""What all tuners of this distribution share: trials of one parameter set with one budget after the other."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from attrs import define

from nni_core.api import Proposal, Tuner
from nni_core.model import Direction, Json, Parameters, default_number
from nni_core.space import SearchSpace

#: the key under which a trial finds its budget, as in NNI
BUDGET = "TRIAL_BUDGET"


@define(eq=False, kw_only=True)
class Job:
    """A trial: some parameters with some budget."""

    parameters: Parameters
    budget: float
    #: how many budgets of the ladder are smaller
    level: int
    #: parameter id of the trial whose checkpoints it begins with
    previous: int | None = None
    #: what the scheduler knows it by
    place: Any = None
    #: parameter id of its own
    id: int = -1
    #: None while there is no result
    loss: float | None = None


class BudgetTuner(Tuner):
    """Keeps the running trials. What runs next, and what follows from a trial's end, is up to the scheduler."""

    #: the same parameters come again, with another budget
    repeats: ClassVar[bool] = True

    def __init__(self, optimize_mode: Direction | str, seed: int | None = None) -> None:
        self._sign = 1.0 if Direction(optimize_mode) is Direction.MINIMIZE else -1.0
        self._random = Random(seed)  # noqa: S311 - not a secret
        self._running: dict[int, Job] = {}

    @abstractmethod
    def next_job(self, parameter_id: int) -> Job:
        """What to run now.

        :raises NoMoreTrialError: when that depends on trials that run.
        """

    @abstractmethod
    def job_ended(self, job: Job) -> None:
        """A trial is over; its loss is infinite when it brought none."""

    def extras(self, job: Job) -> Mapping[str, Json]:
        """What the trial gets beside its parameters: its budget."""
        return {BUDGET: job.budget}

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space."""
        self.space = SearchSpace.parse(search_space)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Proposal:
        """The scheduler's next trial."""
        del kwargs
        job = self.next_job(parameter_id)
        job.id = parameter_id
        self._running[parameter_id] = job
        return Proposal(parameters=job.parameters, extras=self.extras(job), checkpoints_of=job.previous)

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Note a result; those of trials that somebody else added have no place on the ladder."""
        del parameters, kwargs
        number, job = default_number(value), self._running.get(parameter_id)
        if job is not None and number is not None:
            job.loss = self._sign * number

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Tell the scheduler."""
        del success, kwargs
        job = self._running.pop(parameter_id, None)
        if job is not None:
            job.loss = math.inf if job.loss is None else job.loss
            self.job_ended(job)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Results without a known budget teach nothing here."""

    def draw(self) -> Parameters:
        """A random parameter set."""
        return self.space.sample(self._random)


def ladder(least: float, most: float, eta: int) -> list[float]:
    """Budgets from the least to the most, each about ``eta`` times the one before: what is left between the last two is
    at least the root of that."""
    budgets = [least]
    while budgets[-1] * eta**1.5 < most * (1 + 1e-9):
        budgets.append(budgets[-1] * eta)
    return [*budgets, most] if most > least else budgets
