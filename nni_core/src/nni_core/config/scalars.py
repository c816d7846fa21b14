"""What an unquoted word means: the core schema of YAML 1.2, which is JSON's with a few more spellings.

So ``1e-4`` is a number; ``yes``, ``on``, ``12:30``, ``1_000`` and ``2024-01-01`` are text; ``010`` is ten.
"""

from __future__ import annotations

import math
import re

from nni_core.config.limits import MAX_DIGITS

_CONSTANTS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + word: math.inf for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **{"-" + word: -math.inf for word in (".inf", ".Inf", ".INF")},
}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class NumberTooLongError(ValueError):
    """A number has more digits than any computation could use, or is beyond the largest float."""


def resolve_plain(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar.

    :raises NumberTooLongError: when it is a number that cannot be kept.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return whole_number(text)
    if match := _BASED.fullmatch(text):
        octal, hexadecimal = match.groups()
        return whole_number(octal, 8) if octal else whole_number(hexadecimal, 16)
    return decimal_number(text) if _DECIMAL.fullmatch(text) else text


def whole_number(digits: str, base: int = 10) -> int:
    """:raises NumberTooLongError: when there are too many digits."""
    if len(digits) > MAX_DIGITS:
        raise NumberTooLongError(f"a whole number of {len(digits)} digits is too long; the limit is {MAX_DIGITS}")
    return int(digits, base)


def decimal_number(text: str) -> float:
    """:raises NumberTooLongError: when it is beyond the largest float."""
    number = float(text)
    if math.isinf(number):
        raise NumberTooLongError("the number is beyond the largest float, about 1.8e308")
    return number
