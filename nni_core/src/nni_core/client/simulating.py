"""Tuners on made-up trials and a clock of their own: who would be best, before a trial is run."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from statistics import fmean, median, quantiles

from attrs import frozen

from nni_core.analysis.surface import Surface
from nni_core.api import NoMoreTrialError
from nni_core.client.study import Study, Suggestion
from nni_core.errors import ConflictError, Problem
from nni_core.model import Direction, Json, Parameters
from nni_core.space import SearchSpace
from nni_core.space.constraints import Constraints

#: random parameter sets that regret is measured by
_DRAWS = 1000


@frozen(kw_only=True)
class Plan:
    """What is to be simulated."""

    search_space: Mapping[str, Json]
    direction: Direction
    #: by name, with ``class_args``
    tuners: Mapping[str, Mapping[str, Json]]
    #: makes the surface of a repetition
    surface: Callable[[int], Surface]
    trials: int
    concurrency: int
    repeats: int
    seed: int
    #: as in a config: what may be tried, and what is tried first
    constraints: Sequence[str] = ()
    initial_points: Sequence[Parameters] = ()
    #: as in a config, ``deterministic``: the tuner hears of ends in the order of trials, by how many trials late
    lag: int | None = None


@frozen(kw_only=True)
class Regret:
    """How far the best result after some trials was from the best known: 0 is there, 1 a random trial. Over repeats:
    median and quartiles."""

    trials: int
    median: float
    low: float
    high: float


@frozen(kw_only=True)
class Standing:
    """What came of one tuner."""

    tuner: str
    #: mean place among the tuners at the end, from 1
    rank: float
    regrets: Sequence[Regret]
    #: milliseconds of processor time for one suggestion, learning of results included
    cost: float


def simulate(plan: Plan, told: Callable[[int], None] = lambda _: None) -> Sequence[Standing]:
    """Run every tuner on the same surfaces, the best one first in the answer. ``told`` hears of every run that ended.

    :raises UserError: when a tuner cannot be built.
    :raises ConflictError: when a tuner gives trials budgets, which made-up results do not heed.
    """
    curves: dict[str, list[list[float]]] = {name: [] for name in plan.tuners}
    costs: dict[str, list[float]] = {name: [] for name in plan.tuners}
    done = 0
    for repeat in range(plan.repeats):
        seed = plan.seed * 1_000_003 + repeat
        surface = plan.surface(seed)
        losses: dict[str, list[float]] = {}
        for name, class_args in plan.tuners.items():
            losses[name], cost = _run(plan, name, class_args, surface, seed)
            costs[name].append(cost)
            done += 1
            told(done)
        best, middle = _scale(plan, surface, seed, losses)
        for name, found in losses.items():
            curves[name].append([max(0.0, (one - best) / (middle - best)) for one in found])
    return _standings(plan, curves, costs)


def _run(
    plan: Plan, name: str, class_args: Mapping[str, Json], surface: Surface, seed: int
) -> tuple[list[float], float]:
    """The best loss after each trial, and the cost of a suggestion."""
    study = Study(
        plan.search_space,
        tuner=name,
        class_args=class_args,
        seed=seed % 2**31,
        constraints=plan.constraints,
        initial_points=plan.initial_points,
    )
    if study.gives_budgets:
        message = f"tuner {name} gives trials budgets, which made-up results do not heed"
        raise ConflictError(Problem(code="NNI582", message=message, help="leave it out"))
    tuner = _InTurn(study, plan.lag)
    source, sign = Random(seed), 1 if plan.direction is Direction.MINIMIZE else -1  # noqa: S311 - not a secret
    #: by the time of their end
    running: list[tuple[float, int, Suggestion]] = []
    best: list[float] = []
    now = 0.0
    began = time.process_time()
    spent = 0.0
    while len(best) < plan.trials:
        try:
            while len(running) < min(plan.concurrency, plan.trials - len(best)):
                asked = tuner.ask()
                if asked is None:
                    break
                spent -= time.process_time()
                number, suggestion = asked
                heapq.heappush(running, (now + surface.duration(suggestion.parameters, source), number, suggestion))
                spent += time.process_time()
        except NoMoreTrialError:
            if not running:
                break
        now, number, ended = heapq.heappop(running)
        spent -= time.process_time()
        result = surface.result(ended.parameters)
        spent += time.process_time()
        tuner.end(number, ended, result)
        best.append(min(sign * result, best[-1] if best else sign * result))
    cost = (time.process_time() - began - spent) / max(1, len(best))
    # A space that was gone through needs no more trials.
    return best + best[-1:] * (plan.trials - len(best)), 1000 * cost


class _InTurn:
    """A tuner that hears of each end at once; with a lag, of no end before the question that has to wait for it, and of
    the ends in the order of their trials (:mod:`nni_core.experiment.turns`)."""

    def __init__(self, study: Study, lag: int | None) -> None:
        self._study = study
        self._lag = lag
        self._asked = 0
        self._told = 0
        #: it had nothing to suggest; with the end of one more trial it may have
        self._exhausted = False
        #: ends that were not told yet, by the number of the trial
        self._ends: dict[int, tuple[Suggestion, float]] = {}

    def ask(self) -> tuple[int, Suggestion] | None:
        """The number and the parameters of the next trial; None when it has to wait for the end of another.

        :raises NoMoreTrialError: when there is none, whatever is waited for.
        """
        while self._tell():
            try:
                suggestion = self._study.ask()
            except NoMoreTrialError:
                if self._lag is None or self._told == self._asked:
                    raise
                self._exhausted = True
            else:
                self._exhausted = False
                self._asked += 1
                return self._asked - 1, suggestion
        return None

    def end(self, number: int, suggestion: Suggestion, result: float) -> None:
        """A trial is over."""
        if self._lag is None:
            self._study.tell(suggestion, result)
        else:
            self._ends[number] = suggestion, result

    def _tell(self) -> bool:
        """Tell the ends that are due, from the first; False when one of them is yet to come."""
        due = 0 if self._lag is None else max(self._asked + 1 - self._lag, self._told + self._exhausted)
        while self._told < due and self._told in self._ends:
            self._study.tell(*self._ends.pop(self._told))
            self._told += 1
        return self._told >= due


def _scale(plan: Plan, surface: Surface, seed: int, losses: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """The best loss known, and that of a middling random trial."""
    space, source = SearchSpace.parse(plan.search_space), Random(seed + 1)  # noqa: S311 - not a secret
    sign = 1 if plan.direction is Direction.MINIMIZE else -1
    constraints = Constraints.read(plan.constraints, space)
    points = (space.sample(source) for _ in range(_DRAWS))
    drawn = [sign * surface.result(point) for point in points if constraints.broken_by(point) is None]
    found = [one[-1] for one in losses.values()]
    best, middle = min([*drawn, *found]), median(drawn or found)
    return best, middle if middle > best else best + 1.0


def _standings(
    plan: Plan, curves: Mapping[str, Sequence[Sequence[float]]], costs: Mapping[str, Sequence[float]]
) -> Sequence[Standing]:
    marks = sorted({max(1, plan.trials // 4), max(1, plan.trials // 2), plan.trials})
    ranks: dict[str, list[float]] = {name: [] for name in curves}
    for repeat in range(plan.repeats):
        ends = {name: runs[repeat][-1] for name, runs in curves.items()}
        for name, end in ends.items():
            better = sum(other < end for other in ends.values())
            equal = sum(other == end for other in ends.values())
            ranks[name].append(better + (equal + 1) / 2)
    standings = [
        Standing(
            tuner=name,
            rank=fmean(ranks[name]),
            regrets=[_regret(mark, [run[mark - 1] for run in runs]) for mark in marks],
            cost=fmean(costs[name]),
        )
        for name, runs in curves.items()
    ]
    return sorted(standings, key=lambda one: one.rank)


def _regret(trials: int, regrets: Sequence[float]) -> Regret:
    low, middle, high = quantiles(regrets, n=4, method="inclusive") if len(regrets) > 1 else [regrets[0]] * 3
    return Regret(trials=trials, median=middle, low=low, high=high)
