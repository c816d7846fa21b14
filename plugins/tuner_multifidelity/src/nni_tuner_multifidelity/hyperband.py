"""Hyperband: brackets of successive halving, one after the other and side by side.

L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar: Hyperband: A Novel Bandit-Based Approach to
Hyperparameter Optimization, JMLR 18, 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nni_core.api import NoMoreTrialError
from nni_core.model import Direction, Json, Parameters
from nni_tuner_multifidelity.arguments import ExecMode
from nni_tuner_multifidelity.brackets import Bracket, brackets
from nni_tuner_multifidelity.jobs import BudgetTuner, Job


class BracketTuner(BudgetTuner):
    """Runs the brackets of Hyperband again and again. While the open ones wait for trials, another one is opened; or,
    in serial mode, the tuner waits with them."""

    def __init__(
        self,
        optimize_mode: Direction | str,
        budgets: Sequence[float],
        eta: int,
        exec_mode: ExecMode,
        seed: int | None,
    ) -> None:
        super().__init__(optimize_mode, seed)
        self._budgets = budgets
        self._shapes = brackets(len(budgets), eta)
        self._serial = exec_mode is ExecMode.SERIAL
        self._opened = 0
        self._open: list[Bracket] = []

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; all open brackets are given up, and new ones begin."""
        super().update_search_space(search_space)
        self._open = []

    def new_parameters(self, parameter_id: int, level: int) -> Parameters:
        """For the first round of a bracket."""
        del parameter_id, level
        return self.draw()

    def next_job(self, parameter_id: int) -> Job:
        """Of the bracket that was opened first and has one."""
        for bracket in self._open:
            if (job := bracket.next_job(parameter_id, self.new_parameters)) is not None:
                return job
        if self._serial and self._open:
            raise NoMoreTrialError("the trials of this round are not over")
        bracket = Bracket(rounds=self._shapes[self._opened % len(self._shapes)], budgets=self._budgets)
        self._opened += 1
        self._open.append(bracket)
        job = bracket.next_job(parameter_id, self.new_parameters)
        if job is None:
            raise AssertionError("a new bracket has trials")
        return job

    def job_ended(self, job: Job) -> None:
        """The bracket hears of it."""
        job.place.ended(job)
        self._close()

    def job_refused(self, job: Job) -> None:
        """The bracket hears of that, too."""
        job.place.refused(job)
        self._close()

    def _close(self) -> None:
        self._open = [bracket for bracket in self._open if not bracket.is_over]


class HyperbandTuner(BracketTuner):
    """Hyperband with random parameter sets, and NNI's arguments."""

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        R: int = 60,  # noqa: N803 - NNI's name, and the paper's
        eta: int = 3,
        exec_mode: ExecMode | str = ExecMode.PARALLELISM,
        seed: int | None = None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_multifidelity.arguments.HyperbandArguments`."""
        steps = math.floor(math.log(R) / math.log(eta) + 1e-9)
        budgets = [max(1, R // eta**step) for step in range(steps, -1, -1)]
        super().__init__(optimize_mode, budgets, eta, ExecMode(exec_mode), seed)
