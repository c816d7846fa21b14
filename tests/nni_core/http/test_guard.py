"""The guard: what is refused, for every route and every method, whoever wrote the route."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from nni_core.http.access import Policy
from nni_core.http.app import ENDPOINTS
from nni_core.http.auth import Guard
from nni_core.testing.control import FakeControl

from .conftest import TOKEN, Served

Ask = Callable[..., Any]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"]
PATHS = sorted({re.sub(r"\{\w+\}", "x", endpoint.path) for endpoint in ENDPOINTS} | {"/", "/nothing", "/api/nothing"})
BEARER = {"authorization": f"Bearer {TOKEN}"}


def json_body(method: str) -> dict[str, Any]:
    return {} if method in {"GET", "HEAD", "OPTIONS"} else {"json": {}}


def assert_secured(answer: httpx.Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (421, {"host": "evil.example"}),
        (421, {"host": "127.0.0.1:8081"}),
        (421, {"host": "127.0.0.1:8080@evil.example"}),
        (403, {"origin": "http://evil.example"}),
        (403, {"origin": "http://127.0.0.1:8081"}),
        (403, {"origin": "null"}),
        (403, {"sec-fetch-site": "cross-site"}),
        (403, {"sec-fetch-site": "same-site"}),
        (403, {"sec-fetch-site": ""}),
    ],
)
async def test_foreign_requests_reach_no_route(ask: Ask, method: str, status: int, headers: dict[str, str]) -> None:
    """Whatever the method and the path, and even with the token."""
    for path in PATHS:
        answer = await ask(method, path, client="127.0.0.1", headers={**BEARER, **headers}, **json_body(method))
        assert answer.status_code == status, path
        assert_secured(answer)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("client", ["192.168.1.50", "127.0.0.1", "::1", "unknown"])
async def test_nothing_is_open_without_the_token(ask: Ask, method: str, client: str) -> None:
    """Another user of this machine is as foreign as another machine. One path is for handing in the token."""
    for path in PATHS:
        if (method, path) == ("POST", "/api/v1/session"):
            continue
        answer = await ask(method, path, client=client, **json_body(method))
        assert (answer.status_code, path) == (401, path)
        assert_secured(answer)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.method != "GET"], ids=lambda e: f"{e.method} {e.path}")
async def test_a_viewer_changes_nothing(ask: Ask, control: FakeControl, endpoint: Any) -> None:
    """With the token from the local network every writing route is refused before it runs."""
    if endpoint.path == "/api/v1/session":
        return
    before = control.cursor
    path = re.sub(r"\{\w+\}", "x", endpoint.path)
    answer = await ask(endpoint.method, path, headers=BEARER, json={})
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (403, "NNI723")
    assert "viewer" in answer.json()["detail"]
    assert control.cursor == before
    assert_secured(answer)


@pytest.mark.parametrize(
    ("client", "lan_control", "role"),
    [("192.168.1.50", False, "viewer"), ("192.168.1.50", True, "owner"), ("127.0.0.1", False, "owner"),
     ("192.168.1.1", False, "owner"), ("::ffff:127.0.0.1", False, "owner")],
)  # fmt: skip
async def test_what_the_token_is_good_for(
    client: str, lan_control: bool, role: str, control: FakeControl, tmp_path: Any
) -> None:
    """A viewer on other machines unless allowed more; an owner on this one."""
    from nni_core.http.access import Access
    from nni_core.http.app import create_app

    policy = Policy(token=TOKEN, port=8080, addresses=["127.0.0.1", "192.168.1.1"], lan_control=lan_control)
    guard = Guard(policy, access=Access(policy, find_uid=lambda *_: None))
    transport = httpx.ASGITransport(create_app(control, guard=guard, log_directory=tmp_path), client=(client, 4))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as asking:
        assert (await asking.get("/api/v1/experiment", headers=BEARER)).json()["role"] == role


async def test_a_process_of_the_owner_needs_no_token(served: Served) -> None:
    """The real look-up, over a real connection; even an old cookie does no harm."""
    answer = await served.client.get("/api/v1/experiment", headers={"cookie": f"nni_{served.port}=old"})
    assert (answer.status_code, answer.json()["role"]) == (200, "owner")


async def test_a_session_in_a_browser(ask: Ask) -> None:
    """The cookie is not the token, cannot be read by scripts, and keeps its role."""
    answer = await ask("POST", "/api/v1/session", json={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 204
    assert re.fullmatch(r"nni_8080=[0-9a-f]{64}; HttpOnly; Path=/; SameSite=strict", cookie)
    session = {"cookie": cookie.partition(";")[0]}
    assert (await ask("GET", "/api/v1/experiment", headers=session)).json()["role"] == "viewer"
    assert (await ask("GET", "/api/v1/experiment", headers=session, client="127.0.0.1")).json()["role"] == "viewer"
    assert (await ask("DELETE", "/api/v1/nni/experiment", headers=session, client="127.0.0.1")).status_code == 403


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN + "x", "é", "\udcff"])
async def test_wrong_tokens(ask: Ask, wrong: str) -> None:
    """401 from a header and from the login page alike."""
    header = {"authorization": f"Bearer {wrong}".encode("utf-8", "surrogateescape")}
    assert (await ask("GET", "/api/v1/experiment", headers=header)).status_code == 401
    body = b'{"token": "%b"}' % wrong.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00")
    answer = await ask("POST", "/api/v1/session", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


async def test_a_browser_is_shown_the_login_page(ask: Ask) -> None:
    """Page and script work under the content policy; the API answers in JSON even to browsers."""
    html = {"accept": "text/html,*/*"}
    page = await ask("GET", "/trials", headers=html)
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert '<script src="/login.js" data-session="/api/v1/session" defer></script>' in page.text
    script = await ask("GET", "/login.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    api = await ask("GET", "/api/v1/nothing", headers=html)
    assert api.headers["content-type"] == "application/problem+json"


async def test_a_link_from_another_site_asks_for_one_more_click(ask: Ask) -> None:
    """Browsers that followed a link see a page of ours that leads on."""
    headers = {"accept": "text/html", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    page = await ask("GET", "/", headers={**headers, **BEARER})
    assert (page.status_code, '<a href="">' in page.text) == (403, True)


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({"origin": "http://127.0.0.1:8080"}, True),
        ({}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://127.0.0.1:8080", "host": "evil.example"}, False),
        ({"origin": "http://127.0.0.1:8080", "authorization": "Bearer wrong"}, False),
        ({"origin": "http://127.0.0.1:8080", "authorization": ""}, False),
    ],
)
async def test_web_sockets(headers: dict[str, str], accepted: bool) -> None:
    """Origin is required, and everything else is as for other requests."""
    policy = Policy(token=TOKEN, port=8080, addresses=["127.0.0.1"])
    sent: list[Message] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    complete = {"host": "127.0.0.1:8080", **BEARER, **headers}
    raw = [(name.encode(), value.encode()) for name, value in complete.items()]
    scope = {"type": "websocket", "path": "/", "headers": raw, "client": ("192.168.1.50", 4), "server": None}
    await Guard(policy).protect(app)(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.accept" if accepted else "websocket.close"]


async def test_a_web_app_is_guarded_and_secured_too(serve: Callable[..., Any]) -> None:
    """It may tighten or loosen its own content policy, and nothing else; the API stays the core's."""

    async def web_app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"access-control-allow-origin", b"*"), (b"content-security-policy", b"default-src 'none'")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async with serve(web_apps=[("/", web_app)], url_prefix="pre/fix") as served:
        answer = await served.client.get("/any/page")
        assert (answer.text, answer.headers["content-security-policy"]) == ("/pre/fix/any/page", "default-src 'none'")
        assert ("access-control-allow-origin" in answer.headers, answer.headers["x-content-type-options"]) == (
            False,
            "nosniff",
        )
        assert (await served.client.get("/api/v1/nothing")).status_code == 404
        assert (await served.client.get("/api/v1/nni/check-status")).json()["status"] == "RUNNING"
        outside = await served.client.get(f"http://127.0.0.1:{served.port}/api/v1/experiment")
        assert (outside.status_code, outside.json()["detail"]) == (404, "everything here is below /pre/fix/")


async def test_without_a_portal_the_root_says_how_to_get_one(served: Served) -> None:
    """Plain HTML, for people who open the address."""
    page = await served.client.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "pip install nni-web-portal" in page.text


async def test_a_fault_of_ours_is_a_500_without_details(serve: Callable[..., Any], control: FakeControl) -> None:
    """The client learns that there was one; headers are those of every answer."""

    def broken() -> None:
        raise RuntimeError("secret")

    control.profile = broken  # type: ignore[method-assign, assignment]
    async with serve() as served:
        answer = await served.client.get("/api/v1/experiment")
        assert (answer.status_code, answer.json()["problems"][0]["code"], "secret" in answer.text) == (
            500,
            "NNI735",
            False,
        )
        assert_secured(answer)
