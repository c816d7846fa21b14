"""Helpers that NNI users call in trials, tuners and assessors, under the names they know."""

from collections.abc import Mapping, MutableMapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from nni.class_args import ClassArgsValidator
from nni.space_walk import NodeType, json2parameter, json2space

__all__ = [
    "ClassArgsValidator",
    "MetricType",
    "NodeType",
    "OptimizeMode",
    "convert_dict2tuple",
    "extract_scalar_history",
    "extract_scalar_reward",
    "json2parameter",
    "json2space",
    "merge_parameter",
    "split_index",
]

_Base = TypeVar("_Base")


class OptimizeMode(Enum):
    """What a tuner is to do with results; made from the text in ``class_args``."""

    Minimize = "minimize"
    Maximize = "maximize"


class MetricType:
    """The two kinds of reports."""

    PERIODICAL = "PERIODICAL"
    FINAL = "FINAL"


def merge_parameter(base_params: _Base, override_params: Mapping[str, Any] | None) -> _Base:
    """Put a trial's parameters into the defaults of the script, in place: an ``argparse`` namespace or a dict.

    :raises ValueError: when a parameter is not among the defaults, or has another type than its default. An int is
        taken for a float; a default of None takes anything.
    """
    for name, override in (override_params or {}).items():
        if isinstance(base_params, MutableMapping):
            _refuse_unknown(name, name in base_params)
            base_params[name] = _matching(name, base_params[name], override)
        else:
            _refuse_unknown(name, hasattr(base_params, name))
            setattr(base_params, name, _matching(name, getattr(base_params, name), override))
    return base_params


def _refuse_unknown(name: str, is_known: bool) -> None:
    if not is_known:
        raise ValueError(f"Key '{name}' not found in base parameters.")


def _matching(name: str, default: Any, override: Any) -> Any:
    if isinstance(default, float) and isinstance(override, int) and not isinstance(override, bool):
        return float(override)
    if default is None or _is_of_type(override, type(default)):
        return override
    wanted, found = type(default).__name__, type(override).__name__
    raise ValueError(f"Key '{name}' has a {wanted} in base parameters, got {found} {override!r}.")


def _is_of_type(value: Any, wanted: type) -> bool:
    if isinstance(value, bool) and wanted is not bool:
        return False
    return isinstance(value, wanted)


def extract_scalar_reward(value: Any, scalar_key: str = "default") -> float:
    """The number in a result: itself, or what a dict has under ``scalar_key``.

    :raises RuntimeError: when there is none.
    """
    number = value.get(scalar_key) if isinstance(value, Mapping) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise RuntimeError(f"a result must be a number or a dict with a number under {scalar_key!r}, got {value!r}")
    return number


def extract_scalar_history(trial_history: Sequence[Any], scalar_key: str = "default") -> list[float]:
    """The number in each result of a trial.

    :raises RuntimeError: when one has none.
    """
    return [extract_scalar_reward(value, scalar_key) for value in trial_history]


def split_index(params: Any) -> Any:
    """Parameters without the indices some tuners keep: ``{"_index": i, "_value": v}`` becomes ``v``, at any depth."""
    if not isinstance(params, Mapping):
        return params
    if "_index" in params:
        return split_index(params["_value"])
    return {name: split_index(value) for name, value in params.items()}


def convert_dict2tuple(value: Any) -> Any:
    """Dicts as sorted tuples of their items, at any depth, so that parameters can be kept in a set."""
    if not isinstance(value, Mapping):
        return value
    return tuple(sorted((name, convert_dict2tuple(item)) for name, item in value.items()))
