"""The portal's protocol: snapshot, rows, reports, logs, the stream of changes, and what a user may do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from nni_core.errors import ConfigError
from nni_core.http.api import Api, body_of, role_of
from nni_core.http.body import parse_json
from nni_core.http.changes import Limits, change
from nni_core.http.documents import (
    CreatedDocument,
    ExperimentDocument,
    MetricColumns,
    TrialDocument,
    experiment_document,
    metric_columns,
    trial_document,
)
from nni_core.http.encoding import encode
from nni_core.http.extension import Extension, extend
from nni_core.http.logs import EXPERIMENT_LOGS, LOG_QUERY, TEXT, asked_piece, log_response, read_file
from nni_core.http.problems import refusal
from nni_core.http.routing import JSON, Parameter, RouteTable
from nni_core.http.snapshot import TrialColumns
from nni_core.http.stream import Position, position_of
from nni_core.model import Json, LogStream, MetricKind

PORTAL = RouteTable("/api/v1")

_CURSOR = Parameter(name="cursor", summary="the last event that the client knows, as in a snapshot or an event id")
_STREAM = Parameter(name="stream", summary="which output", noun="log", choices=[stream.value for stream in LogStream])
_LOG = Parameter(name="name", summary="which log", noun="log", choices=tuple(EXPERIMENT_LOGS))
_LAYOUT = Parameter(name="layout", summary="columns: one list for each field", choices=("columns",))


@frozen(kw_only=True)
class Token:
    """What a browser hands in to open a session."""

    token: str


@frozen(kw_only=True)
class NewTrial:
    """Parameters that a user wants tried."""

    parameters: Mapping[str, Json]


def json_response(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A document; never kept by a browser without asking again."""
    return Response(encode(document), status, {"cache-control": "no-store", **(headers or {})}, JSON)


@PORTAL.add(
    "POST", "/session", "Hand in the token; answers with a session cookie", body=Token, status=204, refuses=(404,)
)
async def open_session(api: Api, request: Request) -> Response:
    token = (await body_of(request, Token)).token
    if api.guard is None:
        raise refusal(404, "NNI720", "there are no sessions here")
    return api.guard.open_session(request, token, url_prefix=api.url_prefix)


@PORTAL.add("GET", "/experiment", "The experiment as it stands", answer=ExperimentDocument)
async def experiment(api: Api, request: Request) -> Response:
    return _experiment(api, request)


@PORTAL.add(
    "PATCH",
    "/experiment",
    "Change limits and search space: all that is asked for, or nothing",
    body=Limits,
    answer=ExperimentDocument,
    conditional=True,
)
async def change_limits(api: Api, request: Request) -> Response:
    check_unchanged(api, request)
    await change(api, parse_json(await request.body()))
    return _experiment(api, request)


@PORTAL.add(
    "POST",
    "/experiment/extend",
    "Add trials or time to the limits, of an experiment that is done too",
    body=Extension,
    answer=ExperimentDocument,
    conditional=True,
)
async def extend_limits(api: Api, request: Request) -> Response:
    check_unchanged(api, request)
    await extend(api.control, parse_json(await request.body()))
    return _experiment(api, request)


@PORTAL.add("POST", "/experiment/stop", "Stop the experiment and its trials", status=202)
async def stop(api: Api, _: Request) -> Response:
    await api.control.stop()
    return Response(status_code=202)


@PORTAL.add("GET", "/trials", "All trials", query=(_LAYOUT,), answer=TrialColumns)
async def trials(api: Api, request: Request) -> Response:
    headers = {"etag": api.snapshots.etag(), "cache-control": "no-cache", "vary": "accept-encoding"}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    snapshot = api.snapshots.take()
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(snapshot.compressed, headers={**headers, "content-encoding": "gzip"}, media_type=JSON)
    return Response(snapshot.plain, headers=headers, media_type=JSON)


@PORTAL.add("POST", "/trials", "Queue a trial with given parameters", body=NewTrial, answer=CreatedDocument, status=201)
async def add_trial(api: Api, request: Request) -> Response:
    parameters = (await body_of(request, NewTrial)).parameters
    try:
        sequence_id = await api.control.add_trial(parameters)
    except ConfigError as error:
        raise ConfigError(*(problem.under("parameters") for problem in error.problems)) from error
    return json_response(CreatedDocument(id=api.control.trials()[sequence_id].id, sequence_id=sequence_id), 201)


@PORTAL.add("GET", "/trials/{trial_id}", "One trial", answer=TrialDocument)
async def trial(api: Api, request: Request) -> Response:
    return json_response(trial_document(api.control, api.control.trial(request.path_params["trial_id"])))


@PORTAL.add("POST", "/trials/{trial_id}/kill", "End a trial", status=202)
async def kill(api: Api, request: Request) -> Response:
    await api.control.kill_trial(request.path_params["trial_id"])
    return Response(status_code=202)


@PORTAL.add(
    "POST",
    "/trials/{trial_id}/retry",
    "Run a trial again that failed or was ended",
    answer=CreatedDocument,
    status=202,
)
async def retry(api: Api, request: Request) -> Response:
    trial = api.control.trial(request.path_params["trial_id"])
    await api.control.retry_trial(trial.id)
    return json_response(CreatedDocument(id=trial.id, sequence_id=trial.sequence_id), 202)


@PORTAL.add("GET", "/trials/{trial_id}/metrics", "The intermediate reports of a trial", answer=MetricColumns)
async def metrics(api: Api, request: Request) -> Response:
    trial_id = api.control.trial(request.path_params["trial_id"]).id
    return json_response(metric_columns(api.control.metrics(trial_id, kind=MetricKind.PERIODICAL)))


@PORTAL.add(
    "GET",
    "/trials/{trial_id}/log/{stream}",
    "A piece of a trial's output",
    inside=(_STREAM,),
    query=LOG_QUERY,
    media=TEXT,
    refuses=(416,),
)
async def trial_log(api: Api, request: Request) -> Response:
    trial_id = api.control.trial(request.path_params["trial_id"]).id
    stream = LogStream(request.path_params["stream"])
    return log_response(await api.control.read_log(trial_id, stream, *asked_piece(request)))


@PORTAL.add(
    "GET",
    "/log/{name}",
    "A piece of a log of the experiment itself",
    inside=(_LOG,),
    query=LOG_QUERY,
    media=TEXT,
    refuses=(416,),
)
async def experiment_log(api: Api, request: Request) -> Response:
    path = api.log_directory / EXPERIMENT_LOGS[request.path_params["name"]]
    return log_response(await asyncio.to_thread(read_file, path, *asked_piece(request)))


@PORTAL.add(
    "GET",
    "/events",
    "What changes, as server-sent events",
    query=(_CURSOR,),
    media="text/event-stream",
    refuses=(503,),
)
async def events(api: Api, request: Request) -> Response:
    return api.streams.open(_start(request), role_of(request))


def _start(request: Request) -> Position | None:
    """Where to begin: a browser that comes back says what it saw last, and that is later than what it first asked."""
    if (seen := request.headers.get("last-event-id")) is not None:
        # An id that is none of ours is answered by the stream itself, which tells the client to start over.
        return position_of(seen) or Position(cursor=0, epoch="")
    asked = request.query_params.get("cursor")
    if asked is None:
        return None
    position = position_of(asked)
    if position is None:
        raise refusal(400, "NNI730", f"'cursor' is not one of ours: '{asked[:80]}'", help="take it from a snapshot")
    return position


def check_unchanged(api: Api, request: Request) -> None:
    """:raises Refusal: 412 when the client changes what it has not seen."""
    expected = request.headers.get("if-match")
    if expected not in {None, "*", _etag(api)}:
        raise refusal(412, "NNI732", "the settings were changed by someone else meanwhile", help="load them again")


def _experiment(api: Api, request: Request) -> Response:
    return json_response(experiment_document(api.control, role_of(request)), headers={"etag": _etag(api)})


def _etag(api: Api) -> str:
    return f'"{api.control.epoch}-{api.control.profile().revision}"'
