"""Any tuner as the source of new parameter sets, taught the results of all budgets as those of one.

What counts is the largest budget that has enough results for a model (the rule of S. Falkner, A. Klein, F. Hutter:
BOHB, ICML 2018). Results of smaller ones are taught too, moved by what more budget has changed for those that have
both: a model of few results is worth less than one of many that are nearly right. When another budget takes over, a
new tuner is made, which goes on where the draws of the former one ended.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from statistics import median

from attrs import define

from nni_core.api import Proposal, Tuner
from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_multifidelity.jobs import Job


@define(eq=False)
class _Known:
    """A parameter set with its losses by level."""

    parameters: Parameters
    losses: dict[int, float]


class Proposer:
    """A tuner, and the results of all budgets."""

    def __init__(self, tuner: Tuner, sign: float, enough: int | None) -> None:
        """``enough`` results of one budget make a model; two more than there are parameters when it is None."""
        self._untaught = tuner
        self._sign = sign
        self._enough = enough
        self._asked = 0
        #: by parameter id of the latest trial of each parameter set
        self._known: dict[int, _Known] = {}

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; what lies in it is kept."""
        self._search_space = search_space
        self._space = SearchSpace.parse(search_space)
        self._known = {key: one for key, one in self._known.items() if self._space.contains(one.parameters) is None}
        self._renew()

    def propose(self, parameter_id: int) -> Parameters:
        """A new parameter set."""
        self._asked += 1
        return Proposal.of(self._tuner.generate_parameters(parameter_id)).parameters

    def learn(self, job: Job, *, proposed: bool) -> None:
        """A trial is over, of parameters that were proposed for it or not. A loss that is infinite teaches nothing."""
        if job.loss is None or not math.isfinite(job.loss) or self._space.contains(job.parameters) is not None:
            if proposed:
                self._tuner.trial_end(job.id, False)
            return
        known = self._known.pop(job.previous, None) if job.previous is not None else None
        known = known or _Known(job.parameters, {})
        known.losses[job.level] = job.loss
        self._known[job.id] = known
        if self._level() != self._learnt_level:
            self._renew()
        elif (loss := self._estimate(known)) is not None:
            self._teach(job.id, known.parameters, loss, customized=not proposed)

    def _renew(self) -> None:
        """Another tuner, which knows everything as results of the level of now."""
        self._tuner = copy.deepcopy(self._untaught)
        self._tuner.update_search_space(self._search_space)
        for skipped in range(self._asked):
            # So that it draws no random numbers that the former one has drawn.
            self._tuner.generate_parameters(skipped)
            self._tuner.trial_end(skipped, False)
        self._learnt_level = self._level()
        for key, known in self._known.items():
            if (loss := self._estimate(known)) is not None:
                self._teach(key, known.parameters, loss, customized=True)

    def _teach(self, key: int, parameters: Parameters, loss: float, *, customized: bool) -> None:
        self._tuner.receive_trial_result(key, parameters, self._sign * loss, customized=customized)
        self._tuner.trial_end(key, True)

    def _level(self) -> int:
        """The largest with enough results."""
        enough = len(self._space.parameters) + 2 if self._enough is None else self._enough
        levels = {level for known in self._known.values() for level in known.losses}
        return max((level for level in levels if sum(1 for _ in self._with(level)) >= enough), default=0)

    def _with(self, level: int) -> Iterator[_Known]:
        return (known for known in self._known.values() if level in known.losses)

    def _estimate(self, known: _Known) -> float | None:
        """The loss at the level that is learnt, as it is or as it would be."""
        target = self._learnt_level
        if target in known.losses:
            return known.losses[target]
        nearest = min(known.losses, key=lambda level: abs(level - target))
        changes = [one.losses[target] - one.losses[nearest] for one in self._with(target) if nearest in one.losses]
        return known.losses[nearest] + median(changes) if changes else None
