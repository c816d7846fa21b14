"""How messages name what was found: ``text 'two'``, ``the whole number 3``, ``nothing (null)``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nni_core.errors import KeyPath
from nni_core.model import Json

_LONGEST_SHOWN = 80
_PASSWORD_WORDS = r"(?:pass(?:word|wd|phrase)?|secret|token|credential|(?:api|access|account|private)_?key)"  # noqa: S105 - a pattern that finds them
_SECRET_KEY = re.compile(_PASSWORD_WORDS, re.IGNORECASE)
_SECRET_LINE = re.compile(rf"{_PASSWORD_WORDS}\w*['\"]?\s*[:=]", re.IGNORECASE)


def is_secret(path: KeyPath) -> bool:
    """Whether the value under these keys looks like a password and must not be repeated in a message."""
    return any(isinstance(key, str) and _SECRET_KEY.search(key) for key in path)


def shows_secret(line: str) -> bool:
    """Whether a source line seems to hold a password."""
    return bool(_SECRET_LINE.search(line))


def found(value: Json) -> str:
    """A value by its kind and, cut at 80 characters, its text."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"text {quoted(value)}" if value else "empty text"
    if isinstance(value, int):
        return f"the whole number {_cut(str(value))}"
    if isinstance(value, float):
        return f"the number {value!r}"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "a list"
    return f"an object of type {type(value).__name__}"


def quoted(text: str) -> str:
    """Text in quotes, with control characters spelt out, cut at 80 characters."""
    return _cut(repr(text))


def label(path: KeyPath) -> str:
    """The last named key of a path in quotes, with the list positions after it: ``'gpu_indices[1]'``."""
    tail = ""
    for key in reversed(path):
        if isinstance(key, str):
            return quoted(f"{key}{tail}")
        tail = f"[{key}]{tail}"
    return quoted(tail) if tail else "the config"


def alternatives(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
