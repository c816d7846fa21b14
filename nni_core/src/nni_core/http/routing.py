"""One table of routes: each is declared once, and becomes both a route and its entry in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nni_core.errors import NniError, nearest
from nni_core.http.problems import Refusal, problem_response, refusal, refusal_of

if TYPE_CHECKING:
    from nni_core.http.api import Api

Handler = Callable[["Api", Request], Awaitable[Response]]

JSON = "application/json"


@frozen(kw_only=True)
class Query:
    """A parameter in the query string."""

    name: str
    summary: str
    #: the smallest and largest whole number; None: text
    bounds: tuple[int, int] | None = None
    #: the only values; empty: any
    choices: Sequence[str] = ()


@frozen(kw_only=True)
class Endpoint:
    """One method on one path."""

    method: str
    #: under the URL prefix, with ``{names}`` for what varies
    path: str
    summary: str
    handler: Handler
    query: Sequence[Query] = ()
    #: type of the JSON body; None: there is none
    body: Any = None
    #: type of the JSON answer; None: the answer is empty, or no JSON
    answer: Any = None
    #: media type of the answer
    media: str = JSON
    status: int = 200


@frozen
class RouteTable:
    """Endpoints under a common root."""

    root: str
    endpoints: list[Endpoint] = field(factory=list)

    def add(self, method: str, path: str, summary: str, **details: Any) -> Callable[[Handler], Handler]:
        """Declare the decorated function as an endpoint. ``details`` are fields of :class:`Endpoint`."""

        def declare(handler: Handler) -> Handler:
            endpoint = Endpoint(method=method, path=self.root + path, summary=summary, handler=handler, **details)
            self.endpoints.append(endpoint)
            return handler

        return declare


def routes_of(endpoints: Sequence[Endpoint], api: Api) -> list[Route]:
    """Starlette's routes, one for a path, so that a wrong method learns of all right ones."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [Route(path, _Path(methods, api)) for path, methods in by_path.items()]


class _Path:
    """Answers every method on one path."""

    def __init__(self, methods: Mapping[str, Endpoint], api: Api) -> None:
        self._methods = methods
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Refusal as refused:
            response = problem_response(refused, _inner_path(scope))
        except NniError as error:
            response = problem_response(refusal_of(error), _inner_path(scope))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        endpoint = self._methods.get(method)
        # A stream never ends: there is no answer to describe beforehand.
        if endpoint is None or (request.method == "HEAD" and endpoint.media == "text/event-stream"):
            raise self._not_allowed(request.method)
        check_query(request, endpoint.query)
        return await endpoint.handler(self._api, request)

    def _not_allowed(self, method: str) -> Refusal:
        allowed = sorted({*self._methods, *(["HEAD"] if "GET" in self._methods else [])})
        return refusal(
            405,
            "NNI721",
            f"{method[:20]} is not possible here",
            help=f"possible are {', '.join(allowed)}",
            headers={"allow": ", ".join(allowed)},
        )


def check_query(request: Request, declared: Sequence[Query]) -> None:
    """:raises Refusal: 422 for a parameter or a value that is not declared."""
    known = {query.name: query for query in declared}
    for name, value in request.query_params.multi_items():
        if name not in known:
            meant = nearest(name, known)
            advice = f"did you mean '{meant}'" if meant else f"known are {', '.join(known) or 'none'}"
            raise refusal(422, "NNI730", f"there is no query parameter '{name}'", help=advice)
        _check_value(known[name], value)


def integer(request: Request, name: str, default: int) -> int:
    """A whole number of the query string, within its declared bounds."""
    return int(request.query_params.get(name, default))


def _check_value(query: Query, value: str) -> None:
    if query.choices and value not in query.choices:
        message = f"'{query.name}' must be one of {', '.join(query.choices)}, got '{value[:80]}'"
        raise refusal(422, "NNI730", message)
    if query.bounds is None:
        return
    low, high = query.bounds
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and low <= int(value) <= high):
        raise refusal(422, "NNI730", f"'{query.name}' must be a whole number from {low} to {high}, got '{value[:80]}'")


def _inner_path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
