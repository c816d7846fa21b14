"""NNI's endpoints beyond the experiment itself: others on this machine, and what is done in another way here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from nni_core.errors import NniError
from nni_core.experiment.glance import glance
from nni_core.folders import ExperimentFolder, all_experiments
from nni_core.http.api import Api, body_of
from nni_core.http.logs import EXPERIMENT_LOGS, TEXT, read_file
from nni_core.http.nni_documents import MetadataDocument, platform_of
from nni_core.http.nni_routes import NNI
from nni_core.http.portal_routes import json_response
from nni_core.http.problems import Refusal, refusal
from nni_core.http.routing import Parameter, RouteTable
from nni_core.model import Json

#: NNI serves its logs outside of its REST interface
LOGS = RouteTable("/logs")

_LOG_LIMIT = 50 * 1024 * 1024
_LOG_FILE = Parameter(name="name", summary="file name of a log", choices=tuple(EXPERIMENT_LOGS.values()))
_TASK_ID = Parameter(name="task_id", summary="id of a TensorBoard task")


@frozen(kw_only=True)
class TensorboardRequest:
    """The ids of trials, with commas between them."""

    trials: str


@NNI.add("GET", "/experiments-info", "Every experiment of this user on this machine", answer=list[MetadataDocument])
async def experiments_info(_: Api, __: Request) -> Response:
    return json_response(await asyncio.to_thread(_all_metadata))


@NNI.add("POST", "/experiment", "Refused: a manager is started with its experiment", body=dict[str, Json], status=409)
async def create_experiment(api: Api, request: Request) -> Response:
    await body_of(request, dict[str, Json])
    message = f"this manager has its experiment already: {api.control.profile().id}"
    raise refusal(409, "NNI736", message, help="nnictl create starts another one")


@NNI.add(
    "PUT", "/experiment/cluster-metadata", "Refused: settings of services are in the config", body=dict[str, Json],
    status=501, refuses=(501,),
)  # fmt: skip
async def cluster_metadata(_: Api, request: Request) -> Response:
    await body_of(request, dict[str, Json])
    message = "cluster metadata belongs to NNI's first schema of configs"
    raise refusal(501, "NNI737", message, help="write it under training_service in the config")


@NNI.add(
    "POST", "/tensorboard", "Refused with the command that starts TensorBoard on trials", body=TensorboardRequest,
    status=501, refuses=(404, 501),
)  # fmt: skip
async def start_tensorboard(api: Api, request: Request) -> Response:
    wanted = [name.strip() for name in (await body_of(request, TensorboardRequest)).trials.split(",")]
    trials = [api.control.trial(name) for name in wanted]
    folders = [
        f"{trial.sequence_id}-{trial.id}:{api.control.trial_directory(trial.id)}/tensorboard" for trial in trials
    ]
    message = "the manager starts no TensorBoard"
    raise refusal(501, "NNI738", message, help=f"tensorboard --logdir_spec {','.join(folders)}")


@NNI.add("GET", "/tensorboard-tasks", "TensorBoard tasks of this manager: none", answer=list[dict[str, Json]])
async def tensorboard_tasks(_: Api, __: Request) -> Response:
    return json_response([])


@NNI.add("DELETE", "/tensorboard-tasks", "End every TensorBoard task: there is none")
async def stop_tensorboard_tasks(_: Api, __: Request) -> Response:
    return Response()


@NNI.add("GET", "/tensorboard/{task_id}", "Refused: there is no such task", inside=(_TASK_ID,), status=404)
async def tensorboard_task(_: Api, request: Request) -> Response:
    raise _no_task(request)


@NNI.add("PUT", "/tensorboard/{task_id}", "Refused: there is no such task", inside=(_TASK_ID,), status=404)
async def update_tensorboard_task(_: Api, request: Request) -> Response:
    raise _no_task(request)


@NNI.add("DELETE", "/tensorboard/{task_id}", "Refused: there is no such task", inside=(_TASK_ID,), status=404)
async def stop_tensorboard_task(_: Api, request: Request) -> Response:
    raise _no_task(request)


@LOGS.add("GET", "/{name}", "A log of the experiment itself, its last 50 MB", inside=(_LOG_FILE,), media=TEXT)
async def log_file(api: Api, request: Request) -> Response:
    path = api.log_directory / request.path_params["name"]
    chunk = await asyncio.to_thread(read_file, path, -_LOG_LIMIT, _LOG_LIMIT)
    return Response(chunk.data, media_type=TEXT, headers={"cache-control": "no-store"})


def _no_task(request: Request) -> Refusal:
    task = request.path_params["task_id"]
    message = f"there is no TensorBoard task '{task[:80]}': the manager starts none"
    return refusal(404, "NNI739", message, help="POST /api/v1/nni/tensorboard tells the command for it")


def _all_metadata() -> Sequence[MetadataDocument]:
    found = (_metadata(folder) for folder in all_experiments())
    return [document for document in found if document is not None]


def _metadata(folder: ExperimentFolder) -> MetadataDocument | None:
    """None for an experiment whose log cannot be read: NNI's clients know no such entry, and nnictl tells of it."""
    live, manager = folder.is_live(), folder.manager()
    try:
        seen = glance(folder)
    except NniError:
        return None
    return MetadataDocument(
        id=seen.id,
        port=manager.port if manager and live else None,
        start_time=seen.started_at,
        end_time="N/A" if seen.ended_at is None else seen.ended_at,
        status=seen.state,
        platform=platform_of(seen.config),
        experiment_name=str(seen.config.get("experimentName") or ""),
        tag=[],
        pid=manager.pid if manager else None,
        webui_url=manager.urls if manager and live else [],
        log_dir=str(folder.path),
        prefix_url=(manager.url_prefix if manager else "") or None,
    )
