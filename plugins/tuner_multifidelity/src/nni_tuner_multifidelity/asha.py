"""Asynchronous successive halving, the variant that promotes.

L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A. Talwalkar: A System for Massively
Parallel Hyperparameter Tuning, MLSys 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nni_core.api import NoMoreTrialError, Tuner
from nni_core.model import Direction, Json, Parameters
from nni_tuner_multifidelity.jobs import BudgetTuner, Job, ladder, level_of
from nni_tuner_multifidelity.proposer import Proposer


class AshaTuner(BudgetTuner):
    """Every parameter set gets the least budget. Whenever one is among the best of ``eta``-th of those with its budget,
    it goes on with the next larger one, from its own checkpoints. It never waits: when nobody is to go on, a new
    parameter set begins. When there are no new ones, as on a finite space that was tried out, those that were left
    behind go on after all, the best of the largest budget first."""

    def __init__(
        self,
        proposer: Tuner,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        min_budget: float = 1,
        max_budget: float = 27,
        eta: int = 3,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_multifidelity.arguments.AshaArguments`, the proposer built."""
        super().__init__(optimize_mode)
        self._budgets = ladder(min_budget, max_budget, eta)
        self._eta = eta
        self._proposer = Proposer(proposer, None, distinct=True)
        #: by level: trials that are over, and which of them went on
        self._ended: list[list[Job]] = [[] for _ in self._budgets]
        self._promoted: set[int] = set()

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; who lies outside does not go on."""
        super().update_search_space(search_space)
        self._proposer.update_search_space(search_space)
        self._ended = [[job for job in jobs if self.space.contains(job.parameters) is None] for jobs in self._ended]

    def next_job(self, parameter_id: int) -> Job:
        """Who goes on, from the largest budget down; else somebody new."""
        if (job := self._promotion(self._eta)) is not None:
            return job
        try:
            parameters = self._proposer.propose(parameter_id)
        except NoMoreTrialError:
            if (job := self._promotion(1)) is None:
                raise
            return job
        return Job(parameters=parameters, budget=self._budgets[0], level=0)

    def job_ended(self, job: Job) -> None:
        """It is compared with the others of its budget, if it lies in the search space still."""
        if self.space.contains(job.parameters) is None:
            self._ended[job.level].append(job)
        self._proposer.learn(job)

    def job_refused(self, job: Job) -> None:
        """It counts nowhere."""
        self._proposer.forget(job)

    def learn_from_elsewhere(self, parameters: Parameters, budget: Json, value: Json) -> bool:
        """A result for the proposer; the largest budget where none is told."""
        return self._proposer.learn_from_elsewhere(parameters, level_of(budget, self._budgets), value)

    def _promotion(self, share: int) -> Job | None:
        """The next trial of the best that is among one of ``share``, at the largest budget where there is one."""
        for level in range(len(self._budgets) - 2, -1, -1):
            if (best := self._promotable(level, share)) is not None:
                self._promoted.add(best.id)
                budget = self._budgets[level + 1]
                return Job(parameters=best.parameters, budget=budget, level=level + 1, previous=best.id)
        return None

    def _promotable(self, level: int, share: int) -> Job | None:
        jobs = self._ended[level]
        best = sorted(jobs, key=_loss)[: len(jobs) // share]
        return next((job for job in best if job.id not in self._promoted and job.loss != math.inf), None)


def _loss(job: Job) -> Any:
    return job.loss
