"""A stopped experiment that is served: everything can be read, and nothing changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nni_core.http.app import ENDPOINTS
from nni_core.http.routing import Endpoint

from .conftest import TOKEN, Served

CHANGING = [one for one in ENDPOINTS if one.method != "GET" and not one.path.endswith("/session")]


async def plugin(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that would change something."""
    await Response(Request(scope).method)(scope, receive, send)


@pytest.fixture(params=["", "team/tuning"])
async def viewed(serve: Callable[..., Any], request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with serve(read_only=True, url_prefix=request.param, web_apps=[("/plugin", plugin)]) as running:
        running.control.create("A")
        yield running


@pytest.mark.parametrize("endpoint", CHANGING, ids=lambda one: f"{one.method} {one.path}")
async def test_whatever_would_change_something_is_refused(viewed: Served, endpoint: Endpoint) -> None:
    """Whether the request is otherwise right or not, with a problem that says what goes on with it."""
    path = endpoint.path.replace("{trial_id}", "A")
    answer = await viewed.client.request(endpoint.method, path, json={})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    (problem,) = answer.json()["problems"]
    assert (problem["code"], "nnictl resume" in problem["help"]) == ("NNI707", True)
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_reading_and_sessions_go_on(viewed: Served) -> None:
    """Plugins' applications are read-only, too."""
    assert (await viewed.client.get("/api/v1/experiment")).json()["role"] == "viewer"
    assert (await viewed.client.post("/api/v1/session", json={"token": TOKEN})).status_code == 204
    assert (await viewed.client.get("/plugin/")).text == "GET"
    assert (await viewed.client.post("/plugin/", json={})).status_code == 409


async def test_the_guard_stands_before_it(viewed: Served) -> None:
    """A page of another site does not even learn what experiment this is."""
    answer = await viewed.client.post("/api/v1/experiment/stop", headers={"origin": "http://evil.example"})
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (403, "NNI725")
