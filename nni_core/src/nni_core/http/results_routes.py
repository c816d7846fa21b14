"""Every trial with everything that is known of it, in one document: what exports are made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from nni_core.experiment.control import ExperimentControl
from nni_core.http.api import Api
from nni_core.http.documents import duration_of
from nni_core.http.portal_routes import json_response
from nni_core.http.routing import Parameter, RouteTable
from nni_core.model import Json, MetricKind, ParameterSource, Trial, TrialId, TrialState, tag_floats

RESULTS = RouteTable("/api/v1")

_INTERMEDIATE = Parameter(
    name="intermediate", summary="whether to tell the intermediate reports, too", choices=("true", "false")
)


@frozen(kw_only=True)
class ResultDocument:
    """One trial, whatever became of it. ``parameters`` are as the trial received them; ``final`` is the whole final
    value and ``intermediate`` the values of the latest attempt in order, non-finite numbers tagged. Times are
    milliseconds since the epoch, ``duration`` is in seconds."""

    id: str
    sequence_id: int
    parameter_id: int
    source: ParameterSource
    state: TrialState
    attempt: int
    created_at: int
    started_at: int | None
    ended_at: int | None
    duration: float | None
    exit_code: int | None
    signal: int | None
    message: str | None
    parameters: Mapping[str, Json]
    final: Json
    intermediate: Sequence[Json]


@RESULTS.add(
    "GET",
    "/results",
    "Every trial with its parameters and results, in order of sequence ids",
    query=(_INTERMEDIATE,),
    answer=list[ResultDocument],
)
async def results(api: Api, request: Request) -> Response:
    curves = {} if request.query_params.get("intermediate") == "false" else _curves(api.control)
    return json_response([_result(trial, curves.get(trial.id, ())) for trial in api.control.trials(reports=False)])


def _curves(control: ExperimentControl) -> Mapping[TrialId, Sequence[Json]]:
    curves: defaultdict[TrialId, list[Json]] = defaultdict(list)
    for metric in control.metrics(kind=MetricKind.PERIODICAL):
        curves[metric.trial_id].append(tag_floats(metric.value))
    return curves


def _result(trial: Trial, curve: Sequence[Json]) -> ResultDocument:
    return ResultDocument(
        id=trial.id,
        sequence_id=trial.sequence_id,
        parameter_id=trial.parameter_id,
        source=trial.source,
        state=trial.state,
        attempt=trial.attempt,
        created_at=trial.created_at,
        started_at=trial.started_at,
        ended_at=trial.ended_at,
        duration=duration_of(trial),
        exit_code=trial.exit_code,
        signal=trial.signal,
        message=trial.message,
        parameters=tag_floats(trial.parameters),
        final=tag_floats(trial.final.value) if trial.final else None,
        intermediate=curve,
    )
