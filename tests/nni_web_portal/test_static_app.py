"""The portal's server half: which address answers what, with which headers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from nni_web_portal.app import build_app
from nni_web_portal.bundle import Asset, Bundle, load_bundle
from nni_web_portal.plugin import nni_web_apps

SCRIPT = Asset(body=b"let a", gzipped=b"gz", media_type="text/javascript", immutable=True)
INDEX = '<meta name="portal-root" content="./"><script src="./assets/a-1.js"></script>'
BUNDLE = Bundle(index=INDEX, assets={"assets/a-1.js": SCRIPT})


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://portal", headers={"accept-encoding": "identity"}
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(build_app(BUNDLE)) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "root"), [("/", "./"), ("/trials", "./"), ("/trials/", "../"), ("/trials/AbCdE", "../")]
)
async def test_every_page_finds_its_way_to_the_root(client: httpx.AsyncClient, path: str, root: str) -> None:
    """A deep link gets the page with addresses relative to itself, so that any prefix works."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.text == INDEX.replace("./", root)
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/nothing", "/trials/a/b", "/assets/a-2.js", "/..%2f..%2fetc/passwd", "/index.html"])
async def test_unknown_addresses_are_not_found(client: httpx.AsyncClient, path: str) -> None:
    """Only the portal's own routes are answered with the page."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


async def test_only_reading_is_possible(client: httpx.AsyncClient) -> None:
    """The portal itself changes nothing."""
    assert (await client.post("/")).status_code == 405
    assert (await client.head("/trials")).status_code == 200


async def test_assets_are_kept_for_ever_and_come_compressed(client: httpx.AsyncClient) -> None:
    """A file whose name holds its hash never changes."""
    plain = await client.get("/assets/a-1.js")
    assert (plain.content, plain.headers["content-type"]) == (b"let a", "text/javascript; charset=utf-8")
    assert "immutable" in plain.headers["cache-control"]
    async with client.stream("GET", "/assets/a-1.js", headers={"accept-encoding": "br, gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert b"".join([piece async for piece in packed.aiter_raw()]) == b"gz"


@pytest.mark.parametrize("path", ["/", "/nothing", "/assets/a-1.js"])
async def test_every_answer_forbids_what_the_page_does_not_do(client: httpx.AsyncClient, path: str) -> None:
    """Nothing from elsewhere, nothing inline, no framing, no guessing of types."""
    headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    for directive in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_without_a_bundle_it_says_what_to_run() -> None:
    """An installation without the pages is never blank."""
    async with client_of(build_app(None)) as client:
        answer = await client.get("/trials")
    assert answer.status_code == 503
    assert "pip install --force-reinstall --no-deps ./plugins/web_portal" in answer.text


async def test_it_works_under_a_prefix() -> None:
    """Mounted elsewhere, the page's addresses lead to where it is mounted."""
    app = Starlette(routes=[Mount("/lab/7", build_app(BUNDLE))])
    async with client_of(app) as client:
        assert (await client.get("/lab/7", follow_redirects=True)).url.path == "/lab/7/"
        assert 'content="../"' in (await client.get("/lab/7/trials/x")).text
        assert (await client.get("/lab/7/assets/a-1.js")).status_code == 200


def test_the_real_page_holds_nothing_inline() -> None:
    """What the build made obeys the policy, and says something without scripts."""
    bundle = load_bundle()
    assert bundle is not None
    assert "<style" not in bundle.index
    assert "style=" not in bundle.index
    assert "<noscript>" in bundle.index
    assert bundle.index.count("<script") == bundle.index.count('<script type="module" crossorigin src="./assets/') == 1


def test_the_whole_portal_is_small() -> None:
    """Scripts and styles stay far below the budget of 350 kB compressed."""
    bundle = load_bundle()
    assert bundle is not None
    packed = sum(len(asset.gzipped or asset.body) for asset in bundle.assets.values())
    assert packed < 80_000


def test_the_plugin_offers_the_root() -> None:
    """The manager finds one application and can make it."""
    (spec,) = nni_web_apps()
    assert (spec.name, spec.mount, spec.implementation) == ("portal", "/", "nni_web_portal.app:create_app")
