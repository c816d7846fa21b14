"""A manager's web server on a free loopback port, over an experiment that tests feed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve, frozen

from nni_core.http.access import Access, Policy
from nni_core.http.app import create_app
from nni_core.http.auth import Guard
from nni_core.http.server import make_server
from nni_core.testing.control import FakeControl

TOKEN = "a-token-of-enough-length"


@frozen(kw_only=True)
class Served:
    """A running server, and a client of the same user."""

    control: FakeControl
    client: httpx.AsyncClient
    port: int
    directory: Path

    async def raw(self, request: bytes) -> bytes:
        """Send bytes and read until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        async with asyncio.timeout(20):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


@pytest.fixture
def control(tmp_path: Path) -> FakeControl:
    return FakeControl(tmp_path)


@pytest.fixture
def policy() -> Policy:
    return Policy(token=TOKEN, port=0, addresses=["127.0.0.1", "::1", "192.168.1.1"])


@pytest.fixture
def serve(control: FakeControl, policy: Policy, tmp_path: Path) -> Callable[..., Any]:
    """A context manager that serves; ``find_uid`` replaces the look-up of the peer, other arguments go to the app."""

    @asynccontextmanager
    async def serve(find_uid: Callable[..., int | None] | None = None, **app: Any) -> AsyncIterator[Served]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            placed = evolve(policy, port=port)
            guard = Guard(placed, access=Access(placed, find_uid=find_uid) if find_uid else None)
            server = make_server(create_app(control, guard=guard, log_directory=tmp_path / "log", **app), guard)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            prefix = f"/{app['url_prefix']}" if app.get("url_prefix") else ""
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}{prefix}", timeout=20) as client:
                yield Served(control=control, client=client, port=port, directory=tmp_path)
            server.stop()
            await serving

    return serve


@pytest.fixture
async def served(serve: Callable[..., Any]) -> AsyncIterator[Served]:
    async with serve() as running:
        yield running


@pytest.fixture
def ask(control: FakeControl, policy: Policy, tmp_path: Path) -> Callable[..., Any]:
    """Ask the application as a client at some address would: ``await ask(method, path, client=, headers=, json=)``."""
    placed = evolve(policy, port=8080)
    guard = Guard(placed, access=Access(placed, find_uid=lambda *_: 12345))
    app = create_app(control, guard=guard, log_directory=tmp_path / "log")

    async def ask(method: str, path: str, *, client: str = "192.168.1.50", **details: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(client, 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as asking:
            return await asking.request(method, path, **details)

    return ask
