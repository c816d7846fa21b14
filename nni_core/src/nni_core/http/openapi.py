"""The OpenAPI document, drawn from the route table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from nni_core.http.problems import PROBLEM_TYPE, ProblemDocument
from nni_core.http.routing import JSON, Endpoint, Parameter

_REFERENCE = "#/components/schemas/{name}"
_READING = frozenset({"GET", "HEAD"})

#: refusals of the guard, which stands before every endpoint
_GUARD = (400, 401, 403, 421, 429, 431)
#: of a request that may carry a body: its type, its size, the time it takes, and the state of the experiment
_COMMAND = (408, 409, 413, 415, 503)

_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "ETag of the experiment as the client has seen it; the change is refused when it is another by now",
    "schema": {"type": "string"},
}


def openapi_document(endpoints: Sequence[Endpoint], *, version: str, url_prefix: str) -> dict[str, Any]:
    """What the web interface offers, in OpenAPI 3.1."""
    types = [kind for endpoint in endpoints for kind in (endpoint.body, endpoint.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, ProblemDocument], ref_template=_REFERENCE)
    by_type = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        body = next(by_type) if endpoint.body is not None else None
        answer = next(by_type) if endpoint.answer is not None else None
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, body, answer)
    problem = next(by_type)
    tolerant = {getattr(endpoint.body, "__name__", "") for endpoint in endpoints if _takes_more(endpoint.body)}
    statuses = sorted({status for endpoint in endpoints for status in refusals_of(endpoint)})
    return {
        "openapi": "3.1.0",
        "info": {"title": "nni-core", "version": version},
        "servers": [{"url": url_prefix or "/"}],
        "security": [{}, {"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema if name in tolerant else _closed(schema) for name, schema in components.items()},
            "responses": {f"Refused{status}": _refused(status, problem) for status in statuses},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "nni_<port>"},
            },
        },
    }


def refusals_of(endpoint: Endpoint) -> Sequence[int]:
    """The statuses with which an endpoint may refuse, in order."""
    return sorted({*_GUARD, *endpoint.refuses, *_refusals(endpoint)})


def _refusals(endpoint: Endpoint) -> Iterator[int]:
    # A query parameter that nobody declared is refused everywhere.
    yield 422
    if endpoint.path_parameters:
        yield 404
    if endpoint.method not in _READING:
        yield from _COMMAND
    if endpoint.conditional:
        yield 412


def _operation(endpoint: Endpoint, body: Any, answer: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "parameters": [
            *(_parameter(one, "path") for one in endpoint.path_parameters),
            *(_parameter(one, "query") for one in endpoint.query),
            *([_IF_MATCH] if endpoint.conditional else []),
        ],
        "responses": _responses(endpoint, answer),
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    area = "nni_" if "/nni/" in endpoint.path else ""
    return f"{area}{getattr(endpoint.handler, '__name__', '')}"


def _responses(endpoint: Endpoint, answer: Any) -> dict[str, Any]:
    refused = {str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in refusals_of(endpoint)}
    # An endpoint that only says why it cannot has a refusal for its answer.
    return refused if endpoint.status >= 400 else {str(endpoint.status): _answer(endpoint, answer), **refused}


def _answer(endpoint: Endpoint, answer: Any) -> dict[str, Any]:
    if answer is not None:
        return _content("Done", endpoint.media, answer)
    return {"description": "Done"} if endpoint.media == JSON else _content("Done", endpoint.media, {"type": "string"})


def _refused(status: int, problem: Any) -> dict[str, Any]:
    return _content(HTTPStatus(status).phrase, PROBLEM_TYPE, problem)


def _content(description: str, media: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": schema}}}


def _takes_more(body: Any) -> bool:
    """Whether a body may have fields that are not looked at."""
    is_struct = isinstance(body, type) and issubclass(body, msgspec.Struct)
    return is_struct and not body.__struct_config__.forbid_unknown_fields


def _closed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record has no other fields than those that are described."""
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


def _parameter(parameter: Parameter, where: str) -> Mapping[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if where == "path":
        schema["minLength"] = 1
    if parameter.bounds is not None:
        schema = {"type": "integer", "minimum": parameter.bounds[0], "maximum": parameter.bounds[1]}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    required = {"required": True} if where == "path" or parameter.required else {}
    return {"name": parameter.name, "in": where, "description": parameter.summary, "schema": schema, **required}
