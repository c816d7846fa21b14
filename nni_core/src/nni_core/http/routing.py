"""One table of routes: each is declared once, and becomes both a route and its entry in the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nni_core.errors import NniError, nearest
from nni_core.http.problems import NNI_ROOT, Refusal, problem_response, refusal, refusal_of

if TYPE_CHECKING:
    from nni_core.http.api import Api

Handler = Callable[["Api", Request], Awaitable[Response]]

JSON = "application/json"


@frozen(kw_only=True)
class Parameter:
    """A value in the query string, or in the path."""

    name: str
    summary: str
    #: the smallest and largest whole number; None: text
    bounds: tuple[int, int] | None = None
    #: the only values; empty: any
    choices: Sequence[str] = ()
    #: in the query string; what is in the path always is
    required: bool = False
    #: what a value that does not exist would have been
    noun: str = "file"


#: the parameter of most paths
TRIAL_ID = Parameter(name="trial_id", summary="id of a trial")


@frozen(kw_only=True)
class Endpoint:
    """One method on one path."""

    method: str
    #: under the URL prefix, with ``{names}`` for what varies
    path: str
    summary: str
    handler: Handler
    query: Sequence[Parameter] = ()
    #: what varies in the path, other than ``trial_id``
    inside: Sequence[Parameter] = ()
    #: type of the JSON body; None: there is none
    body: Any = None
    #: type of the JSON answer; None: the answer is empty, or no JSON
    answer: Any = None
    #: media type of the answer
    media: str = JSON
    status: int = 200
    #: whether it changes only what the client has seen: it heeds If-Match
    conditional: bool = False
    #: further statuses of refusals: those that do not follow from the rest
    refuses: Sequence[int] = ()

    @property
    def path_parameters(self) -> Sequence[Parameter]:
        """What varies in the path, in order.

        :raises KeyError: when one of them is not described.
        """
        known = {one.name: one for one in (TRIAL_ID, *self.inside)}
        return [known[name] for name in re.findall(r"\{(\w+)\}", self.path)]


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
    """Starlette's routes, one for a path, so that a wrong method learns of all right ones. NNI takes its own paths with
    a slash at the end, too."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    also = {f"{path}/": methods for path, methods in by_path.items() if path.startswith(NNI_ROOT)}
    return [Route(path, _Path(methods, api)) for path, methods in {**by_path, **also}.items()]


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
        _check_path(request, endpoint.path_parameters)
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


def check_query(request: Request, declared: Sequence[Parameter]) -> None:
    """:raises Refusal: 422 for a parameter or a value that is not declared, and for one that is given twice."""
    known = {query.name: query for query in declared}
    given = request.query_params.multi_items()
    if len(given) > len(request.query_params):
        twice = next(name for name in request.query_params if len(request.query_params.getlist(name)) > 1)
        raise refusal(422, "NNI730", f"the query parameter '{twice[:80]}' is given twice", help="keep one of them")
    if missing := next((one for one in declared if one.required and one.name not in request.query_params), None):
        raise refusal(422, "NNI730", f"'{missing.name}' is missing", help=f"one of {', '.join(missing.choices)}")
    for name, value in given:
        if name not in known:
            meant = nearest(name, known)
            advice = f"did you mean '{meant}'" if meant else f"known are {', '.join(known) or 'none'}"
            raise refusal(422, "NNI730", f"there is no query parameter '{name[:80]}'", help=advice)
        _check_value(known[name], value)


def integer(request: Request, name: str, default: int) -> int:
    """A whole number of the query string, within its declared bounds."""
    return int(request.query_params.get(name, default))


def _check_path(request: Request, declared: Sequence[Parameter]) -> None:
    """:raises Refusal: 404 for a name that is not among those that there are, 422 for what is no number."""
    for parameter in declared:
        value = request.path_params[parameter.name]
        if parameter.choices and value not in parameter.choices:
            message = f"there is no {parameter.noun} '{value[:80]}' here"
            raise refusal(404, "NNI720", message, help=f"there is {', '.join(parameter.choices)}")
        _check_value(parameter, value)


def _check_value(query: Parameter, value: str) -> None:
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
