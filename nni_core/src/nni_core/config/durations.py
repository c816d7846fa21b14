"""Durations as NNI writes them: ``90`` (seconds), ``30s``, ``10m``, ``0.5h``, ``1d``, ``1h30m``."""

from __future__ import annotations

import re
from typing import NewType

from nni_core.config.wording import found
from nni_core.model import Json

#: seconds
Duration = NewType("Duration", float)

#: how messages name what is wanted
EXAMPLES = "a duration above zero, such as 30s, 10m, 1h, 1h30m or 2d"

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])", re.IGNORECASE | re.ASCII)
_WORDS = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)[a-z]*", re.IGNORECASE | re.ASCII)
_CLOCK = re.compile(r"(\d+):(\d\d)(?::(\d\d))?", re.ASCII)
#: a thousand years: beyond it a duration is a slip of the finger
_LONGEST = 1_000 * 366 * 86_400


class DurationError(ValueError):
    """A value is not a duration; ``help`` says what to write."""

    def __init__(self, value: Json) -> None:
        super().__init__(f"must be {EXAMPLES}, got {found(value)}")
        self.help = _help(value)


def parse_duration(value: Json) -> Duration:
    """Seconds from a number of seconds, or from text with units.

    :raises DurationError: when it is neither, or not above zero.
    """
    seconds = float(value) if _is_number(value) else _parse_text(value)
    if not 0 < seconds <= _LONGEST:
        raise DurationError(value)
    return Duration(seconds)


def plain_seconds(duration: Duration) -> int | float:
    """The number for JSON: whole where it is whole."""
    return int(duration) if duration.is_integer() else float(duration)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parse_text(value: Json) -> float:
    parts = _PART.findall(value) if isinstance(value, str) else []
    units = [unit.lower() for _, unit in parts]
    rest = _PART.sub("", value).strip() if parts else "all of it"
    if rest or units != sorted(set(units), key="dhms".index):
        raise DurationError(value)
    return float(sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts))


def _help(value: Json) -> str:
    text = str(value).strip()
    if value in (0, -1) or re.fullmatch(r"[-+.]*inf(inity)?", text, re.IGNORECASE):
        return "for no limit leave the line out"
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return f"for seconds write {text}s"
    if match := _CLOCK.fullmatch(text):
        return "write " + "".join(f"{int(n)}{unit}" for n, unit in zip(match.groups(), "hms", strict=True) if n)
    if (words := _WORDS.findall(text)) and not text.startswith("-"):
        return "write " + "".join(f"{number}{unit.lower()}" for number, unit in words)
    return ""
