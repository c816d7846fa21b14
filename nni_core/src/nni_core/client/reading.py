"""Reads an experiment by the paths of its HTTP interface, whether a manager runs or not.

A live one is asked over HTTP. Of a stopped one the same application answers here, in this process, over its log: both
give the same documents by construction.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from nni_core.client.rest import Rest, refusal
from nni_core.folders import ExperimentFolder
from nni_core.model import Json


def read(folder: ExperimentFolder, path: str) -> Json:
    """The JSON document at a path below the URL prefix.

    :raises UserError: when there is none.
    """
    return Rest(folder).get(path) if folder.is_live() else asyncio.run(_from_archive(folder, path))


async def _from_archive(folder: ExperimentFolder, path: str) -> Json:
    from nni_core.experiment.archive import Archive
    from nni_core.http.app import create_local_app
    from nni_core.store.reader import open_readonly

    with open_readonly(folder.database) as reader:
        app = create_local_app(Archive(reader, folder.path, keep=True), log_directory=folder.logs)
        return await answer_of(app, path)


async def answer_of(app: Any, path: str, *, method: str = "GET", body: Json = None) -> Json:
    """The JSON document that an ASGI application of ours answers with; ``body`` goes with methods other than GET.

    :raises UserError: when it refuses.
    """
    payload = b"" if method == "GET" else json.dumps(body).encode()
    status, answer = await _ask(app, path, method, payload)
    if status >= 400:
        raise refusal(status, answer)
    return json.loads(answer)


async def _ask(app: Any, path: str, method: str, payload: bytes) -> tuple[int, bytes]:
    """One request, spoken to an ASGI application without a network."""
    bare, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": bare,
        "raw_path": bare.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": payload, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status = next(message["status"] for message in sent if message["type"] == "http.response.start")
    return status, b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
