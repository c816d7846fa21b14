"""What every answer tells a browser: show nothing of other sites, be shown by no other site, guess no types."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Message

_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
_OPEN_TO_OTHERS = b"access-control-"


def secured(start: Message) -> Message:
    """The start of a response with the headers in it. A web app may bring a content policy of its own; it cannot let
    other sites in."""
    headers = [(name, value) for name, value in start.get("headers", ()) if not _replaced(name.lower())]
    headers.extend(_HEADERS.items())
    if not any(name.lower() == b"content-security-policy" for name, _ in headers):
        headers.append((b"content-security-policy", _CONTENT_SECURITY_POLICY.encode()))
    return {**start, "headers": headers}


def secure(response: Response) -> Response:
    """Put the headers into a response that the guard will not see."""
    start = secured({"type": "http.response.start", "headers": response.raw_headers})
    response.raw_headers = list(start["headers"])
    return response


def _replaced(name: bytes) -> bool:
    return name in _HEADERS or name.startswith(_OPEN_TO_OTHERS)
