"""The manager's web application: the guard, the API, the web apps of plugins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from nni_core.experiment.control import ExperimentControl
from nni_core.http import login
from nni_core.http.analysis_routes import ANALYSIS
from nni_core.http.api import Api
from nni_core.http.auth import ROLE, Guard, Role
from nni_core.http.nni_elsewhere import LOGS
from nni_core.http.nni_routes import NNI
from nni_core.http.openapi import openapi_document
from nni_core.http.portal_routes import PORTAL, json_response
from nni_core.http.problems import problem_response, refusal
from nni_core.http.read_only import ReadOnly
from nni_core.http.results_routes import RESULTS
from nni_core.http.routing import Endpoint, routes_of
from nni_core.http.security_headers import secure
from nni_core.http.snapshot import Snapshots
from nni_core.http.stream import Streams
from nni_core.http.why_routes import WHY


@PORTAL.add("GET", "/openapi.json", "This description", answer=dict)
async def openapi(api: Api, _: Request) -> Response:
    version = api.control.profile().version
    return json_response(openapi_document(ENDPOINTS, version=version, url_prefix=api.url_prefix))


#: every endpoint of the core
ENDPOINTS: Sequence[Endpoint] = [
    endpoint for table in (PORTAL, RESULTS, WHY, ANALYSIS, NNI, LOGS) for endpoint in table.endpoints
]


def create_app(
    control: ExperimentControl,
    *,
    guard: Guard,
    url_prefix: str = "",
    web_apps: Sequence[tuple[str, ASGIApp]] = (),
    log_directory: Path,
    read_only: bool = False,
) -> Starlette:
    """The application of a manager; ``read_only`` refuses whatever would change something before any route sees it.

    ``web_apps`` are pairs of a path and an ASGI application; ``/`` is the portal's. ``log_directory`` holds the
    experiment's own logs. Call ``app.state.streams.close()`` before the server waits for open requests to end;
    :func:`nni_core.http.server.make_server` does.
    """
    api = _api(control, log_directory, guard=guard, url_prefix=normal_prefix(url_prefix))
    inner = [Middleware(ReadOnly, control=control, url_prefix=api.url_prefix)] if read_only else []
    app = Starlette(
        routes=[Mount(api.url_prefix, app=_router(api, web_apps))] if api.url_prefix else [],
        middleware=[Middleware(guard.protect, url_prefix=api.url_prefix), *inner],
        exception_handlers={Exception: _internal_error},
    )
    app.state.streams = api.streams
    if api.url_prefix:
        app.router.default = _OutsidePrefix(api.url_prefix)
    else:
        app.router = _router(api, web_apps)
    return app


def create_local_app(control: ExperimentControl, *, log_directory: Path) -> ASGIApp:
    """The API alone, for use within the process by the experiment's owner: there is nobody to guard it against."""
    router = _router(_api(control, log_directory, guard=None, url_prefix=""), ())

    async def as_owner(scope: Scope, receive: Receive, send: Send) -> None:
        await router({**scope, ROLE: Role.OWNER}, receive, send)

    return as_owner


def normal_prefix(url_prefix: str) -> str:
    """A URL prefix with a slash before it and none behind; empty when there is none.

    :raises ValueError: when it holds anything but letters, digits, ``-``, ``_``, ``.`` and single slashes.
    """
    parts = url_prefix.strip("/").split("/") if url_prefix.strip("/") else []
    if any(not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", part) for part in parts):
        raise ValueError(f"'{url_prefix}' cannot be a URL prefix")
    return "".join(f"/{part}" for part in parts)


def _api(control: ExperimentControl, log_directory: Path, *, guard: Guard | None, url_prefix: str) -> Api:
    return Api(
        control=control,
        log_directory=log_directory,
        guard=guard,
        url_prefix=url_prefix,
        snapshots=Snapshots(control),
        streams=Streams(control),
    )


def _router(api: Api, web_apps: Sequence[tuple[str, ASGIApp]]) -> Router:
    """The API first, so that no web app can stand in its way; the most particular web app before the others."""
    mounts = sorted(((path.rstrip("/"), app) for path, app in web_apps), key=lambda entry: -len(entry[0]))
    routes: list[BaseRoute] = [
        *routes_of(ENDPOINTS, api),
        Mount("/api", app=_not_found),
        Route(login.SCRIPT_PATH, _login_script),
        *(Mount(path, app=app) for path, app in mounts),
    ]
    if all(path for path, _ in mounts):
        routes.append(Route("/", _no_portal))
    return Router(routes, redirect_slashes=False, default=_not_found)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000, "reason": ""})
        return
    refused = refusal(404, "NNI720", "there is nothing at this path", help="/api/v1/openapi.json lists what there is")
    await problem_response(refused, scope["path"])(scope, receive, send)


class _OutsidePrefix:
    """Says where the experiment is, to those who left out the prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"everything here is below {self._prefix}/"
        await problem_response(refusal(404, "NNI720", message), scope["path"])(scope, receive, send)


async def _login_script(_: Request) -> Response:
    return login.script()


async def _no_portal(_: Request) -> Response:
    return HTMLResponse(login.no_portal_page())


async def _internal_error(request: Request, _: Exception) -> Response:
    """The traceback goes to the manager's log, by way of the server; the client learns that there is one."""
    refused = refusal(500, "NNI735", "the manager has a fault", help="its log, nnimanager.log, tells more")
    return secure(problem_response(refused, request.url.path))
