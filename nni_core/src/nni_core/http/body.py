"""Request bodies: how long they may be and take, and strict JSON."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import attrs
import msgspec
from starlette.types import Message, Receive

from nni_core.errors import Problem, nearest
from nni_core.http.problems import Refusal, refusal
from nni_core.model import Json

#: bytes
BODY_LIMIT = 1024 * 1024

#: seconds between two pieces of a body
_PATIENCE = 30.0

_DEPTH_LIMIT = 64

#: one step of a place as msgspec writes it; what lies at no fixed key (``[...]``) has no step
_PLACE = re.compile(r"\.(\w+)|\[(\d+)\]")

T = TypeVar("T")


def limited(receive: Receive) -> Receive:
    """A request body that is cut off with a refusal when it is too long or does not come."""
    taken = 0
    complete = False

    async def receive_limited() -> Message:
        nonlocal taken, complete
        if complete:
            # What comes now is the end of the connection, which may be hours away.
            return await receive()
        try:
            async with asyncio.timeout(_PATIENCE):
                message = await receive()
        except TimeoutError as error:
            raise refusal(408, "NNI728", f"no more of the request body came for {_PATIENCE:.0f} seconds") from error
        complete = not message.get("more_body", False)
        taken += len(message.get("body", b""))
        if taken > BODY_LIMIT:
            raise too_large()
        return message

    return receive_limited


def too_large() -> Refusal:
    """The refusal of a long body. The connection stays open: closing it while the client still sends would cost the
    client this answer."""
    return refusal(413, "NNI728", f"the request body is larger than {BODY_LIMIT} bytes")


def parse_json(data: bytes) -> Json:
    """Read a body as JSON, without NaN, repeated keys, numbers beyond all bounds and deep nesting.

    :raises Refusal: 400 with the position of the mistake.
    """
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError as error:
        raise _bad_json(f"byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise _bad_json(f"{error.msg.lower()} at line {error.lineno} column {error.colno}") from error
    except RecursionError as error:
        raise _bad_json(f"nested deeper than {_DEPTH_LIMIT} levels") from error
    except ValueError as error:
        raise _bad_json(str(error)) from error
    if _depth(value) > _DEPTH_LIMIT:
        raise _bad_json(f"nested deeper than {_DEPTH_LIMIT} levels")
    return value


def structure(value: Json, kind: type[T]) -> T:
    """Turn a body into a record.

    :raises Refusal: 422 for unknown and missing fields and wrong types.
    """
    if attrs.has(kind) and isinstance(value, Mapping):
        known = [field.name for field in attrs.fields(kind)]
        if unknown := [_unknown(key, known) for key in value if key not in known]:
            raise Refusal(422, *unknown)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Refusal(422, _misfit(str(error))) from error


def _misfit(text: str) -> Problem:
    """The problem that msgspec tells of, with its place: ``Expected `int`, got `str` - at `$.rows[3].value```."""
    _, _, place = text.partition(" - at `$")
    keys = _PLACE.findall(place)
    return Problem(
        code="NNI729",
        message=f"the request body does not fit: {text}",
        key_path=tuple(int(index) if index else name for name, index in keys),
    )


def _unknown(key: str, known: list[str]) -> Problem:
    meant = nearest(key, known)
    advice = f"did you mean '{meant}'" if meant else f"known are {', '.join(known)}"
    return Problem(code="NNI729", message=f"there is no field '{key}'", help=advice, key_path=(key,), at_key=True)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} stands there twice")
    return found


def _no_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _depth(value: Json) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth - 1


def _bad_json(message: str) -> Refusal:
    return refusal(400, "NNI727", f"the request body is not valid JSON: {message}")
