"""Which parameters matter, and which of their values do well."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from nni_core.analysis import FEWEST, Effect, Result, analyse, hypervolume
from nni_core.errors import nearest
from nni_core.experiment.control import ExperimentProfile
from nni_core.experiment.objectives import Objective, pareto_set, values_of
from nni_core.http.api import Api
from nni_core.http.documents import extra_metrics
from nni_core.http.portal_routes import json_response
from nni_core.http.problems import refusal
from nni_core.http.routing import Parameter, RouteTable
from nni_core.model import Direction, Trial, TrialState
from nni_core.space import SearchSpace

ANALYSIS = RouteTable("/api/v1")

#: the key under which tuners with budgets tell a trial's
_BUDGET = "TRIAL_BUDGET"
_OBJECTIVE = Parameter(
    name="objective", summary="one of several objectives, by name; the first when left out", noun="objective"
)


@frozen(kw_only=True)
class FrontDocument:
    """Trials that no other surpasses in every objective, by number. ``volume`` is what they surpass of the box between
    the best and the worst result of each objective, from 0 to 1; None when all results are alike in one of them."""

    trials: Sequence[int]
    volume: float | None


@frozen(kw_only=True)
class AnalysisDocument:
    """What results tell. ``importance`` adds up to 1 over all parameters, or is 0 for all when nothing is more than
    chance; ``correlations`` are those of the objective with other numbers in the results. Where trials had budgets, the
    results are those of one ``budget``. ``front`` is told where there are several objectives."""

    objective: str
    direction: Direction
    count: int
    best: int
    budget: float | None
    effects: Sequence[Effect]
    correlations: Mapping[str, float]
    front: FrontDocument | None


@ANALYSIS.add(
    "GET",
    "/analysis",
    "Which parameters matter, and which of their values do well",
    query=(_OBJECTIVE,),
    answer=AnalysisDocument,
    refuses=(404, 409),
)
async def analysis(api: Api, request: Request) -> Response:
    profile = api.control.profile()
    objective = _chosen(profile.objectives, request.query_params.get("objective"))
    trials = [trial for trial in api.control.trials(reports=False) if trial.state is TrialState.SUCCEEDED]
    return json_response(await asyncio.to_thread(_document, profile, trials, objective))


def _chosen(objectives: Sequence[Objective], name: str | None) -> Objective:
    names = [one.name for one in objectives]
    if name is None or name in names:
        return objectives[names.index(name)] if name else objectives[0]
    close = nearest(name, names)
    advice = f"did you mean {close!r}?" if close else f"the objectives are: {', '.join(names)}"
    raise refusal(404, "NNI746", f"the experiment has no objective {name!r}", help=advice)


def _document(profile: ExperimentProfile, trials: Sequence[Trial], objective: Objective) -> AnalysisDocument:
    space = SearchSpace.parse(profile.config.get("searchSpace") or {})
    by_budget: dict[float | None, list[Result]] = {}
    for budget, result in _results(space, trials, profile.objectives, objective):
        by_budget.setdefault(budget, []).append(result)
    enough = [budget for budget, results in by_budget.items() if len(results) >= FEWEST]
    budget = max(enough, key=lambda one: one or 0.0, default=None)
    try:
        found = analyse(space, by_budget.get(budget, []), objective.direction)
    except ValueError as error:
        help_ = "let more trials end well"
        raise refusal(409, "NNI747", f"nothing can be told of so few results: {error}", help=help_) from None
    return AnalysisDocument(
        objective=objective.name,
        direction=objective.direction,
        count=found.count,
        best=found.best,
        budget=budget,
        effects=found.effects,
        correlations=found.correlations,
        front=_front(profile.objectives, trials),
    )


def _results(
    space: SearchSpace, trials: Sequence[Trial], objectives: Sequence[Objective], objective: Objective
) -> Iterator[tuple[float | None, Result]]:
    """Results with the budgets of their trials; what a trial was given beside its parameters is left out."""
    names = {parameter.name for parameter in space.top}
    for trial in trials:
        values = values_of(trial.final.value, objectives) if trial.final else {}
        if objective.name in values:
            others = {name: number for name, number in extra_metrics(trial).items() if number is not None}
            others.pop(objective.name, None)
            parameters = {name: value for name, value in trial.parameters.items() if name in names}
            budget = None if _BUDGET in names else trial.parameters.get(_BUDGET)
            yield budget, Result(parameters=parameters, number=values[objective.name], others=others)


def _front(objectives: Sequence[Objective], trials: Sequence[Trial]) -> FrontDocument | None:
    if len(objectives) < 2:
        return None
    signs = [1 if one.direction is Direction.MINIMIZE else -1 for one in objectives]
    all_values = [values_of(trial.final.value, objectives) for trial in trials if trial.final]
    points = [
        tuple(sign * values[one.name] for sign, one in zip(signs, objectives, strict=True))
        for values in all_values
        if len(values) == len(objectives)
    ]
    front = [choice.trial.sequence_id for choice in pareto_set(trials, objectives)]
    return FrontDocument(trials=front, volume=_share(points))


def _share(points: Sequence[tuple[float, ...]]) -> float | None:
    """Of the box between the best and the worst results."""
    ends = [(min(column), max(column)) for column in zip(*points, strict=True)]
    if not ends or any(not high > low for low, high in ends):
        return None
    scaled = [
        tuple((one - low) / (high - low) for one, (low, high) in zip(point, ends, strict=True)) for point in points
    ]
    return hypervolume(scaled, (1.0,) * len(ends))
