"""The page that asks a browser for the token, and the few paths that are open without one.

The link that nnictl prints carries the token behind ``#``, which browsers do not send; the page's script hands it in
and goes on to the portal with the cookie that it got.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from starlette.responses import Response

SESSION_PATH = "/api/v1/session"
SCRIPT_PATH = "/login.js"

_OPEN = frozenset({("POST", SESSION_PATH), ("GET", SCRIPT_PATH), ("HEAD", SCRIPT_PATH)})


def is_open(method: str, path: str) -> bool:
    """Whether a path may be asked for without a token. Nothing of the experiment lies behind these."""
    return (method, path) in _OPEN


def page(prefix: str, *, headers: Mapping[str, str]) -> Response:
    """The login page, as an answer that says 401."""
    text = _asset("login.html").replace("{{prefix}}", prefix)
    return Response(text, status_code=401, media_type="text/html", headers={**headers, "cache-control": "no-store"})


def cross_site_page() -> Response:
    """For a browser that followed a link from another site: a click on this page is a request of our own site."""
    return Response(_asset("cross_site.html"), status_code=403, media_type="text/html")


def no_portal_page() -> str:
    """For a manager without a web portal."""
    return _asset("no_portal.html")


def script() -> Response:
    """What the login page runs: the content policy allows no script inside a page."""
    return Response(_asset("login.js"), media_type="text/javascript", headers={"cache-control": "no-cache"})


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")
