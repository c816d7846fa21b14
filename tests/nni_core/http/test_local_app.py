"""The same documents without a server: for an experiment whose manager does not run."""

from pathlib import Path

import httpx
import pytest

from nni_core.http.app import create_local_app
from nni_core.testing.control import FakeControl

from .conftest import Served


@pytest.mark.parametrize("path", ["/api/v1/experiment", "/api/v1/trials", "/api/v1/nni/trial-jobs", "/api/v1/trials/B"])
async def test_answers_are_those_of_a_running_manager(served: Served, path: str, tmp_path: Path) -> None:
    """Byte for byte, refusals included; the asker is the owner."""
    served.control.create("A")
    app = create_local_app(served.control, log_directory=tmp_path / "log")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as asking:
        local = await asking.get(path)
    running = await served.client.get(path)
    assert (local.status_code, local.content) == (running.status_code, running.content)


async def test_there_are_no_sessions_without_a_guard(control: FakeControl, tmp_path: Path) -> None:
    """Nobody needs one."""
    transport = httpx.ASGITransport(create_local_app(control, log_directory=tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as asking:
        assert (await asking.post("/api/v1/session", json={"token": "x"})).status_code == 404
