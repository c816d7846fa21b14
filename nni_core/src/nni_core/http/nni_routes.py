"""NNI's REST interface, by the names that NNI's own tools and tests use."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from nni_core.api import LogChunk
from nni_core.experiment.control import Setting
from nni_core.http.api import Api, body_of
from nni_core.http.encoding import encode_text
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
from nni_core.http.problems import NNI_ROOT, refusal
from nni_core.http.routing import Query, RouteTable
from nni_core.model import ExperimentState, Json, LogStream, Metric, MetricKind, TrialState

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
}

_STATUS = Query(name="status", summary="only trials in this state", choices=[state.value for state in TrialState])
_TYPE = Query(name="type", summary="only reports of this kind", choices=[kind.value for kind in MetricKind])
_UPDATE = Query(name="update_type", summary="what to change", choices=[setting.value for setting in Setting])


@NNI.add("GET", "/version", "Version of nni-core, as bare text", media=TEXT)
async def version(api: Api, _: Request) -> Response:
    return Response(api.control.profile().version, media_type=TEXT)


@NNI.add("GET", "/check-status", "State of the experiment", answer=StatusDocument)
async def check_status(api: Api, _: Request) -> Response:
    profile = api.control.profile()
    errors = [profile.reason] if profile.state is ExperimentState.ERROR and profile.reason else []
    return json_response(StatusDocument(status=profile.state.value, errors=errors))


@NNI.add("GET", "/experiment", "Profile of the experiment", answer=ProfileDocument)
async def experiment(api: Api, _: Request) -> Response:
    return json_response(profile_document(api.control))


@NNI.add(
    "PUT", "/experiment", "Change one setting; the body is a whole profile", query=(_UPDATE,), body=dict[str, Json]
)
async def update_experiment(api: Api, request: Request) -> Response:
    check_unchanged(api, request)
    if "update_type" not in request.query_params:
        raise refusal(422, "NNI730", "'update_type' is missing", help=f"one of {', '.join(_UPDATE.choices)}")
    setting = Setting(request.query_params["update_type"])
    await api.control.change(setting, _setting_in(await body_of(request, dict[str, Json]), setting))
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


@NNI.add("POST", "/experiment/import-data", "Learn results from elsewhere", body=list[dict[str, Json]])
async def import_data(api: Api, request: Request) -> Response:
    await api.control.import_data(await body_of(request, list[dict[str, Json]]))
    return Response()


@NNI.add("GET", "/experiment/imported-data", "Results from elsewhere, each import as JSON text", answer=list[str])
async def imported_data(api: Api, _: Request) -> Response:
    return json_response([encode_text([dict(row)]) for row in api.control.imported_data()])


@NNI.add("GET", "/job-statistics", "How many trials are in each state", answer=list[StatisticsDocument])
async def job_statistics(api: Api, _: Request) -> Response:
    counts = Counter(trial.state for trial in api.control.trials())
    return json_response(
        [StatisticsDocument(trial_job_status=state.value, trial_job_number=number) for state, number in counts.items()]
    )


@NNI.add("GET", "/trial-jobs", "All trials", query=(_STATUS,), answer=list[TrialJobDocument])
async def trial_jobs(api: Api, request: Request) -> Response:
    status = request.query_params.get("status")
    platform = platform_of(api.control.profile().config)
    trials = [trial for trial in api.control.trials() if status in {None, trial.state.value}]
    return json_response([trial_job(api.control, trial, platform) for trial in trials])


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


@NNI.add("GET", "/metric-data-range/{first}/{last}", "Reports of trials by sequence id", answer=list[MetricDocument])
async def metric_data_range(api: Api, request: Request) -> Response:
    first, last = _whole(request, "first"), _whole(request, "last")
    wanted = {trial.id for trial in api.control.trials() if first <= trial.sequence_id <= last}
    return _metrics([metric for metric in api.control.metrics() if metric.trial_id in wanted])


@NNI.add("GET", "/export-data", "Parameters and results of succeeded trials", answer=list[ExportDocument])
async def export_data(api: Api, _: Request) -> Response:
    succeeded = (trial for trial in api.control.trials() if trial.state is TrialState.SUCCEEDED)
    return json_response([export_document(trial, trial.final) for trial in succeeded if trial.final])


@NNI.add("GET", "/trial-file/{trial_id}/{name}", "A whole output of a trial", media=TEXT)
async def trial_file(api: Api, request: Request) -> Response:
    trial_id = api.control.trial(request.path_params["trial_id"]).id
    name = request.path_params["name"]
    if name not in _FILES:
        raise refusal(404, "NNI720", f"a trial has no file '{name[:80]}'", help=f"it has {', '.join(_FILES)}")
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


def _whole(request: Request, name: str) -> int:
    text: str = request.path_params[name]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise refusal(422, "NNI730", f"'{name}' must be a whole number of at least 0, got '{text[:80]}'")
    return int(text)


def _setting_in(profile: Mapping[str, Json], setting: Setting) -> Json:
    params = profile.get("params")
    keys = _PROFILE_KEYS[setting]
    found = [params[key] for key in keys if key in params] if isinstance(params, Mapping) else []
    if not found:
        raise refusal(422, "NNI729", f"the profile has no 'params.{keys[0]}'", help="send back the profile, changed")
    return found[0]
