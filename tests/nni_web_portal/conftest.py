"""A real Chromium looking at the real portal, which talks to a fake manager over real HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import define, field
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

import nni_web_portal

from .fake_api import FakeApi, serve
from .fake_experiment import FakeExperiment

#: names of the browser on PATH
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@define(kw_only=True)
class Visit:
    """One look at a portal, and everything that went wrong meanwhile."""

    page: Page
    api: FakeApi
    #: address of the portal's first page
    root: str
    complaints: list[str] = field(factory=list)

    def open(self, path: str = "") -> Page:
        self.page.goto(self.root + path)
        return self.page

    def saw_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.root).netloc:
            self.complaints.append(f"left the origin: {request.url}")


Portal = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Module scope: sync Playwright occupies the thread's event loop, and async tests need it back."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.fail("the browser tests need Chromium on PATH: apt-get install chromium")
    if not (Path(nni_web_portal.__file__).parent / "static" / "index.html").exists():
        pytest.fail("the portal's bundle is missing: pip install -e ./plugins/web_portal")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def portal(browser: Browser) -> Iterator[Portal]:
    """Opens a portal on an experiment. At the end of the test nothing may have been complained about."""
    with ExitStack() as stack:
        visits: list[Visit] = []

        def visit(
            experiment: FakeExperiment, *, prefix: str = "", width: int = 1280, scheme: str = "light", script: str = ""
        ) -> Visit:
            api = FakeApi(experiment)
            root = stack.enter_context(serve(api, prefix))
            context = browser.new_context(
                viewport={"width": width, "height": 860},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            stack.callback(context.close)
            if script:
                context.add_init_script(script)
            visits.append(watch(context, api, root))
            return visits[-1]

        yield visit
        complaints = [complaint for visit in visits for complaint in visit.complaints]
    assert complaints == []


def watch(context: BrowserContext, api: FakeApi, root: str) -> Visit:
    """A page whose console, errors, policy reports and requests are listened to."""
    page = context.new_page()
    page.set_default_timeout(10_000)
    found = Visit(page=page, api=api, root=root)
    page.on("request", lambda request: found.saw_request(request))
    page.on("pageerror", lambda error: found.complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            found.complaints.append(f"{message.type}: {message.text}") if message.type in {"error", "warning"} else None
        ),
    )
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.sample}`))"
    )
    return found
