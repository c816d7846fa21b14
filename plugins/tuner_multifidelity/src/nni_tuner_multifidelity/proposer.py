"""Any tuner as the source of new parameter sets, taught the results of all budgets as those of one.

What counts is the largest budget that has enough results for a model (the rule of S. Falkner, A. Klein, F. Hutter:
BOHB, ICML 2018). Results of smaller ones are taught too, moved by what more budget has changed for those that have
both: a model of few results is worth less than one of many that are nearly right. When another budget takes over, a
new tuner is made, which goes on where the draws of the former one ended.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from random import Random
from statistics import median

from attrs import define

from nni_core.api import NoMoreTrialError, Proposal, Tuner
from nni_core.model import Json, Parameters, default_number, named_number
from nni_core.space import Deduplicator, SearchSpace
from nni_tuner_multifidelity.jobs import Job

#: repeated suggestions in a row after which a new parameter set is drawn instead
_PATIENCE = 10


@define(eq=False)
class _Known:
    """A parameter set with its results by level, as they were reported."""

    parameters: Parameters
    results: dict[int, Json]


class Proposer:
    """A tuner, and the results of all budgets."""

    def __init__(self, tuner: Tuner, enough: int | None, *, distinct: bool) -> None:
        """``enough`` results of one budget make a model; two more than there are parameters when it is None.
        ``distinct``: on a finite space nothing is proposed twice."""
        self._untaught = tuner
        self._enough = enough
        self._distinct = distinct
        #: suggestions that were asked for, of this tuner and those before it
        self._asked = 0
        #: by parameter id of the latest trial of each parameter set; those from elsewhere have ids of their own
        self._known: dict[int, _Known] = {}
        self._elsewhere = count(-1, -1)

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; what lies in it is kept."""
        self._search_space = search_space
        self._space = SearchSpace.parse(search_space)
        self._known = {key: one for key, one in self._known.items() if self._space.contains(one.parameters) is None}
        self._tried = Deduplicator(self._space) if self._distinct and self._space.size is not None else None
        for one in self._known.values():
            self._note(one.parameters)
        self._renew()

    def propose(self, parameter_id: int) -> Parameters:
        """A new parameter set.

        :raises NoMoreTrialError: when the tuner has none, or all there are were proposed.
        """
        for _ in range(_PATIENCE):
            if self._tried is not None and self._tried.remaining == 0:
                break
            number = next(self._numbers)
            suggested = Proposal.of(self._tuner.generate_parameters(number)).parameters
            self._asked += 1
            if self._note(suggested):
                self._pending[parameter_id] = number
                return suggested
            self._tuner.trial_end(number, False)
        unseen = None if self._tried is None else self._tried.next_unseen(Random(parameter_id))  # noqa: S311 - no secret
        if unseen is None:
            raise NoMoreTrialError("all points of the search space have been tried")
        return unseen

    def forget(self, job: Job) -> None:
        """There will be no result of a trial."""
        number = self._pending.pop(job.id, None)
        if number is not None:
            self._tuner.trial_end(number, False)

    def learn(self, job: Job) -> None:
        """A trial is over. One without a finite loss, or outside the search space, teaches nothing."""
        if job.loss is None or not math.isfinite(job.loss) or self._space.contains(job.parameters) is not None:
            self.forget(job)
            return
        known = self._known.pop(job.previous, None) if job.previous is not None else None
        self._learn(job.id, known or _Known(job.parameters, {}), job.level, job.value)

    def learn_from_elsewhere(self, parameters: Parameters, level: int, value: Json) -> bool:
        """Whether a result that no proposal has led to teaches anything."""
        if default_number(value) is None or self._space.contains(parameters) is not None:
            return False
        self._learn(next(self._elsewhere), _Known(parameters, {}), level, value)
        return True

    def _learn(self, key: int, known: _Known, level: int, value: Json) -> None:
        known.results[level] = value
        self._known[key] = known
        self._note(known.parameters)
        if self._level() != self._learnt_level:
            self._renew()
        else:
            self._teach(key, known)

    def _note(self, parameters: Parameters) -> bool:
        """Whether parameters are new, where that matters."""
        return self._tried is None or self._tried.add(parameters)

    def _renew(self) -> None:
        """Another tuner, which knows everything as results of the level of now."""
        self._tuner = copy.deepcopy(self._untaught)
        self._tuner.update_search_space(self._search_space)
        #: what the tuner knows its parameter sets by; of those that run, by parameter id
        self._numbers = count()
        self._pending: dict[int, int] = {}
        self._skip()
        self._learnt_level = self._level()
        for key, known in self._known.items():
            self._teach(key, known)

    def _skip(self) -> None:
        """Ask for what was asked for before, so that no random numbers are drawn twice."""
        for number, _ in zip(self._numbers, range(self._asked), strict=False):
            try:
                self._tuner.generate_parameters(number)
            except NoMoreTrialError:
                return
            self._tuner.trial_end(number, False)

    def _teach(self, key: int, known: _Known) -> None:
        number, value = self._pending.pop(key, None), self._estimate(known)
        customized = number is None
        if value is None or (customized and not self._tuner.accepts_customized_trials()):
            if number is not None:
                self._tuner.trial_end(number, False)
            return
        number = next(self._numbers) if number is None else number
        self._tuner.receive_trial_result(number, known.parameters, value, customized=customized)
        self._tuner.trial_end(number, True)

    def _level(self) -> int:
        """The largest with enough results."""
        enough = len(self._space.parameters) + 2 if self._enough is None else self._enough
        levels = {level for known in self._known.values() for level in known.results}
        return max((level for level in levels if sum(1 for _ in self._with(level)) >= enough), default=0)

    def _with(self, level: int) -> Iterator[_Known]:
        return (known for known in self._known.values() if level in known.results)

    def _estimate(self, known: _Known) -> Json:
        """The result at the level that is learnt, as it is or as it would be; None when that cannot be said."""
        target = self._learnt_level
        if target in known.results:
            return known.results[target]
        nearest = min(known.results, key=lambda level: abs(level - target))
        pairs = [(one.results[nearest], one.results[target]) for one in self._with(target) if nearest in one.results]
        return _moved(known.results[nearest], pairs) if pairs else None


def _moved(value: Json, pairs: Sequence[tuple[Json, Json]]) -> Json:
    """A result with every number in it changed as it has changed in the pairs, by the median; None when ``default``
    would not be finite."""
    if not isinstance(value, Mapping):
        moved = _moved({"default": value}, [({"default": one}, {"default": two}) for one, two in map(_defaults, pairs)])
        return None if moved is None else moved["default"]
    whole = dict(value)
    for name in value:
        changes = [
            two - one
            for before, after in pairs
            if (one := named_number(before, name)) is not None and (two := named_number(after, name)) is not None
        ]
        number = named_number(value, name)
        if number is not None and changes:
            whole[name] = number + median(changes)
    return whole if default_number(whole) is not None else None


def _defaults(pair: tuple[Json, Json]) -> tuple[Json, Json]:
    return default_number(pair[0]), default_number(pair[1])
