"""The portal on the real web server of a manager: guard, protocol, stream; only the experiment is a fake."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from playwright.sync_api import Browser, Page, expect

from nni_core.http.access import Policy
from nni_core.http.app import create_app
from nni_core.http.auth import Guard
from nni_core.http.server import ManagerServer, make_server
from nni_core.model import MetricKind
from nni_core.testing.control import FakeControl
from nni_web_portal.app import create_app as create_portal

pytestmark = pytest.mark.browser


@define(kw_only=True)
class Manager:
    """A manager's web server in a thread with an event loop of its own."""

    root: str
    control: FakeControl
    loop: asyncio.AbstractEventLoop

    def do(self, action: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Let something happen to the experiment, where it lives."""

        async def act() -> Any:
            return action(*arguments, **named)

        return asyncio.run_coroutine_threadsafe(act(), self.loop).result(10)


@pytest.fixture(params=["", "lab/7"], ids=["root", "prefix"])
def manager(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Manager]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="manager", daemon=True)
    thread.start()

    async def begin() -> tuple[FakeControl, ManagerServer]:
        control = FakeControl(tmp_path)
        guard = Guard(Policy(token="a-token-of-enough-length", port=port, addresses=["127.0.0.1"]))
        app = create_app(
            control,
            guard=guard,
            url_prefix=request.param,
            web_apps=[("/", create_portal())],
            log_directory=tmp_path / "log",
        )
        return control, make_server(app, guard)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        control, server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
        serving = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listening]), loop)
        prefix = f"{request.param}/" if request.param else ""
        yield Manager(root=f"http://127.0.0.1:{port}/{prefix}", control=control, loop=loop)
        loop.call_soon_threadsafe(server.stop)
        serving.result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def page(browser: Browser, manager: Manager) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


def test_the_portal_watches_and_steers_a_real_manager(page: Page, manager: Manager) -> None:
    """Trials, reports, output and commands pass through the manager's own guard, protocol and stream."""
    control = manager.control
    manager.do(control.create, "AbCdE")
    page.goto(manager.root)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    strip = page.get_by_label("state of the experiment")

    manager.do(control.report, "AbCdE", {"default": 0.75, "loss": float("nan")}, MetricKind.FINAL)
    manager.do(control.finish, "AbCdE")
    expect(strip).to_contain_text("0.75")
    manager.do(control.create, "FgHiJ", {"lr": 0.05, "layers": 3})
    page.get_by_role("link", name="Trials", exact=True).click()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "3")

    folder = Path(manager.do(control.trial_directory, "FgHiJ"))
    folder.mkdir(parents=True)
    (folder / "stdout").write_text("\x1b[32mhello\x1b[0m\n", encoding="utf-8")
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.locator("#log-panel")).to_have_text("hello")
    for value in (0.5, 0.625):
        manager.do(control.report, "FgHiJ", value)
    expect(page.get_by_label("intermediate results", exact=True)).to_contain_text("last 0.625")

    page.get_by_role("button", name="End trial").click()
    page.get_by_role("dialog").get_by_role("button", name="End trial").click()
    expect(page.get_by_text("user canceled").first).to_be_visible()
    page.get_by_role("link", name="Overview", exact=True).click()
    page.get_by_role("button", name="Edit limits").click()
    page.get_by_label("Trials at the same time").fill("5")
    page.get_by_label("Time in all").fill("2h")
    page.get_by_role("button", name="Save").click()
    expect(strip).to_contain_text("/ 5")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Stop experiment").click()
    expect(strip).to_contain_text("stopping")
    assert control.calls == [("kill", "FgHiJ"), ("stop",)]
