"""JSON for tuners and trials: numbers, arrays, enums and paths of Python become what JSON can hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import IO, Any

__all__ = ["dump", "load"]


def dump(obj: Any, fp: IO[str] | None = None, **options: Any) -> str:
    """The value as JSON text, written to ``fp`` too when one is given. ``options`` are those of :func:`json.dumps`.

    Numpy scalars become numbers, arrays and tensors nested lists, enums their values, paths text, sets sorted lists.
    NaN and infinities are written as NNI writes them, ``NaN`` and ``Infinity``, which :func:`load` reads.

    :raises TypeError: for anything else that JSON cannot hold. Objects are never pickled.
    """
    text = json.dumps(obj, **{"default": _plain, **options})
    if fp is not None:
        fp.write(text)
    return text


def load(string: str | bytes | None = None, *, fp: IO[str] | None = None, **options: Any) -> Any:
    """The value in JSON text, or in the file ``fp``. ``options`` are those of :func:`json.loads`.

    :raises ValueError: when it is not JSON.
    """
    if (string is None) == (fp is None):
        raise TypeError("load takes either a text or fp")
    return json.loads(fp.read() if fp is not None else string or "", **options)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, AbstractSet):
        return sorted(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: {value!r}")
