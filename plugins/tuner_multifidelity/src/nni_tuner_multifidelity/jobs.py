"""What all tuners of this distribution share: trials of one parameter set with one budget after the other."""

from __future__ import annotations

import logging
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from attrs import define

from nni_core.api import Proposal, Tuner
from nni_core.model import Direction, Json, Parameters, default_number
from nni_core.space import SearchSpace

_log = logging.getLogger(__name__)

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
    #: the result as it was reported
    value: Json = None


class BudgetTuner(Tuner):
    """Keeps the running trials. What runs next, and what follows from a trial's end, is up to the scheduler."""

    #: the same parameters come again, with another budget
    repeats: ClassVar[bool] = True

    def __init__(self, optimize_mode: Direction | str, seed: int | None = None) -> None:
        self._sign = 1.0 if Direction(optimize_mode) is Direction.MINIMIZE else -1.0
        self._random = Random(seed)  # noqa: S311 - not a secret
        self._running: dict[int, Job] = {}
        self.space = SearchSpace(parameters=())

    @abstractmethod
    def next_job(self, parameter_id: int) -> Job:
        """What to run now.

        :raises NoMoreTrialError: when that depends on trials that run.
        """

    @abstractmethod
    def job_ended(self, job: Job) -> None:
        """A trial is over; its loss is infinite when it brought none."""

    @abstractmethod
    def job_refused(self, job: Job) -> None:
        """There will be no trial: the core has not taken the parameters, which break a constraint, say."""

    def learn_from_elsewhere(self, parameters: Parameters, budget: Json, value: Json) -> bool:
        """Whether a result of parameters that a user gave, or that were imported, teaches anything. ``budget`` is the
        one that came with them, None without."""
        del parameters, budget, value
        return False

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
        """Note a result, and what was tried in fact: the core may have put other parameters in the place of those that
        it did not take."""
        del kwargs
        number, job = default_number(value), self._running.get(parameter_id)
        if job is None:
            self._learn_from_elsewhere(parameters, value)
            return
        given = {name: item for name, item in parameters.items() if name not in self.extras(job)}
        if given != job.parameters and self.space.contains(given) is None:
            job.parameters, job.previous = given, None
        if number is not None:
            job.loss, job.value = self._sign * number, value

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Tell the scheduler. Without a trial, that is without ``trial_job_id``, there was none."""
        del success
        job = self._running.pop(parameter_id, None)
        if job is None:
            return
        if job.loss is None and kwargs.get("trial_job_id") is None:
            self.job_refused(job)
            return
        job.loss = math.inf if job.loss is None else job.loss
        self.job_ended(job)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere; :data:`BUDGET` among the parameters says what they were trained with."""
        learnt = sum(self._learn_from_elsewhere(record["parameter"], record["value"]) for record in data)
        if learnt < len(data):
            _log.warning("imported %d of %d results; the others teach this tuner nothing", learnt, len(data))

    def draw(self) -> Parameters:
        """A random parameter set."""
        return self.space.sample(self._random)

    def _learn_from_elsewhere(self, parameters: Parameters, value: Json) -> bool:
        given = {name: item for name, item in parameters.items() if name != BUDGET}
        return self.learn_from_elsewhere(given, parameters.get(BUDGET), value)


def ladder(least: float, most: float, eta: int) -> list[float]:
    """Budgets from the least to the most, each about ``eta`` times the one before: what is left between the last two is
    at least the root of that."""
    budgets = [least]
    while budgets[-1] * eta**1.5 < most * (1 + 1e-9):
        budgets.append(budgets[-1] * eta)
    budgets = [*budgets, most] if most > least else budgets
    # What is whole is a whole number, for scripts that count to it.
    return [int(budget) if float(budget).is_integer() else budget for budget in budgets]


def level_of(budget: Json, budgets: Sequence[float]) -> int:
    """The level whose budget is nearest, the largest for what is no budget."""
    number = default_number(budget)
    if number is None or number <= 0:
        return len(budgets) - 1
    return min(range(len(budgets)), key=lambda level: abs(math.log(number / budgets[level])))
