"""The HTTP interface, from the table that its routes and its OpenAPI document are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args, get_origin

import attrs
import msgspec

from generators.markdown import code, page, table
from nni_core.http.app import ENDPOINTS
from nni_core.http.problems import NNI_ROOT
from nni_core.http.routing import Endpoint


def endpoints_page() -> str:
    """Every endpoint with its parameters, body and answer."""
    introduction = (
        "All paths are below the URL prefix, if there is one. `GET /api/v1/openapi.json` describes the same, with "
        "every field, for programs. [The protocol](../http.md) says what holds for all of them."
    )
    nni = [endpoint for endpoint in ENDPOINTS if endpoint.path.startswith(NNI_ROOT)]
    own = [endpoint for endpoint in ENDPOINTS if not endpoint.path.startswith(NNI_ROOT)]
    return page(
        "# Endpoints", introduction, "## The portal's protocol", _table(own), "## NNI's REST interface", _table(nni)
    )


def _table(endpoints: Sequence[Endpoint]) -> str:
    rows = [
        (f"{code(endpoint.method)} {code(endpoint.path)}", endpoint.summary, _input(endpoint), _answer(endpoint))
        for endpoint in endpoints
    ]
    return table(["endpoint", "what it does", "input", "answer"], rows)


def _input(endpoint: Endpoint) -> str:
    query = [f"{code('?' + one.name)}: {one.summary}{_choices(one.choices)}" for one in endpoint.query]
    body = [f"body: {_type(endpoint.body)}"] if endpoint.body is not None else []
    return "; ".join(query + body)


def _choices(choices: Sequence[str]) -> str:
    return f" ({', '.join(map(code, choices))})" if len(choices) > 1 else ""


def _answer(endpoint: Endpoint) -> str:
    kind = _type(endpoint.answer) if endpoint.answer is not None else ""
    if not kind and endpoint.media != "application/json":
        kind = code(endpoint.media)
    return f"{endpoint.status} {kind}".strip()


def _type(kind: Any) -> str:
    """The fields of a document; for lists, those of each item."""
    if get_origin(kind) is list:
        return f"list of {_type(get_args(kind)[0])}"
    if isinstance(kind, type) and attrs.has(kind):
        return ", ".join(code(field.name) for field in attrs.fields(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return ", ".join(code(field.encode_name) for field in msgspec.structs.fields(kind))
    return "text" if kind is str else "JSON object"
