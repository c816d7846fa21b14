"""The portal as an ASGI application: static files, one page for its routes, strict headers. Everything that changes
comes from the manager's HTTP protocol, which the page finds under ``api/`` beside it.

Works under any URL prefix and behind any proxy: addresses in the page are relative to it.
"""

from __future__ import annotations

import re
from importlib.resources import files

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nni_web_portal.bundle import Asset, Bundle, load_bundle

_HEADERS = {
    "content-security-policy": "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types portal",
        ]
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_FOREVER = "public, max-age=31536000, immutable"
#: the pages of the portal; anything else is not found
_PAGES = re.compile(r"(trials(/[^/]+)?)?")
#: as Vite writes addresses into the page
_RELATIVE = re.compile(r'(?<==")\./')


def create_app() -> Starlette:
    """The application that the manager mounts."""
    return build_app(load_bundle())


def build_app(bundle: Bundle | None) -> Starlette:
    """The portal for a bundle; without one, a page that says how to get it."""
    pages = _Pages(bundle)
    return Starlette(
        routes=[Route("/{path:path}", pages.answer, methods=["GET"])],
        middleware=[Middleware(_SecureHeaders)],
    )


class _Pages:
    """Answers requests for the page and its files."""

    def __init__(self, bundle: Bundle | None) -> None:
        self._bundle = bundle

    async def answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        if not request.url.path.endswith("/") and path == "":
            # relative addresses need the slash at the end of the prefix
            return RedirectResponse(f"{request.url.path.rsplit('/', 1)[-1]}/")
        if self._bundle is None:
            return HTMLResponse(_text("missing.html"), status_code=503, headers={"cache-control": "no-store"})
        if asset := self._bundle.assets.get(path):
            return _file(asset, request.headers.get("accept-encoding", ""))
        page = path.removesuffix("/")
        root = "../" * path.count("/") or "./"
        if path != "" and not _PAGES.fullmatch(page):
            return HTMLResponse(_text("not_found.html").replace("./", root), status_code=404)
        return HTMLResponse(_RELATIVE.sub(root, self._bundle.index), headers={"cache-control": "no-cache"})


def _text(name: str) -> str:
    return (files("nni_web_portal") / "plain" / name).read_text(encoding="utf-8")


def _file(asset: Asset, accepted: str) -> Response:
    headers = {"cache-control": _FOREVER if asset.immutable else "no-cache", "vary": "accept-encoding"}
    if asset.gzipped is not None and "gzip" in accepted:
        return Response(asset.gzipped, media_type=asset.media_type, headers=headers | {"content-encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=headers)


class _SecureHeaders:
    """Adds the headers that forbid the page everything it does not do. Own, so that streams are not buffered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
