"""The OpenAPI document, drawn from the route table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from nni_core.http.problems import PROBLEM_TYPE, ProblemDocument
from nni_core.http.routing import JSON, Endpoint, Query

_REFERENCE = "#/components/schemas/{name}"


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
    return {
        "openapi": "3.1.0",
        "info": {"title": "nni-core", "version": version},
        "servers": [{"url": url_prefix or "/"}],
        "security": [{}, {"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {"Problem": _content("The request was refused", PROBLEM_TYPE, next(by_type))},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "nni_<port>"},
            },
        },
    }


def _operation(endpoint: Endpoint, body: Any, answer: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint.path), *map(_query_parameter, endpoint.query)],
        "responses": {
            str(endpoint.status): _answer(endpoint, answer),
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    area = "nni_" if "/nni/" in endpoint.path else ""
    return f"{area}{getattr(endpoint.handler, '__name__', '')}"


def _answer(endpoint: Endpoint, answer: Any) -> dict[str, Any]:
    if answer is not None:
        return _content("Done", endpoint.media, answer)
    return {"description": "Done"} if endpoint.media == JSON else _content("Done", endpoint.media, {"type": "string"})


def _content(description: str, media: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": schema}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameter(query: Query) -> Mapping[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if query.bounds is not None:
        schema = {"type": "integer", "minimum": query.bounds[0], "maximum": query.bounds[1]}
    if query.choices:
        schema["enum"] = list(query.choices)
    return {"name": query.name, "in": "query", "description": query.summary, "schema": schema}
