"""Which values a trial may report: a number, or a dict with a numeric ``default`` and whatever else JSON can hold.

Where the experiment has an objective of another name, that key does what ``default`` does. A list, an array, or a dict
with neither is taken with a warning: only a tuner of the user's own can learn from it.

Everything is checked at the call in the user's own code, where the mistake can be seen and mended. Numbers of numpy,
PyTorch and the like are recognised by their ``item()`` method; none of those libraries is imported.
"""

from __future__ import annotations

import math
import os
import reprlib
import warnings
from collections.abc import Mapping

from nni.spool import FLOAT_TAG, MAX_VALUE, dump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: levels of dicts and lists in a metric
MAX_DEPTH = 32

# From the warning's place, past ``checked`` and the function of nni.trial, to the user's line.
_USER_LINE = 4


def checked(metric: object) -> Any:
    """The metric in plain Python: int, float (NaN and infinities too), a dict or a list.

    :raises TypeError: when a value has the wrong type; the message names it and says what to write instead.
    :raises ValueError: when a dict contains itself, or the metric is too large.
    """
    metric = _listed(metric)
    if not isinstance(metric, Mapping | list | tuple):
        return _number(metric, "metric")
    named = metric if isinstance(metric, Mapping) else {}
    numbers = {name: _number(named[name], f"metric[{name!r}]") for name in _optimized() if name in named}
    if numbers:
        plain = numbers | _plain(metric, "metric", ())
    else:
        plain = _plain(metric, "metric", ())
        _warn_of_no_number(plain)
    size = len(dump(plain))
    if size > MAX_VALUE:
        raise ValueError(
            f"metric is {size} bytes long, at most {MAX_VALUE} are taken: write large data to a file in NNI_OUTPUT_DIR"
        )
    return plain


def _optimized() -> tuple[str, ...]:
    """The keys under which the number to optimize may stand, the experiment's own first."""
    return tuple(dict.fromkeys((os.environ.get("NNI_OBJECTIVE", "default"), "default")))


def _warn_of_no_number(plain: Any) -> None:
    name = _optimized()[0]
    what = "a list" if isinstance(plain, list) else f"a dict without {name!r}, {_short(plain)}"
    warnings.warn(
        f"the metric is {what}: only a tuner of your own can learn from it; name the number to optimize "
        f"{{{name!r}: ...}}",
        RuntimeWarning,
        stacklevel=_USER_LINE,
    )


def _number(value: Any, name: str) -> int | float:
    number = _unboxed(value, name)
    if isinstance(number, bool) or not isinstance(number, int | float):
        expected = "a number" if name != "metric" else "a number or a dict with a numeric 'default'"
        raise TypeError(f"{name} must be {expected}, got {_kind(value)} {_short(value)}: {_advice(value)}")
    return _of_plain_type(number, name)


def _plain(value: Any, name: str, outer: tuple[Any, ...]) -> Any:
    """Any value inside a dict, as JSON can hold it."""
    value = _listed(value)
    if isinstance(value, Mapping | list | tuple):
        return _plain_container(value, name, outer)
    value = _unboxed(value, name)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, int | float):
        return _of_plain_type(value, name)
    raise TypeError(f"{name} is {_kind(value)} {_short(value)}, which JSON cannot hold: {_advice(value)}")


def _plain_container(value: Any, name: str, outer: tuple[Any, ...]) -> Any:
    if any(value is container for container in outer):
        raise ValueError(f"{name} is cyclic: it contains itself")
    if len(outer) == MAX_DEPTH:
        raise ValueError(f"{name} is nested more than {MAX_DEPTH} levels deep: report a flatter dict")
    inner = (*outer, value)
    if isinstance(value, Mapping):
        return {_key(key, name): _plain(item, f"{name}[{_short(key)}]", inner) for key, item in value.items()}
    return [_plain(item, f"{name}[{index}]", inner) for index, item in enumerate(value)]


def _key(key: Any, name: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"keys of {name} must be text, got {_kind(key)} {_short(key)}: write str(key)")
    if key == FLOAT_TAG:
        raise ValueError(f"key {FLOAT_TAG!r} of {name} is reserved: choose another name")
    return _text(key, f"key {_short(key)} of {name}")


def _text(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} has a lone surrogate, which UTF-8 cannot encode: remove it") from error
    return str(text)


def _of_plain_type(number: float, name: str) -> int | float:
    """Subclasses (``numpy.float64``, ``IntEnum``) become what they are a kind of."""
    if isinstance(number, float):
        return float(number)
    try:
        float(number)
    except OverflowError as error:
        raise ValueError(f"{name} is too large: a whole number of {number.bit_length()} bits") from error
    return int(number)


def _listed(value: Any) -> Any:
    """The nested lists in an array or tensor of several elements; anything else as it is."""
    to_list = getattr(value, "tolist", None)
    if to_list is None or isinstance(value, type) or math.prod(getattr(value, "shape", ())) == 1:
        return value
    found = to_list()
    return found if isinstance(found, list) else value


def _unboxed(value: Any, name: str) -> Any:
    """The Python number in a numpy scalar or an array or tensor of one element; anything else as it is."""
    item = getattr(value, "item", None)
    if item is None or isinstance(value, type | int | float):
        return value
    try:
        number = item()
    except (TypeError, ValueError, RuntimeError) as error:
        shape = tuple(getattr(value, "shape", ()))
        raise TypeError(
            f"{name} must be one number, got {_kind(value)} of shape {shape}: reduce it first, say with x.mean()"
        ) from error
    # numpy.longdouble has no Python type of its own and gives itself.
    return float(number) if type(number) is type(value) else number


def _advice(value: object) -> str:
    if value is None:
        return "the value may be missing, report a number"
    if isinstance(value, bool):
        return "write int(x) if 0 or 1 is meant"
    if isinstance(value, complex):
        return "report its real part, x.real, or its size, abs(x)"
    if isinstance(value, list | tuple | set | frozenset):
        return "report one number, such as their mean"
    if hasattr(value, "__await__"):
        return "await it and report what it returns"
    if callable(value):
        return "call it and report what it returns"
    if isinstance(value, str | bytes) or hasattr(value, "__float__"):
        return "report float(x)"
    return "report a number taken from it"


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _short(value: object) -> str:
    return reprlib.repr(value)
