"""Every case of the bad-input corpus that a search space text can hold: code, place and words."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nni_core.errors import ConfigError
from nni_core.space import SearchSpace, validate


def one(kind: str, *values: Any) -> dict[str, Any]:
    """A space of one parameter ``x``."""
    return {"x": {"_type": kind, "_value": list(values)}}


def nested(depth: int) -> dict[str, Any]:
    """A space of choices within choices."""
    inner: dict[str, Any] = {"x": {"_type": "randint", "_value": [0, 3]}}
    for _ in range(depth):
        inner = {"x": {"_type": "choice", "_value": [{"_name": "a", **inner}, {"_name": "b"}]}}
    return inner


OKAY = {"_type": "randint", "_value": [0, 3]}
AT_VALUE = ("x", "_value")

#: case, space, number of the code, key path, words of message and help
ERRORS: list[tuple[str, Any, int, tuple[Any, ...], list[str]]] = [
    ("C01", {}, 301, (), ["no parameters", "_type"]),
    ("C02", [one("choice", 1)], 302, (), ["mapping", "a list of 1"]),
    ("C02 nothing", None, 302, (), ["mapping", "null"]),
    ("C03", {"x": 3}, 303, ("x",), ["{_type: ..., _value: [...]}", "got 3", "_type: choice, _value: [3]"]),
    ("C03 list", {"x": [1, "a"]}, 303, ("x",), ["a list of 2", "_type: choice, _value: [1, 'a']"]),
    ("C04", {"x": {"_value": [1, 2]}}, 304, ("x",), ["'_type' is missing", "choice, randint, uniform, quniform"]),
    ("C04 both", {"x": {}}, 304, ("x",), ["'_type' and '_value' are missing", "loguniform"]),
    ("C05", {"x": {"_type": "quniform"}}, 305, ("x",), ["'_value' is missing", "[low, high, q]"]),
    ("C05 normal", {"x": {"_type": "normal"}}, 305, ("x",), ["[mu, sigma]"]),
    ("C06 type", {"x": {"type": "choice", "_value": [1]}}, 306, ("x", "type"), ["'type'", "did you mean '_type'"]),
    ("C06 value", {"x": {"_type": "choice", "value": [1]}}, 306, ("x", "value"), ["did you mean '_value'"]),
    ("C07", one("loguniforme", 1, 2), 307, ("x", "_type"), ["'loguniforme'", "did you mean 'loguniform'"]),
    ("C07 far", one("zzz", 1, 2), 307, ("x", "_type"), ["'zzz'", "one of choice, randint"]),
    ("C07 no text", {"x": {"_type": 3, "_value": [1]}}, 307, ("x", "_type"), ["text", "got 3"]),
    ("C08 log_uniform", one("log_uniform", 1, 2), 308, ("x", "_type"), ["'log_uniform'", "_type: loguniform"]),
    ("C08 categorical", one("categorical", 1, 2), 308, ("x", "_type"), ["_type: choice, _value: [a, b, c]"]),
    ("C08 int", one("int", 1, 2), 308, ("x", "_type"), ["'randint'", "[lower, upper]", "upper bound is not included"]),
    ("C08 float", one("float", 1, 2), 308, ("x", "_type"), ["'uniform'", "'loguniform' for a logarithmic scale"]),
    ("C09", {"x": {**OKAY, "_default": 1}}, 309, ("x", "_default"), ["unknown key '_default'", "'_type' and '_value'"]),
    ("C10", {"x": {"_type": "choice", "_value": 3}}, 310, AT_VALUE, ["list", "got 3", "[a, b, c]"]),
    ("C10 text", {"x": {"_type": "uniform", "_value": "[0, 1]"}}, 310, AT_VALUE, ["list", "text '[0, 1]'"]),
    ("C11", one("uniform", 1), 311, AT_VALUE, ["[low, high]", "got 1 value"]),
    ("C11 no q", one("quniform", 1, 2), 311, AT_VALUE, ["[low, high, q]", "_type: uniform"]),
    ("C12", one("uniform", 1, 2, 3), 312, AT_VALUE, ["did you mean 'quniform'", "[low, high, q]"]),
    ("C12 randint", one("randint", 1, 9, 2), 312, AT_VALUE, ["did you mean 'quniform'"]),
    ("C12 many", one("uniform", 1, 2, 3, 4), 312, AT_VALUE, ["got more values", "choice"]),
    ("C14", one("uniform", 5, 1), 314, AT_VALUE, ["5 is above", "swap them: [1, 5]"]),
    ("C14 randint", one("randint", 5, 1), 314, AT_VALUE, ["swap them: [1, 5]"]),
    ("C15", one("loguniform", "1e-4", 1), 315, (*AT_VALUE, 0), ["text '1e-4'", "remove the quotes: 1e-4"]),
    ("C17", one("uniform", 0, "1,5"), 317, (*AT_VALUE, 1), ["decimal point: 1.5"]),
    ("C18", one("uniform", 0, True), 318, (*AT_VALUE, 1), ["a number is needed, got true"]),
    ("C18 randint", one("randint", False, 3), 318, (*AT_VALUE, 0), ["a number is needed, got false"]),
    ("C18 null", one("uniform", None, 3), 318, (*AT_VALUE, 0), ["a number is needed, got null"]),
    ("C19", one("uniform", math.nan, 3), 319, (*AT_VALUE, 0), ["finite", "nan"]),
    ("C20", one("uniform", 0, math.inf), 320, (*AT_VALUE, 1), ["finite", "inf"]),
    ("C20 long", one("uniform", 0, 10**400), 320, (*AT_VALUE, 1), ["finite", "1329 bits"]),
    ("C21", one("loguniform", 0, 1), 321, (*AT_VALUE, 0), ["> 0", "[1e-06, 1]"]),
    ("C22", one("loguniform", -1, 1), 322, (*AT_VALUE, 0), ["> 0", "got -1"]),
    ("C23", one("qloguniform", 1, 9, 0), 323, (*AT_VALUE, 2), ["q", "> 0", "got 0"]),
    ("C23 tiny", one("quniform", 0, 1, 1e-300), 323, (*AT_VALUE, 2), ["q must be >"]),
    ("C25", one("quniform", 0, 1, -0.1), 325, (*AT_VALUE, 2), ["> 0", "-0.1"]),
    ("C27", one("randint", 0, 0), 327, AT_VALUE, ["empty", "write [0, 1]"]),
    ("C28", one("randint", 0.5, 3), 328, (*AT_VALUE, 0), ["whole numbers", "0.5"]),
    ("C28 whole", one("randint", 0, 2.0), 328, (*AT_VALUE, 1), ["whole numbers", "write 2"]),
    ("C29", one("randint", 10), 329, AT_VALUE, ["[0, 10]"]),
    ("C30", one("randint", 0, 2**53 + 1), 330, (*AT_VALUE, 1), ["limited to 2^53"]),
    ("C31", one("normal", 0, 0), 331, (*AT_VALUE, 1), ["sigma", "> 0"]),
    ("C32", one("qlognormal", 0, -1, 1), 332, (*AT_VALUE, 1), ["sigma", "> 0", "-1"]),
    ("C33", one("lognormal", 1000, 1), 333, AT_VALUE, ["overflows", "mu 1000"]),
    ("C34", one("choice"), 334, AT_VALUE, ["≥ 1"]),
    ("C36", one("choice", 1, 2, 1), 336, (*AT_VALUE, 2), ["1 is listed twice", "items 0 and 2"]),
    ("C36 mapping", one("choice", {"a": 1, "b": 2}, {"b": 2, "a": 1}), 336, (*AT_VALUE, 1), ["listed twice"]),
    ("C41", one("choice", 1, math.nan), 341, (*AT_VALUE, 1), ["finite", "nan"]),
    ("C41 inside", one("choice", 1, {"a": [math.inf]}), 341, (*AT_VALUE, 1), ["finite"]),
    ("C41 surrogate", one("choice", 1, "\ud800"), 341, (*AT_VALUE, 1), ["valid Unicode"]),
    ("C41 foreign", one("choice", 1, {1, 2}), 341, (*AT_VALUE, 1), ["JSON", "a set"]),
    ("C41 key", one("choice", 1, {1: 2}), 341, (*AT_VALUE, 1), ["keys inside a choice must be text"]),
    ("C42", one("choice", *range(100_001)), 342, AT_VALUE, ["limited to 100000", "randint"]),
    ("C43", one("choice", {"y": OKAY}), 343, (*AT_VALUE, 0), ["needs '_name'"]),
    ("C43 mixed", one("choice", {"_name": "a"}, "none"), 343, (*AT_VALUE, 1), ["needs '_name'", "{_name: none}"]),
    ("C43 number", one("choice", {"_name": 3}), 343, (*AT_VALUE, 0, "_name"), ["non-empty text", "got 3", "quote"]),
    ("C44", one("choice", {"_name": "a"}, {"_name": "a"}), 344, (*AT_VALUE, 1, "_name"), ["0 and 1", "'a'"]),
    ("C46", {"": OKAY}, 346, ("",), ["non-empty"]),
    ("C46 number", {3: OKAY}, 346, (), ["must be text", "got 3"]),
    ("C47", {"_x": OKAY}, 347, ("_x",), ["reserved"]),
    ("C47 inside", one("choice", {"_name": "a", "_nam": OKAY}), 347, (*AT_VALUE, 0, "_nam"), ["reserved", "'_name'"]),
    ("C49", {"\u00e9": OKAY, "e\u0301": OKAY}, 349, ("e\u0301",), [r"'\xe9'", r"'e\u0301'", "same"]),
    ("C50", {"n" * 10_000: OKAY}, 350, ("n" * 10_000,), ["200 characters", "10000"]),
    ("C51", {f"x{i}": OKAY for i in range(10_001)}, 351, (), ["more than 10000"]),
    ("C53", one("layer_choice", 1, 2), 353, ("x", "_type"), ["out of scope", "network architectures"]),
    ("C54", {"x": {"_value": 3}}, 354, ("x",), ["'_type' is missing", "_type: choice, _value: [3]"]),
    ("C55", one("uniform", -1e308, 1e308), 355, AT_VALUE, ["not finite"]),
    ("control letters", {"a\x1b[2J": OKAY}, 357, ("a\x1b[2J",), ["printable"]),
    ("inside a branch", one("choice", {"_name": "a", "y": {"_type": "uniform", "_value": [2, 1]}}), 314,
     ("x", "_value", 0, "y", "_value"), ["swap them"]),
]  # fmt: skip

NOTES: list[tuple[str, Any, int, tuple[Any, ...], list[str]]] = [
    ("C13", one("uniform", 1, 1), 313, AT_VALUE, ["both bounds are 1", "constant", "widen the range, or drop"]),
    ("C13 log", one("qloguniform", 2, 2, 1), 313, AT_VALUE, ["both bounds are 2", "constant"]),
    ("C24", one("quniform", 0, 1, 5), 324, AT_VALUE, ["only one value", "q 5"]),
    ("C26", one("quniform", 2, 10, 5), 326, AT_VALUE, ["clipped", "2, 5, 10"]),
    ("C26 long", one("qloguniform", 1, 100, 3), 326, AT_VALUE, ["1, 3, 6, ..., 99"]),
    ("C35", one("choice", "a"), 335, AT_VALUE, ["constant"]),
    ("C35 randint", one("randint", 3, 4), 335, AT_VALUE, ["constant", "one value, 3"]),
    ("C37", one("choice", 1, "a", True), 337, (*AT_VALUE, 2), ["1 and true", "ambiguous"]),
    ("C37 text", one("choice", 1, "1"), 337, (*AT_VALUE, 1), ["1 and '1'"]),
    ("C37 float", one("choice", 1, 1.0), 337, (*AT_VALUE, 1), ["1 and 1.0"]),
    ("C38", one("choice", 1, None), 338, (*AT_VALUE, 1), ["null is accepted", "None"]),
    ("C39", one("choice", "yes", "maybe"), 339, (*AT_VALUE, 0), ["'yes' is text", "true or false"]),
    ("C40", one("choice", [1, 2], [3]), 340, (*AT_VALUE, 0), ["JSON", "a list of 2"]),
    ("C40 mapping", one("choice", {"a": 1}, {"a": 2}), 340, (*AT_VALUE, 0), ["a mapping"]),
    ("C42", one("choice", *range(10_001)), 342, AT_VALUE, ["10001 choices are many", "randint"]),
    ("C48", {"a/b": OKAY}, 348, ("a/b",), ["'/'", "nested"]),
    ("C48 dot", {"a.b": OKAY}, 348, ("a.b",), ["'.'", "nested"]),
]


@pytest.mark.parametrize(
    ("space", "number", "path", "words"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
def test_what_is_wrong_is_reported_with_code_place_and_fix(
    space: Any, number: int, path: tuple[Any, ...], words: list[str]
) -> None:
    """A mistake gives one fatal problem, and parse refuses the space with it."""
    (problem,) = [problem for problem in validate(space) if problem.fatal]
    assert (problem.code, problem.key_path) == (f"NNI{number}", path)
    text = f"{problem.message} {problem.help}"
    assert [word for word in words if word not in text] == [], text
    with pytest.raises(ConfigError, match=rf"error\[NNI{number}\]"):
        SearchSpace.parse(space)


@pytest.mark.parametrize(
    ("space", "number", "path", "words"), [case[1:] for case in NOTES], ids=[case[0] for case in NOTES]
)
def test_what_may_not_be_meant_is_noted_and_accepted(
    space: Any, number: int, path: tuple[Any, ...], words: list[str]
) -> None:
    """A doubtful space gives one note and can be used."""
    (problem,) = validate(space)
    assert (problem.code, problem.key_path, problem.fatal) == (f"NNI{number}", path, False)
    text = f"{problem.message} {problem.help}"
    assert [word for word in words if word not in text] == [], text
    assert SearchSpace.parse(space).parameters


@pytest.mark.parametrize("space", [{"_x": OKAY}, {"x": {**OKAY, "_default": 1}}, {"x": {"type": "choice"}}, {"x": {}}])
def test_a_wrong_or_missing_key_is_marked_at_the_key(space: Any) -> None:
    """The caret stands under the key, not under its value."""
    assert validate(space)[0].at_key


def test_c16_a_small_exponent_is_a_number() -> None:
    """What YAML 1.2 reads as a number is taken as one."""
    assert validate(one("loguniform", 1e-4, 1)) == []


def test_c45_nesting_has_a_limit() -> None:
    """Sixteen levels are read, twenty are refused."""
    assert validate(nested(16)) == []
    assert [problem.code for problem in validate(nested(20))] == ["NNI345"]


def test_all_mistakes_are_reported_at_once() -> None:
    """Every problem of every parameter comes back, in the order of the text."""
    space = {**one("uniform", "1", None), "y": {"type": "choice", "vaule": [1]}, "": OKAY, "z": OKAY}
    assert [problem.code for problem in validate(space)] == ["NNI315", "NNI318", "NNI306", "NNI306", "NNI346"]
    with pytest.raises(ConfigError) as caught:
        SearchSpace.parse(space)
    assert len(caught.value.problems) == 5


def test_a_space_that_holds_itself_is_refused() -> None:
    """Cycles and shared parts cannot make reading endless or deep."""
    knot: dict[str, Any] = {"_type": "choice", "_value": []}
    knot["_value"] += [{"_name": str(index), "x": knot} for index in range(10)]
    assert {problem.code for problem in validate({"x": knot})} == {"NNI345", "NNI351"}
    listed: list[Any] = [1]
    listed.append(listed)
    assert [problem.code for problem in validate(one("choice", listed))] == ["NNI335", "NNI341"]


def test_shared_lists_do_not_multiply_work() -> None:
    """A small text of many aliases is refused after a bounded number of values."""
    shared: Any = ["text" * 100] * 100
    for _ in range(5):
        shared = [shared] * 100
    assert "NNI342" in {problem.code for problem in validate(one("choice", shared))}
