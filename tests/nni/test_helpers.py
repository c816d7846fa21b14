"""JSON, printing, checks of ``class_args`` and random values, under NNI's names."""

import enum
import io
import logging
import math
from pathlib import Path
from typing import Any

import numpy
import pytest

import nni
from nni import parameter_expressions
from nni.utils import json2parameter, json2space, split_index


class Mode(enum.Enum):
    FAST = "fast"


def test_dump_makes_plain_json() -> None:
    """What tuners and trials hold becomes what JSON can hold."""
    value = {"a": numpy.float32(0.5), "b": numpy.arange(2), "c": Mode.FAST, "d": Path("x"), "e": {2, 1}, "f": math.nan}
    assert nni.dump(value) == '{"a": 0.5, "b": [0, 1], "c": "fast", "d": "x", "e": [1, 2], "f": NaN}'
    with pytest.raises(TypeError, match="object cannot be written as JSON"):
        nni.dump(object())


def test_dump_and_load_take_files() -> None:
    """A text or a file, not both."""
    file = io.StringIO()
    assert nni.dump([1], file, indent=1) == "[\n 1\n]"
    file.seek(0)
    assert nni.load(fp=file) == [1]
    assert nni.load('{"a": Infinity}') == {"a": math.inf}
    with pytest.raises(TypeError, match="either a text or fp"):
        nni.load()


def test_global_logging_is_switched(capsys: pytest.CaptureFixture[str]) -> None:
    """Other libraries' lines are shown on demand."""
    nni.enable_global_logging()
    logging.getLogger("elsewhere").info("hello")
    nni.enable_global_logging(False)
    logging.getLogger("elsewhere").info("again")
    shown = capsys.readouterr().out
    assert "INFO (elsewhere/MainThread) hello" in shown
    assert "again" not in shown


def test_silence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A script outside an experiment prints its results no longer."""
    logger = logging.getLogger("nni")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)
    nni.trial._logger.cache_clear()
    nni.silence_stdout()
    nni.report_final_result(0.5)
    nni.trial._logger.cache_clear()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("check", "good", "bad", "message"),
    [
        (nni.ClassArgsValidator().choices("mode", "a", "b"), "a", "c", "mode must be one of 'a', 'b', got 'c'"),
        (nni.ClassArgsValidator().range("size", int, 1, 9), 9, 10, "size must be int from 1 to 9, got 10"),
        (nni.ClassArgsValidator().range("size", int, 1, 9), 1, True, "size must be int from 1 to 9, got True"),
        (nni.ClassArgsValidator().path("file"), __file__, "/nowhere", "file must be a path that exists"),
    ],
)
def test_checks_of_class_args(check: Any, good: Any, bad: Any, message: str) -> None:
    """They validate one value, as the validators inside a schema do."""
    assert check.validate(good) == good
    with pytest.raises(ValueError, match=message):
        check.validate(bad)


def test_names_of_architecture_search_say_what_they_are() -> None:
    """They are known and gone, not misspelt."""
    with pytest.raises(AttributeError, match=r"nni\.trace belongs to NNI's architecture search"):
        nni.trace  # noqa: B018


@pytest.mark.parametrize(
    ("name", "arguments", "low", "high"),
    [
        ("uniform", (1, 2), 1, 2),
        ("quniform", (1, 2, 0.3), 1, 2),
        ("loguniform", (0.1, 10), 0.1, 10),
        ("qloguniform", (0.1, 10, 0.3), 0.1, 10),
        ("normal", (0, 1), -10, 10),
        ("qnormal", (0, 1, 0.5), -10, 10),
        ("lognormal", (0, 1), 0, 1e9),
        ("qlognormal", (0, 1, 0.5), 0, 1e9),
        ("randint", (1, 4), 1, 3),
    ],
)
def test_parameter_expressions(name: str, arguments: tuple[Any, ...], low: float, high: float) -> None:
    """Each draws from its range, as a Python number."""
    random = numpy.random.RandomState(1)
    drawn = [getattr(parameter_expressions, name)(*arguments, random) for _ in range(100)]
    assert all(low <= value <= high and type(value) in {int, float} for value in drawn)
    assert len(set(drawn)) > 1


SPACE = {
    "conv": {"_type": "choice", "_value": [{"_name": "big", "size": {"_type": "randint", "_value": [1, 9]}}]},
    "lr": {"_type": "uniform", "_value": [0, 1]},
}


def test_space_names_and_points() -> None:
    """Points are drawn anew only where that is asked for."""
    random = numpy.random.RandomState(1)
    names = json2space(SPACE)
    assert names == ["root[conv]-choice[0][size]-randint", "root[conv]-choice", "root[lr]-uniform"]
    point = json2parameter(SPACE, dict.fromkeys(names, True), random)
    moved = json2parameter(SPACE, {**dict.fromkeys(names, False), "root[lr]-uniform": True}, random, point)
    assert split_index(point).keys() == {"conv", "lr"}
    assert moved["conv"] == point["conv"]
    assert moved["lr"] != point["lr"]
    assert json2space(SPACE, point) == names
    with pytest.raises(RuntimeError, match="candidate 0 of a nested choice has no '_name'"):
        json2space({"x": {"_type": "choice", "_value": [{"a": 1}]}})
