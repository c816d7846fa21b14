"""JSON values as this room sees them: made plain, compared exactly, copied, and described to people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import NoneType

from nni_core.model import Json

_PLAIN = frozenset({str, int, float, bool, NoneType})
_SHOWN_LENGTH = 80
_SHOWN_ITEMS = 8
#: a longer whole number is described by its length: Python refuses to print the longest ones
_SHOWN_BITS = 256

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain(value: Json) -> Json:
    """The same value in Python's own types: numpy's scalars lose their wrapper, tuples become lists."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    # A numpy scalar, or an array of no dimension, without importing numpy.
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def identity(value: Json) -> str:
    """Canonical JSON: equal for equal values only, and ``1``, ``1.0``, ``true`` and ``"1"`` stay apart.

    :raises TypeError: for what JSON cannot hold.
    :raises ValueError: for NaN, infinities, cycles and absurdly long whole numbers.
    :raises RecursionError: for absurdly deep values.
    """
    return _ENCODER.encode(plain(value))


def copied(value: Json) -> Json:
    """A value that can be changed without changing the original."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def shown(value: Json) -> str:
    """A value as the user might have typed it, at most 80 characters."""
    if isinstance(value, Mapping):
        return "{...}" if value else "{}"
    if isinstance(value, list | tuple):
        items = [shown(item) if type(item) in _PLAIN else "..." for item in value[:_SHOWN_ITEMS]]
        return _cut(f"[{', '.join([*items, '...'] if len(value) > _SHOWN_ITEMS else items)}]")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, str):
        return repr(value) if len(value) < _SHOWN_LENGTH else _cut(repr(value[:_SHOWN_LENGTH]))
    return _cut(repr(value))


def found(value: Json) -> str:
    """What stands in a place where something else was expected: ``text 'two'``, ``a list``, ``3``."""
    if isinstance(value, str):
        return f"text {shown(value)}"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if type(value) in _PLAIN:
        return shown(value)
    return f"a {type(value).__name__}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 3]}..."
