"""The guard: everything that is checked before a request reaches any route, for every method and for web sockets.

In order: Host, Origin and Sec-Fetch-Site, who asks (:mod:`nni_core.http.access`), what a reader may not do, content
type and size of the body. The answers of everything behind it get the security headers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nni_core.http import login
from nni_core.http.access import Access, Policy, Role, token_required
from nni_core.http.body import BODY_LIMIT, limited, too_large
from nni_core.http.origins import check_host, check_origin, known_hosts
from nni_core.http.problems import Refusal, problem_response, refusal
from nni_core.http.security_headers import secured

__all__ = ["PEER_IS_OWNER", "ROLE", "Guard", "Policy", "Role"]

#: where the guard leaves the role of a request in its ASGI scope
ROLE = "nni.role"

#: key of the ASGI state under which a server may leave the user at the other end of the connection
PEER_IS_OWNER = "nni.peer_is_owner"

#: bytes of all request headers
HEADER_LIMIT = 32 * 1024

_READING = frozenset({"GET", "HEAD", "OPTIONS"})

Headers = Mapping[str, Sequence[str]]


class Guard:
    """Who may reach a manager's application. One for a manager."""

    def __init__(self, policy: Policy, *, access: Access | None = None) -> None:
        self.policy = policy
        self.access = access or Access(policy)

    def protect(self, app: ASGIApp, *, url_prefix: str = "") -> ASGIApp:
        """An application that answers only to those who may ask."""
        return _Guarded(app, self.policy, self.access, url_prefix)

    def open_session(self, request: Request, token: str, *, url_prefix: str = "") -> Response:
        """Check a token and answer with the session cookie of its role.

        :raises Refusal: 401 or 429.
        """
        client = _client(request.scope)
        self.access.check_token(client, token)
        response = Response(status_code=204)
        response.set_cookie(
            self.policy.cookie,
            self.policy.session(self.policy.role_with_token(client)),
            httponly=True,
            samesite="strict",
            path=f"{url_prefix}/",
            secure=request.url.scheme == "https",
        )
        return response


class _Guarded:
    def __init__(self, app: ASGIApp, policy: Policy, access: Access, prefix: str) -> None:
        self._app = app
        self._policy = policy
        self._access = access
        self._prefix = prefix
        self._hosts = known_hosts(policy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = secured(message)
            await send(message)

        try:
            self._admit(scope)
            await self._app(scope, limited(receive), send_secured)
        except Refusal as refused:
            if started:
                raise
            await self._refuse(scope, refused)(scope, receive, send_secured)

    def _admit(self, scope: Scope) -> None:
        """:raises Refusal: when the application must not answer."""
        headers = _headers(scope)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_LIMIT:
            raise refusal(431, "NNI728", f"the request headers are larger than {HEADER_LIMIT} bytes")
        host = check_host(headers.get("host", ()), self._hosts, port=self._policy.port)
        check_origin(headers, host)
        role = scope[ROLE] = self._role(scope, headers)
        path = self._inner_path(scope)
        if scope["method"] not in _READING:
            _check_content(headers)
        if role is Role.ANONYMOUS and not login.is_open(scope["method"], path):
            raise token_required("the token of the experiment is needed")
        if role is Role.VIEWER and scope["method"] not in _READING and path != login.SESSION_PATH:
            raise refusal(
                403,
                "NNI723",
                "a viewer may look and not touch: the token gives the role 'viewer' on other machines",
                help="use the portal on the machine itself or through ssh -L, or start the manager with control "
                "from the local network allowed",
            )

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        try:
            host = check_host(headers.get("host", ()), self._hosts, port=self._policy.port)
            check_origin(headers, host, required=True)
            scope[ROLE] = self._role(scope, headers)
            if scope[ROLE] is Role.ANONYMOUS:
                raise token_required("the token of the experiment is needed")
        except Refusal:
            # Closing before accepting is answered with 403 by the server.
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        await self._app(scope, receive, send)

    def _role(self, scope: Scope, headers: Headers) -> Role:
        if self._is_owner_process(scope):
            return Role.OWNER
        return self._access.role(_client(scope), bearer=_bearer(headers), session=self._session(headers))

    def _is_owner_process(self, scope: Scope) -> bool:
        known = scope.get("state", {}).get(PEER_IS_OWNER)
        if known is not None:
            return bool(known)
        return self._access.is_owner_process(scope.get("client"), scope.get("server"))

    def _session(self, headers: Headers) -> str | None:
        try:
            cookies = SimpleCookie("; ".join(headers.get("cookie", ())))
        except CookieError:
            return None
        morsel = cookies.get(self._policy.cookie)
        return morsel.value if morsel else None

    def _inner_path(self, scope: Scope) -> str:
        path: str = scope["path"]
        return path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else path

    def _refuse(self, scope: Scope, refused: Refusal) -> Response:
        path = self._inner_path(scope)
        wants_page = scope["method"] in {"GET", "HEAD"} and not path.startswith("/api/")
        if wants_page and any("text/html" in value for value in _headers(scope).get("accept", ())):
            if refused.status == 401:
                return login.page(self._prefix, headers=refused.headers)
            if refused.status == 403:
                return login.cross_site_page()
        return problem_response(refused, path)


def _headers(scope: Scope) -> Headers:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in scope["headers"]:
        found[name.decode("latin-1").lower()].append(value.decode("latin-1"))
    return found


def _client(scope: Scope) -> str:
    """The client's address; text that is no address when the server does not know it."""
    return str(scope["client"][0]) if scope.get("client") else "unknown"


def _bearer(headers: Headers) -> str | None:
    for value in headers.get("authorization", ()):
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
    return None


def _check_content(headers: Headers) -> None:
    lengths = headers.get("content-length", ())
    has_body = any(length != "0" for length in lengths) or "transfer-encoding" in headers
    types = headers.get("content-type", ())
    if (has_body or types) and [_media_type(value) for value in types] != ["application/json"]:
        raise refusal(415, "NNI726", "the request body is not declared as JSON", help="Content-Type: application/json")
    if any(not length.isdigit() or int(length) > BODY_LIMIT for length in lengths):
        raise too_large()


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()
