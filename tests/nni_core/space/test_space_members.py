"""What lies in a search space, and what is said of parameters that do not."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
import pytest

from nni_core.errors import ConfigError
from nni_core.space import SearchSpace

SPACE = SearchSpace.parse(
    {
        "lr": {"_type": "loguniform", "_value": [0.0001, 0.1]},
        "momentum": {"_type": "uniform", "_value": [0, 1]},
        "width": {"_type": "quniform", "_value": [0, 1, 0.1]},
        "layers": {"_type": "randint", "_value": [1, 5]},
        "size": {"_type": "choice", "_value": [128, 256.0, "512", True, None, [1, 2]]},
        "noise": {"_type": "lognormal", "_value": [0, 1]},
        "net": {
            "_type": "choice",
            "_value": [{"_name": "cnn", "depth": {"_type": "randint", "_value": [0, 3]}}, {"_name": "none"}],
        },
    }
)
GOOD: dict[str, Any] = {
    "lr": 0.01,
    "momentum": 0.5,
    "width": 0.3,
    "layers": 4,
    "size": 128,
    "noise": 2.5,
    "net": {"_name": "cnn", "depth": 2},
}


class Name(enum.StrEnum):
    """A text that is not exactly a str."""

    LARGE = "512"


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("momentum", 1, 1.0),
        ("momentum", np.float32(0.5), 0.5),
        ("momentum", np.array(0.25), 0.25),
        ("width", 3 * 0.1, 3 * 0.1),
        ("width", 0.3, 3 * 0.1),
        ("width", 1, 1.0),
        ("layers", np.int64(4), 4),
        ("size", np.int32(128), 128),
        ("size", np.float64(256), 256.0),
        ("size", np.bool_(True), True),
        ("size", np.str_("512"), "512"),
        ("size", Name.LARGE, "512"),
        ("size", (1, np.int8(2)), [1, 2]),
        ("net", {"_name": "none"}, {"_name": "none"}),
        ("net", {"_name": np.str_("cnn"), "depth": np.int64(0)}, {"_name": "cnn", "depth": 0}),
        ("lr", 0.1 + 1e-16, 0.1),
    ],
)
def test_values_count_by_what_they_are_worth(name: str, value: Any, plain: Any) -> None:
    """Numpy's scalars, whole floats and tiny rounding errors are members, and come out plain."""
    parameters = {**GOOD, name: value}
    assert SPACE.contains(parameters) is None
    found = SPACE.normalised(parameters)[name]
    assert (found, type(found)) == (plain, type(plain))


@pytest.mark.parametrize(
    ("change", "code", "path", "message"),
    [
        ({"lr": 0.5}, "NNI372", ("lr",), "'lr' must be from 0.0001 to 0.1, got 0.5"),
        ({"lr": "0.01"}, "NNI373", ("lr",), "'lr' must be a number, got text '0.01'"),
        ({"momentum": True}, "NNI373", ("momentum",), "'momentum' must be a number, got true"),
        ({"momentum": float("nan")}, "NNI373", ("momentum",), "'momentum' must be a finite number, got nan"),
        ({"momentum": 10**400}, "NNI373", ("momentum",), "must be a finite number"),
        ({"width": 0.37}, "NNI372", ("width",), "rounded to multiples of 0.1; 0.37 would be 0.4"),
        ({"layers": 5}, "NNI372", ("layers",), "'layers' must be a whole number from 1 to 4, got 5"),
        ({"layers": True}, "NNI373", ("layers",), "'layers' must be a whole number, got true"),
        ({"layers": 3.0}, "NNI373", ("layers",), "'layers' must be a whole number, got 3.0"),
        ({"size": 128.0}, "NNI372", ("size",), "'size' must be one of [128, 256.0, '512', true, null, ...]"),
        ({"size": 1}, "NNI372", ("size",), "got 1"),
        ({"size": {1, 2}}, "NNI372", ("size",), "got a set"),
        ({"noise": 0}, "NNI372", ("noise",), "'noise' must be a number above 0, got 0.0"),
        ({"net": "cnn"}, "NNI373", ("net",), "'net' must be a mapping with '_name', got text 'cnn'"),
        ({"net": {"_name": "rnn"}}, "NNI372", ("net",), "'net' must be one of ['cnn', 'none'], got text 'rnn'"),
        ({"net": {"_name": "cnn"}}, "NNI371", ("net",), "parameter 'net/depth' is missing"),
        ({"net": {"_name": "cnn", "depth": 3}}, "NNI372", ("net", "depth"), "'net/depth' must be a whole number"),
        ({"net": {"_name": "none", "depth": 3}}, "NNI370", ("net", "depth"), "no parameter 'depth' in 'net'"),
        ({"layer": 3}, "NNI370", ("layer",), "the search space has no parameter 'layer'"),
    ],
)
def test_the_first_difference_is_named(change: dict[str, Any], code: str, path: tuple[str, ...], message: str) -> None:
    """A problem says which parameter, what is allowed and what was found."""
    problem = SPACE.contains({**GOOD, **change})
    assert problem is not None
    assert (problem.code, problem.key_path) == (code, path)
    assert message in problem.message


def test_a_missing_parameter_and_a_misspelt_one() -> None:
    """An unknown name comes with the nearest known one; a missing one is named."""
    misspelt = {("momentun" if name == "momentum" else name): value for name, value in GOOD.items()}
    problem = SPACE.contains(misspelt)
    assert problem is not None
    assert problem.help == "did you mean 'momentum'?"
    problem = SPACE.contains({name: value for name, value in GOOD.items() if name != "lr"})
    assert problem is not None
    assert problem.message == "parameter 'lr' is missing"


@pytest.mark.parametrize("parameters", [None, 3, [1], "lr"])
def test_parameters_must_be_a_mapping(parameters: Any) -> None:
    """Anything else is a difference, not a crash."""
    problem = SPACE.contains(parameters)
    assert problem is not None
    assert problem.message.startswith("parameters must be a mapping")


def test_canonical_keys_follow_values_and_not_spelling() -> None:
    """Order, wrappers and rounding do not matter; 1, 1.0 and true stay apart."""
    same = {**dict(reversed(GOOD.items())), "width": 3 * 0.1, "layers": np.int64(4)}
    assert SPACE.canonical(same) == SPACE.canonical(GOOD)
    space = SearchSpace.parse({"x": {"_type": "choice", "_value": [1, 1.0, True, "1"]}})
    assert len({space.canonical({"x": value}) for value in (1, 1.0, True, "1")}) == 4
    signed = SearchSpace.parse({"x": {"_type": "uniform", "_value": [-1, 1]}})
    assert signed.canonical({"x": -0.0}) == signed.canonical({"x": 0})


def test_outside_parameters_have_no_canonical_key() -> None:
    """Asking for one is an error that names the difference."""
    with pytest.raises(ConfigError, match=r"NNI371.*parameter 'lr' is missing"):
        SPACE.canonical({})


def test_a_trial_cannot_change_the_space() -> None:
    """Lists and mappings of a choice are handed out as copies."""
    space = SearchSpace.parse({"x": {"_type": "choice", "_value": [{"a": [1]}]}})
    space.at(0)["x"]["a"].append(2)
    assert space.at(0) == {"x": {"a": [1]}}
