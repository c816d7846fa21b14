"""Brackets of successive halving: many parameter sets with a small budget, of which the best go on.

L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar: Hyperband: A Novel Bandit-Based Approach to
Hyperparameter Optimization, JMLR 18, 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from attrs import define, field

from nni_core.model import Parameters
from nni_tuner_multifidelity.jobs import Job

#: a new parameter set for a trial with this parameter id and level
NewParameters = Callable[[int, int], Parameters]


@define(eq=False, kw_only=True)
class Bracket:
    """Rounds of trials. A round begins when every trial of the one before is over."""

    #: of each round, how many trials there are and which level of the ladder they are on
    rounds: Sequence[tuple[int, int]]
    budgets: Sequence[float]
    _round: int = field(default=0, init=False)
    _begun: int = field(default=0, init=False)
    _ended: list[Job] = field(factory=list, init=False)
    #: of a later round, those that go on
    _going_on: list[Job] = field(factory=list, init=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing will run any more."""
        return self._round >= len(self.rounds)

    def next_job(self, parameter_id: int, new: NewParameters) -> Job | None:
        """A trial of the round that runs; None when all of them have begun."""
        if self.is_over or self._begun >= self._size:
            return None
        level = self.rounds[self._round][1]
        if self._round == 0:
            parameters = new(parameter_id, level)
            self._begun += 1
            return Job(parameters=parameters, budget=self.budgets[level], level=level, place=self)
        best = self._going_on[self._begun]
        self._begun += 1
        return Job(parameters=best.parameters, budget=self.budgets[level], level=level, previous=best.id, place=self)

    def ended(self, job: Job) -> None:
        """A trial is over; with the last of a round, the next begins."""
        self._ended.append(job)
        if len(self._ended) < self._size:
            return
        best = sorted((job for job in self._ended if job.loss != math.inf), key=lambda job: job.loss or 0.0)
        self._round += 1
        self._going_on = best[: self.rounds[self._round][0]] if not self.is_over else []
        self._begun, self._ended = 0, []
        if not self._going_on:
            self._round = len(self.rounds)

    def refused(self, job: Job) -> None:
        """A trial was not taken: of the first round there is another one in its place."""
        if self._round == 0:
            self._begun -= 1
        else:
            job.loss = math.inf
            self.ended(job)

    @property
    def _size(self) -> int:
        return self.rounds[0][0] if self._round == 0 else len(self._going_on)


def brackets(levels: int, eta: int) -> list[list[tuple[int, int]]]:
    """The rounds of the brackets of Hyperband for a ladder with so many budgets, the one with the most rounds first."""
    largest = levels - 1
    made = []
    for rounds in range(largest, -1, -1):
        count = math.ceil((largest + 1) * eta**rounds / (rounds + 1))
        made.append([(max(1, count // eta**step), largest - rounds + step) for step in range(rounds + 1)])
    return made
