"""What a trial may report, and what it is told when it reports something else."""

import datetime
import enum
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy
import pytest

from nni.metric import MAX_DEPTH, checked


class Level(enum.IntEnum):
    HIGH = 3


ACCEPTED: list[tuple[Any, Any]] = [
    (0.5, 0.5),
    (3, 3),
    (math.inf, math.inf),
    (-math.inf, -math.inf),
    (Level.HIGH, 3),
    (numpy.float16(0.5), 0.5),
    (numpy.float32(0.5), 0.5),
    (numpy.float64(0.5), 0.5),
    (numpy.longdouble(0.5), 0.5),
    (numpy.int64(2), 2),
    (numpy.array(0.5), 0.5),
    (numpy.array([0.5]), 0.5),
    (numpy.array([[7]]), 7),
    ({"default": 1}, {"default": 1}),
    ({"loss": 2, "default": numpy.float32(0.5)}, {"default": 0.5, "loss": 2}),
    ({"default": 1, "by": {"class": [0.5, None, True, "x"]}}, {"default": 1, "by": {"class": [0.5, None, True, "x"]}}),
    ({"default": 1, "a": numpy.zeros(2)}, {"default": 1, "a": [0.0, 0.0]}),
    ({"default": 1, "tuple": (1, 2), "größe 🎯": 1}, {"default": 1, "tuple": [1, 2], "größe 🎯": 1}),
]


@pytest.mark.parametrize(("metric", "plain"), ACCEPTED, ids=lambda value: repr(value)[:40])
def test_accepted(metric: Any, plain: Any) -> None:
    """Numbers of every library, and dicts, become plain Python."""
    found = checked(metric)
    assert found == plain
    assert type(found) is type(plain)


def test_nan_is_accepted() -> None:
    """NaN is a result like any other: the manager decides what it means."""
    assert math.isnan(checked(math.nan))
    assert math.isnan(checked({"default": numpy.float32("nan")})["default"])


NUMBERLESS: list[tuple[Any, Any, str]] = [
    ([0.1, {"a": None}], [0.1, {"a": None}], "the metric is a list: only a tuner of your own"),
    (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]], "the metric is a list"),
    (
        {"accuracy": 0.9},
        {"accuracy": 0.9},
        r"dict without 'default', \{'accuracy': 0\.9\}.*name the number to optimize",
    ),
]


@pytest.mark.parametrize(("metric", "plain", "warning"), NUMBERLESS)
def test_results_without_a_number(metric: Any, plain: Any, warning: str) -> None:
    """A tuner of the user's own may know what to do with it, so it is taken; a warning says that no other can."""
    with pytest.warns(RuntimeWarning, match=warning):
        assert checked(metric) == plain


async def unfinished() -> float:
    return 0.5


def values() -> Iterator[float]:
    yield 0.5


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: None, "must be a number or a dict with a numeric 'default', got NoneType None"),
    (lambda: "0.9", r"got str '0\.9': report float\(x\)"),
    (lambda: "nan", r"must be a number.*got str 'nan': report float\(x\)"),
    (lambda: True, r"must be a number.*got bool True: write int\(x\)"),
    (lambda: numpy.bool_(True), r"must be a number.*got numpy\.bool"),
    (lambda: 1 + 2j, r"got complex \(1\+2j\): report its real part, x\.real"),
    (lambda: Decimal("0.9"), r"got decimal\.Decimal.*report float\(x\)"),
    (lambda: Fraction(1, 3), r"got fractions\.Fraction.*report float\(x\)"),
    (lambda: b"0.9", r"got bytes b'0\.9': report float\(x\)"),
    (lambda: datetime.timedelta(1), r"got datetime\.timedelta"),
    (lambda: values, "got function .*: call it and report what it returns"),
    (lambda: values(), "got generator"),
    (lambda: {"default": "0.9"}, r"metric\['default'\] must be a number, got str '0\.9'"),
    (lambda: {"default": None}, r"metric\['default'\] must be a number, got NoneType"),
    (lambda: {"default": True}, r"metric\['default'\] must be a number, got bool"),
    (lambda: {"default": 1, 2: 3}, r"keys of metric must be text, got int 2: write str\(key\)"),
    (lambda: {"default": 1, "at": datetime.date(2026, 1, 1)}, r"metric\['at'\] is datetime\.date .* JSON cannot hold"),
    (lambda: {"default": 1, "a": [1, b"x"]}, r"metric\['a'\]\[1\] is bytes b'x', which JSON cannot hold"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_wrong_types(make: Callable[[], Any], message: str) -> None:
    """A value of the wrong type is a TypeError that names the type and says what to write instead."""
    with pytest.raises(TypeError, match=message):
        checked(make())


def test_coroutine_is_to_be_awaited() -> None:
    """A forgotten ``await`` is named."""
    coroutine = unfinished()
    with pytest.raises(TypeError, match=r"got coroutine .*: await it"):
        checked(coroutine)
    coroutine.close()


def cyclic() -> dict[str, Any]:
    metric: dict[str, Any] = {"default": 1}
    metric["self"] = [metric]
    return metric


def deep() -> dict[str, Any]:
    metric: dict[str, Any] = {}
    for _ in range(MAX_DEPTH):
        metric = {"inner": metric}
    return {"default": 1, **metric}


UNUSABLE: list[tuple[Callable[[], Any], str]] = [
    (cyclic, r"metric\['self'\]\[0\] is cyclic"),
    (deep, "is nested more than 32 levels deep"),
    (
        lambda: {"default": 1, "text": "x" * 70_000},
        "metric is 700.. bytes long, at most 65536 .*NNI_OUTPUT_DIR",
    ),
    (lambda: 10**400, "metric is too large: a whole number of 1329 bits"),
    (lambda: {"default": 1, "n": -(10**400)}, r"metric\['n'\] is too large"),
    (lambda: {"default": 1, "\ud800": 1}, r"key '\\ud800' of metric has a lone surrogate, which UTF-8 cannot encode"),
    (lambda: {"default": 1, "a": "\udc00"}, r"metric\['a'\] has a lone surrogate"),
    (lambda: {"default": 1, "a": {"$float": "nan"}}, r"key '\$float' of metric\['a'\] is reserved"),
]


@pytest.mark.parametrize(("make", "message"), UNUSABLE)
def test_unusable_values(make: Callable[[], Any], message: str) -> None:
    """A value of the right type that cannot be taken is a ValueError that says why."""
    with pytest.raises(ValueError, match=message):
        checked(make())
