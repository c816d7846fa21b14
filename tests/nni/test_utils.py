"""Helpers under NNI's names."""

import argparse
from typing import Any

import pytest

from nni.utils import OptimizeMode, extract_scalar_history, extract_scalar_reward, merge_parameter, split_index


def test_merge_changes_and_returns_the_namespace() -> None:
    """Parameters of the trial take the place of the script's defaults."""
    defaults = argparse.Namespace(lr=0.1, layers=2, name="sgd", seed=None)
    merged = merge_parameter(defaults, {"lr": 1, "name": "adam", "seed": 7})
    assert merged is defaults
    assert vars(defaults) == {"lr": 1.0, "layers": 2, "name": "adam", "seed": 7}
    assert isinstance(defaults.lr, float)


def test_merge_takes_dicts_and_nothing() -> None:
    """A dict works like a namespace; None changes nothing."""
    defaults = {"lr": 0.1}
    assert merge_parameter(defaults, {"lr": 0.2}) is defaults
    assert merge_parameter(defaults, None) == {"lr": 0.2}


@pytest.mark.parametrize("defaults", [argparse.Namespace(lr=0.1), {"lr": 0.1}])
def test_merge_refuses_unknown_names(defaults: Any) -> None:
    """A parameter that the script does not know is a mistake in the search space."""
    with pytest.raises(ValueError, match=r"^Key 'rl' not found in base parameters\.$"):
        merge_parameter(defaults, {"rl": 0.2})


@pytest.mark.parametrize(
    ("name", "override", "wanted"), [("layers", 2.5, "int"), ("layers", True, "int"), ("lr", "0.1", "float")]
)
def test_merge_refuses_other_types(name: str, override: Any, wanted: str) -> None:
    """A parameter must have the type of its default."""
    with pytest.raises(ValueError, match=f"^Key '{name}' has a {wanted} in base parameters, got"):
        merge_parameter({"lr": 0.1, "layers": 2}, {name: override})


def test_scalar_reward() -> None:
    """The number of a result is itself or what it has under ``default``."""
    assert extract_scalar_reward(2) == 2
    assert extract_scalar_reward({"default": 0.5, "loss": 1}) == 0.5
    assert extract_scalar_reward({"loss": 1}, scalar_key="loss") == 1
    assert extract_scalar_history([1, {"default": 2.5}]) == [1, 2.5]


@pytest.mark.parametrize("value", ["0.5", None, True, {"loss": 1}, {"default": "x"}])
def test_no_scalar_reward(value: Any) -> None:
    """A result without a number is a RuntimeError, as in NNI."""
    with pytest.raises(RuntimeError, match="must be a number or a dict with a number under 'default'"):
        extract_scalar_reward(value)


def test_split_index() -> None:
    """Indices disappear at any depth, values stay."""
    indexed = {"layer": {"_index": 1, "_value": {"_name": "conv", "size": {"_index": 0, "_value": 3}}}, "lr": 0.1}
    assert split_index(indexed) == {"layer": {"_name": "conv", "size": 3}, "lr": 0.1}


def test_optimize_mode() -> None:
    """A custom tuner turns its ``class_args`` text into a mode."""
    assert OptimizeMode("maximize") is OptimizeMode.Maximize
