"""NNI's REST interface, by the names that NNI's own tools and tests use."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from nni_core.api import LogChunk
from nni_core.errors import ConfigError, Problem
from nni_core.experiment.control import Setting
from nni_core.experiment.objectives import objectives_of
from nni_core.http.api import Api, body_of
from nni_core.http.body import parse_json
from nni_core.http.encoding import encode
from nni_core.http.imports import ImportRow, import_rows
from nni_core.http.logs import TEXT
from nni_core.http.nni_documents import (
    ExportDocument,
    MetadataDocument,
    MetricDocument,
    ProfileDocument,
    SequenceDocument,
    StatisticsDocument,
    StatusDocument,
    TrialJobDocument,
    export_document,
    latest_metrics,
    metadata_document,
    metric_document,
    platform_of,
    profile_document,
    trial_job,
)
from nni_core.http.portal_routes import check_unchanged, json_response
from nni_core.http.problems import NNI_ROOT, Refusal, refusal
from nni_core.http.routing import Parameter, RouteTable
from nni_core.model import ExperimentState, Json, LogStream, Metric, MetricKind, Trial, TrialState

NNI = RouteTable(NNI_ROOT)

_PIECE = 256 * 1024

#: the outputs that NNI's file names mean; one log holds both there
_FILES: Mapping[str, LogStream] = {
    "stdout": LogStream.STDOUT,
    "stderr": LogStream.STDERR,
    "trial.log": LogStream.STDOUT,
}

#: where the profile that a client sends carries each setting; later names are those of older profiles
_PROFILE_KEYS: Mapping[Setting, Sequence[str]] = {
    Setting.TRIAL_CONCURRENCY: ("trialConcurrency",),
    Setting.MAX_EXEC_DURATION: ("maxExperimentDuration", "maxExecDuration"),
    Setting.MAX_TRIAL_NUM: ("maxTrialNumber", "maxTrialNum"),
    Setting.SEARCH_SPACE: ("searchSpace",),
    Setting.STOP_WHEN: ("stopWhen",),
}

_MANY = (1, 10**9)
_LAST_NUMBER = 10**18

_HEAD = Parameter(name="head", summary="only so many trials: those with the highest results, best first", bounds=_MANY)
_TAIL = Parameter(name="tail", summary="only so many trials: those with the lowest results, lowest first", bounds=_MANY)
_FIRST = Parameter(name="first", summary="the first sequence id", bounds=(0, _LAST_NUMBER))
_LAST = Parameter(name="last", summary="the last sequence id", bounds=(0, _LAST_NUMBER))
_FILE = Parameter(name="name", summary="which output; trial.log is stdout", choices=tuple(_FILES))
_STATUS = Parameter(name="status", summary="only trials in this state", choices=[state.value for state in TrialState])
_TYPE = Parameter(name="type", summary="only reports of this kind", choices=[kind.value for kind in MetricKind])
_UPDATE = Parameter(
    name="update_type", summary="what to change", choices=[setting.value for setting in Setting], required=True
)


class ChangedProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as it was answered, with a change in it. Only ``params`` is looked at."""

    params: dict[str, Json]


@NNI.add("GET", "/version", "Version of nni-core, as bare text", media=TEXT)
async def version(api: Api, _: Request) -> Response:
    return Response(api.control.profile().version, media_type=TEXT)


@NNI.add("GET", "/check-status", "State of the experiment", answer=StatusDocument)
async def check_status(api: Api, _: Request) -> Response:
    profile = api.control.profile()
    errors = [profile.reason] if profile.state is ExperimentState.ERROR and profile.reason else []
    return json_response(StatusDocument(status=profile.state, errors=errors))


@NNI.add("GET", "/experiment", "Profile of the experiment", answer=ProfileDocument)
async def experiment(api: Api, _: Request) -> Response:
    return json_response(profile_document(api.control))


@NNI.add(
    "PUT",
    "/experiment",
    "Change one setting; the body is a whole profile",
    query=(_UPDATE,),
    body=ChangedProfile,
    conditional=True,
)
async def update_experiment(api: Api, request: Request) -> Response:
    check_unchanged(api, request)
    setting = Setting(request.query_params["update_type"])
    key, value = _setting_in((await body_of(request, ChangedProfile)).params, setting)
    try:
        await api.control.change_all({setting: value})
    except ConfigError as error:
        raise ConfigError(*(_in_profile(problem, key) for problem in error.problems)) from error
    return Response()


@NNI.add("DELETE", "/experiment", "Stop the experiment")
async def stop(api: Api, _: Request) -> Response:
    await api.control.stop()
    return Response()


@NNI.add("GET", "/experiment-metadata", "Where the experiment runs", answer=MetadataDocument)
async def metadata(api: Api, request: Request) -> Response:
    port = request.url.port or 80
    addresses = api.guard.policy.addresses if api.guard else ()
    urls = [f"http://{f'[{one}]' if ':' in one else one}:{port}{api.url_prefix}" for one in addresses]
    document = metadata_document(api.control, port=port, pid=os.getpid(), urls=urls, prefix=api.url_prefix)
    return json_response(document)


@NNI.add("POST", "/experiment/import-data", "Learn results from elsewhere", body=list[ImportRow])
async def import_data(api: Api, request: Request) -> Response:
    objectives = objectives_of(api.control.profile().config)
    if rows := import_rows(parse_json(await request.body()), objectives):
        await api.control.import_data(rows)
    return Response()


@NNI.add("GET", "/experiment/imported-data", "Results from elsewhere, each import as JSON text", answer=list[str])
async def imported_data(api: Api, _: Request) -> Response:
    # Without spaces, as NNI's manager writes what it was sent.
    return json_response([encode([dict(row) for row in rows]).decode() for rows in api.control.imported_data()])


@NNI.add("GET", "/job-statistics", "How many trials are in each state", answer=list[StatisticsDocument])
async def job_statistics(api: Api, _: Request) -> Response:
    counts = Counter(trial.state for trial in api.control.trials(reports=False))
    return json_response(
        [StatisticsDocument(trial_job_status=state, trial_job_number=number) for state, number in counts.items()]
    )


@NNI.add("GET", "/trial-jobs", "All trials", query=(_STATUS, _HEAD, _TAIL), answer=list[TrialJobDocument])
async def trial_jobs(api: Api, request: Request) -> Response:
    status = request.query_params.get("status")
    platform = platform_of(api.control.profile().config)
    trials = [trial for trial in api.control.trials(reports=False) if status in {None, trial.state.value}]
    return json_response([trial_job(api.control, trial, platform) for trial in _ranked(request, trials)])


@NNI.add("POST", "/trial-jobs", "Queue a trial with given parameters", body=dict[str, Json], answer=SequenceDocument)
async def add_trial_job(api: Api, request: Request) -> Response:
    sequence_id = await api.control.add_trial(await body_of(request, dict[str, Json]))
    return json_response(SequenceDocument(sequence_id=sequence_id))


@NNI.add("GET", "/trial-jobs/{trial_id}", "One trial", answer=TrialJobDocument)
async def one_trial_job(api: Api, request: Request) -> Response:
    trial = api.control.trial(request.path_params["trial_id"])
    return json_response(trial_job(api.control, trial, platform_of(api.control.profile().config)))


@NNI.add("DELETE", "/trial-jobs/{trial_id}", "End a trial")
async def cancel_trial_job(api: Api, request: Request) -> Response:
    await api.control.kill_trial(request.path_params["trial_id"])
    return Response()


@NNI.add("GET", "/metric-data", "Reports of all trials", query=(_TYPE,), answer=list[MetricDocument])
async def metric_data(api: Api, request: Request) -> Response:
    return _metrics(api.control.metrics(kind=_kind(request)))


@NNI.add("GET", "/metric-data/{trial_id}", "Reports of one trial", query=(_TYPE,), answer=list[MetricDocument])
async def metric_data_of_trial(api: Api, request: Request) -> Response:
    trial_id = api.control.trial(request.path_params["trial_id"]).id
    return _metrics(api.control.metrics(trial_id, kind=_kind(request)))


@NNI.add(
    "GET", "/metric-data-latest", "Final reports, and the last intermediate of each trial", answer=list[MetricDocument]
)
async def metric_data_latest(api: Api, _: Request) -> Response:
    return _metrics(latest_metrics(api.control.metrics()))


@NNI.add(
    "GET",
    "/metric-data-range/{first}/{last}",
    "Reports of trials by sequence id",
    inside=(_FIRST, _LAST),
    answer=list[MetricDocument],
)
async def metric_data_range(api: Api, request: Request) -> Response:
    first, last = int(request.path_params["first"]), int(request.path_params["last"])
    wanted = {trial.id for trial in api.control.trials() if first <= trial.sequence_id <= last}
    return _metrics([metric for metric in api.control.metrics() if metric.trial_id in wanted])


@NNI.add("GET", "/export-data", "Parameters and results of succeeded trials", answer=list[ExportDocument])
async def export_data(api: Api, _: Request) -> Response:
    succeeded = (trial for trial in api.control.trials(reports=False) if trial.state is TrialState.SUCCEEDED)
    return json_response([export_document(trial, trial.final) for trial in succeeded if trial.final])


@NNI.add("GET", "/trial-file/{trial_id}/{name}", "A whole output of a trial", inside=(_FILE,), media=TEXT)
async def trial_file(api: Api, request: Request) -> Response:
    trial_id = api.control.trial(request.path_params["trial_id"]).id
    name = request.path_params["name"]
    first = await api.control.read_log(trial_id, _FILES[name], 0, _PIECE)
    if first.size == 0:
        return Response(f"{name} is empty.", media_type=TEXT)
    return StreamingResponse(_whole_log(api, trial_id, _FILES[name], first), media_type=TEXT)


async def _whole_log(api: Api, trial_id: str, stream: LogStream, chunk: LogChunk) -> AsyncIterator[bytes]:
    """The log as long as it was at first: one that grows faster than it is sent would never end."""
    end = chunk.size
    while chunk.data:
        yield chunk.data
        limit = min(_PIECE, end - chunk.next_offset)
        if limit <= 0:
            return
        chunk = await api.control.read_log(trial_id, stream, chunk.next_offset, limit)


def _metrics(metrics: Sequence[Metric]) -> Response:
    return json_response([metric_document(metric) for metric in metrics])


def _kind(request: Request) -> MetricKind | None:
    kind = request.query_params.get("type")
    return MetricKind(kind) if kind is not None else None


def _ranked(request: Request, trials: Sequence[Trial]) -> Sequence[Trial]:
    """The trials with the highest or the lowest results, when asked for; otherwise all of them, in their order.

    :raises Refusal: 422 when both are asked for.
    """
    head, tail = request.query_params.get("head"), request.query_params.get("tail")
    if head is not None and tail is not None:
        raise refusal(422, "NNI730", "'head' and 'tail' cannot be asked for together", help="leave out one of them")
    wanted = head or tail
    if wanted is None:
        return trials
    ended = (trial for trial in trials if trial.final and trial.state is TrialState.SUCCEEDED)
    ranked = [(number, one) for one in ended if one.final and (number := one.final.number) is not None]
    ranked.sort(key=lambda pair: pair[0], reverse=head is not None)
    return [trial for _, trial in ranked[: int(wanted)]]


def _setting_in(params: Mapping[str, Json], setting: Setting) -> tuple[str, Json]:
    keys = _PROFILE_KEYS[setting]
    found = [(key, params[key]) for key in keys if key in params]
    if not found:
        problem = Problem(
            code="NNI729",
            message=f"the profile has no 'params.{keys[0]}'",
            help="send back the profile, changed",
            key_path=("params", keys[0]),
        )
        raise Refusal(422, problem)
    return found[0]


def _in_profile(problem: Problem, key: str) -> Problem:
    """A problem of the canonical config, by the key under which the client's profile has it."""
    return evolve(problem, key_path=("params", key, *problem.key_path[1:]))
