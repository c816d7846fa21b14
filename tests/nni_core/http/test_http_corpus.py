"""Requests that are wrong, each with the answer it deserves: group G of the corpus of bad input."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from nni_core.http.body import parse_json, structure
from nni_core.http.changes import Limits
from nni_core.http.problems import Refusal
from nni_core.model import TrialState

from .conftest import Served

EXPERIMENT = "/api/v1/experiment"
TRIALS = "/api/v1/trials"
IMPORT = "/api/v1/nni/experiment/import-data"


def as_json(content: str | bytes) -> dict[str, Any]:
    return {"content": content, "headers": {"content-type": "application/json"}}


def nested(depth: int) -> bytes:
    return b'{"parameters": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


CASES = {
    "G01 unknown path": ("GET", "/api/v1/nope", {}, 404, "nothing at this path"),
    "G01 unknown NNI path": ("GET", "/api/v1/nni/nope", {}, 404, "nothing at this path"),
    "G01 trailing slash": ("GET", "/api/v1/experiment/", {}, 404, "nothing at this path"),
    "G02 wrong method": ("POST", "/api/v1/nni/version", {}, 405, "POST is not possible here"),
    "G02 unknown method": ("BREW", TRIALS, {}, 405, "BREW is not possible here"),
    "G05 bad host": ("GET", TRIALS, {"headers": {"host": "evil"}}, 421, "not known under the name"),
    "G06 cross origin": ("GET", TRIALS, {"headers": {"origin": "http://evil"}}, 403, "another origin"),
    "G07 text body": ("PATCH", EXPERIMENT, {"content": "{}"}, 415, "not declared as JSON"),
    "G07 form body": ("POST", TRIALS, {"data": {"a": "b"}}, 415, "not declared as JSON"),
    "G07 form without body": (
        "POST", "/api/v1/experiment/stop", {"headers": {"content-type": "text/plain"}}, 415, "not declared as JSON"),
    "G08 invalid JSON": (
        "PATCH", EXPERIMENT, as_json('{\n "a": }'), 400, "at line 2 column 7"),
    "G09 token that is no text": ("POST", "/api/v1/session", as_json(rb'{"token": "\ud800"}'), 401, "token"),
    "G08 no body": ("PATCH", EXPERIMENT, {}, 400, "at line 1 column 1"),
    "G08 not UTF-8": ("PATCH", EXPERIMENT, as_json(b'{"\xff"}'), 400, "byte 2 is not"),
    "G09 NaN": ("POST", TRIALS, as_json('{"parameters": {"lr": NaN}}'), 400, "NaN is"),
    "G09 infinite number": (
        "POST", TRIALS, as_json('{"parameters": {"lr": 1e999}}'), 400, "too large"),
    "G10 key twice": (
        "PATCH", EXPERIMENT, as_json('{"a": 1, "a": 2}'), 400, "'a' stands there twice"),
    "G11 2 MB": ("POST", TRIALS, as_json(b" " * 2_000_000), 413, "larger than 1048576"),
    "G12 depth 100": ("POST", TRIALS, as_json(nested(100)), 400, "deeper than 64"),
    "G12 depth 100000": ("POST", TRIALS, as_json(nested(100_000)), 400, "deeper than 64"),
    "G13 extra field": ("PATCH", EXPERIMENT, {"json": {"trial_concurency": 2}}, 422, "no field 'trial_concurency'"),
    "G13 field missing": ("POST", TRIALS, {"json": {}}, 422, "missing required field `parameters`"),
    "G13 list for object": ("POST", TRIALS, {"json": [1]}, 422, "Expected `object`, got `array`"),
    "G14 odd trial ids": ("GET", "/api/v1/trials/%20-1e3", {}, 404, "there is no trial ' -1e3'"),
    "G15 unknown trial": ("GET", "/api/v1/trials/ZZZZZ/metrics", {}, 404, "there is no trial 'ZZZZZ'"),
    "G16 limit 0": ("GET", "/api/v1/log/manager?limit=0", {}, 422, "from 1 to 1048576, got '0'"),
    "G16 limit -1": ("GET", "/api/v1/log/manager?limit=-1", {}, 422, "got '-1'"),
    "G16 limit 1e9": ("GET", "/api/v1/log/manager?limit=1e9", {}, 422, "got '1e9'"),
    "G16 limit of 5000 digits": ("GET", f"/api/v1/log/manager?limit={'9' * 5000}", {}, 422, "got '9999"),
    "G17 forged cursor": ("GET", "/api/v1/events?cursor=x'--", {}, 400, "'cursor' is not one of ours"),
    "G18 unknown parameter": ("GET", "/api/v1/trials?sort=x", {}, 422, "no query parameter 'sort'"),
    "G18 misspelt parameter": ("GET", "/api/v1/nni/trial-jobs?statuss=x", {}, 422, "no query parameter 'statuss'"),
    "G18 unknown value": ("GET", "/api/v1/nni/trial-jobs?status=DONE", {}, 422, "must be one of WAITING, "),
    "G20 traversal": ("GET", "/api/v1/trials/A/log/..%2f..%2fetc%2fpasswd", {}, 404, ""),
    "G20 traversal 2": ("GET", "/api/v1/log/..%2fexperiment.sqlite", {}, 404, ""),
    "G20 other log": ("GET", "/api/v1/trials/A/log/parameter.cfg", {}, 404, "no log 'parameter.cfg'"),
    "G21 Range": ("GET", "/api/v1/log/manager", {"headers": {"range": "bytes=x"}}, 416, "not served by Range"),
    "G22 kill what is over": ("POST", "/api/v1/trials/A/kill", {}, 409, "is over already"),
    "G24 concurrency 0": ("PATCH", EXPERIMENT, {"json": {"trial_concurrency": 0}}, 422, "'trialConcurrency' must"),
    "G24 concurrency 1e10": ("PATCH", EXPERIMENT, {"json": {"trial_concurrency": 10**10}}, 422, "'trialConcurrency'"),
    "G24 duration text": ("PATCH", EXPERIMENT, {"json": {"max_experiment_duration": "soon"}}, 422, "a duration"),
    "G26 outside the space": ("POST", TRIALS, {"json": {"parameters": {"lr": 5, "layers": 1}}}, 422, "lr"),
    "G27 import of no rows": ("POST", IMPORT, {"json": {"a": 1}}, 422, "Expected `array`"),
    "G28 a million rows": (
        "POST", IMPORT, as_json(b"[" + b"{}," * 10**6), 413, ""),
    "G29 stale": ("PATCH", EXPERIMENT, {"json": {}, "headers": {"if-match": '"1-99"'}}, 412, "someone else"),
    "G35 XML": ("GET", "/api/v1/nope", {"headers": {"accept": "application/xml"}}, 404, "nothing at this path"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_wrong_requests(served: Served, case: str) -> None:
    """The status, a text that names the thing, a code, and never HTML."""
    method, path, details, status, text = CASES[case]
    served.control.create("A", state=TrialState.SUCCEEDED)
    answer = await served.client.request(method, path, **details)
    document = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert text in document["detail"]
    assert (document["status"], document["type"], document["problems"][0]["code"][:3]) == (
        status,
        "about:blank",
        "NNI",
    )
    assert ("error" in document and document["error"] is not None) == path.startswith("/api/v1/nni")


RAW_CASES = {
    "G30 HTTP/1.0 without Host": (b"GET /api/v1/experiment HTTP/1.0\r\n\r\n", 400),
    "G30 HTTP/1.1 without Host": (b"GET /api/v1/experiment HTTP/1.1\r\n\r\n", 400),
    "G31 two Hosts": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nHost: evil\r\n\r\n", 400),
    "G32 header of 40 kB": (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    "G32 header without end": (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 400),
    "two lengths": (
        b"POST /api/v1/trials HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        400,
    ),
    "bad length": (b"POST /api/v1/trials HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: x\r\n\r\n{}", 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "absolute target": (b"GET http://evil/api/v1/experiment HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n", 421),
}  # fmt: skip


@pytest.mark.parametrize("case", RAW_CASES)
async def test_wrong_bytes(served: Served, case: str) -> None:
    """What no HTTP client would send is refused before or by the guard, and the server goes on."""
    request, status = RAW_CASES[case]
    answer = await served.raw(request.replace(b"%d", str(served.port).encode()))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert (await served.client.get("/api/v1/nni/check-status")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/experiment", "/api/v1/nni/experiment", "/api/v1/trials", "/api/v1/nni/trial-jobs"]
)
async def test_a_wrong_method_learns_of_all_right_ones(served: Served, path: str) -> None:
    """The Allow header names every method that the path has, and OPTIONS grants nothing."""
    allowed = {
        "/api/v1/experiment": "GET, HEAD, PATCH",
        "/api/v1/nni/experiment": "DELETE, GET, HEAD, POST, PUT",
        "/api/v1/trials": "GET, HEAD, POST",
        "/api/v1/nni/trial-jobs": "GET, HEAD, POST",
    }[path]
    for method in ("OPTIONS", "TRACE"):
        answer = await served.client.request(method, path, headers={"access-control-request-method": "DELETE"})
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_a_long_body_without_a_length(served: Served) -> None:
    """A body that comes in pieces is cut off where a declared one is refused."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield b" " * 65536

    answer = await served.client.post(TRIALS, content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert (await served.client.get(EXPERIMENT)).status_code == 200


async def test_a_method_in_a_header_is_not_the_method(served: Served) -> None:
    """G36: overriding headers are ignored."""
    answer = await served.client.get("/api/v1/nni/experiment", headers={"x-http-method-override": "DELETE"})
    assert (answer.status_code, served.control.calls) == (200, [])


async def test_an_unfinished_request_is_dropped(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither headers nor silence may hold a connection for long."""
    from nni_core.http import server

    monkeypatch.setattr(server, "_HEADER_TIMEOUT", 0.2)
    assert await served.raw(b"GET /api/v1/experiment HTTP/1.1\r\nHost: ") == b""
    assert await served.raw(b"") == b""


async def test_settings_seen_before_can_be_changed(served: Served) -> None:
    """The tag of the experiment's document lets a change through once."""
    tag = (await served.client.get("/api/v1/experiment")).headers["etag"]
    statuses = []
    for _ in range(2):
        answer = await served.client.patch(
            "/api/v1/experiment", json={"trial_concurrency": 3}, headers={"if-match": tag}
        )
        statuses.append(answer.status_code)
    assert statuses == [200, 412]


def test_the_nearest_field_is_named() -> None:
    """So that a slip of the finger needs no manual."""
    with pytest.raises(Refusal, match="no field 'max_trial_numbr'") as refused:
        structure({"max_trial_numbr": 1}, Limits)
    assert refused.value.problems[0].help == "did you mean 'max_trial_number'"


@pytest.mark.parametrize("value", [{}, [], 1, "x", None, True, 10**400, -0.5, {"a": [{"b": {"c": [None]}}]}, "\ud800"])
def test_good_json_is_read_as_it_is(value: Any) -> None:
    """Strictness takes nothing away from what JSON can hold."""
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(nested(64)) is not None
