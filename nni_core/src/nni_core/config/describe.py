"""Types and validators in words: what a message says was expected."""

from __future__ import annotations

import operator
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NewType, Union, get_args, get_origin

import attrs
from attrs import frozen
from attrs.validators import ge, optional

from nni_core.api import TunerChoice
from nni_core.config.durations import EXAMPLES, Duration
from nni_core.config.gpu_indices import INDICES, GpuIndices
from nni_core.config.wording import alternatives
from nni_core.model import Json

_SIMPLE: dict[Any, tuple[str, str]] = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("text", "texts"),
    bool: ("true or false", "true or false"),
    Path: ("a path", "paths"),
    Duration: (EXAMPLES, "durations"),
    GpuIndices: (INDICES, "lists of GPU numbers"),
    type(None): ("null", "null"),
}
#: the class of attrs' own ``optional``, which attrs keeps to itself
_OPTIONAL = type(optional(ge(0)))
_SIGNS = {operator.ge: "≥", operator.gt: ">", operator.le: "≤", operator.lt: "<"}


@frozen(kw_only=True)
class Bounds:
    """What attrs' own validators say about a value."""

    #: pairs of a sign (``≥``) and a number
    numbers: Sequence[tuple[str, float]] = ()
    choices: Sequence[Json] = ()
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None

    def __bool__(self) -> bool:
        return self != Bounds()


def bounds_of(validator: object) -> Bounds:
    """The bounds inside a field's validator; nothing of a validator that attrs does not ship."""
    numbers: list[tuple[str, float]] = []
    found: dict[str, Any] = {}
    for single in _flat(validator):
        # attrs keeps the classes of its validators to itself, but not their fields.
        if (sign := _SIGNS.get(getattr(single, "compare_func", None))) is not None:  # type: ignore[arg-type]
            numbers.append((sign, single.bound))
        elif hasattr(single, "options"):
            found["choices"] = tuple(single.options)
        elif hasattr(single, "min_length"):
            found["shortest"] = single.min_length
        elif hasattr(single, "max_length"):
            found["longest"] = single.max_length
        elif hasattr(single, "pattern"):
            found["pattern"] = single.pattern.pattern
    return Bounds(numbers=tuple(numbers), **found)


def describe(type_: Any, bounds: Bounds | None = None) -> str:
    """``a whole number ≥ 1``, ``a list of whole numbers``, ``maximize or minimize``."""
    bounds = bounds or Bounds()
    if bounds.choices:
        return alternatives([str(choice) for choice in bounds.choices])
    words = alternatives(list(dict.fromkeys(_describe(arm) for arm in arms(type_) if arm is not type(None))))
    if bounds.numbers:
        words = f"{words} {' and '.join(f'{sign} {_figure(number)}' for sign, number in bounds.numbers)}"
    if bounds.shortest:
        words = f"non-empty {words}" if words == "text" else f"{words} with at least {bounds.shortest} items"
    if bounds.longest is not None:
        words += f" of at most {bounds.longest} {'characters' if 'text' in words else 'items'}"
    return words + (f" matching {bounds.pattern}" if bounds.pattern else "")


def _figure(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def arms(type_: Any) -> tuple[Any, ...]:
    """The members of a union; the type itself when it is none."""
    return get_args(type_) if get_origin(type_) in (Union, types.UnionType) else (type_,)


def choices(type_: Any) -> tuple[Json, ...]:
    """What a Literal or an Enum allows, as it is written in a config; empty for any other type."""
    if get_origin(type_) is Literal:
        return get_args(type_)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return tuple(member.value for member in type_)
    return ()


def is_sequence(type_: Any) -> bool:
    """Whether a list is expected."""
    origin = get_origin(type_) or type_
    return (
        isinstance(origin, type) and issubclass(origin, Sequence | AbstractSet) and not issubclass(origin, str | bytes)
    )


def is_mapping(type_: Any) -> bool:
    """Whether a mapping with free keys is expected."""
    origin = get_origin(type_) or type_
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _describe(type_: Any) -> str:
    if type_ in _SIMPLE:
        return _SIMPLE[type_][0]
    if allowed := choices(type_):
        return alternatives([str(choice) for choice in allowed])
    if is_sequence(type_):
        return _describe_list(get_args(type_))
    if type_ is TunerChoice:
        return "a tuner, as under `tuner`: its name, or a mapping of keys to values"
    if is_mapping(type_) or attrs.has(type_):
        return "a mapping of keys to values"
    if isinstance(type_, NewType):
        return describe(type_.__supertype__)
    return "any value"


def _describe_list(items: tuple[Any, ...]) -> str:
    if not items or items[0] is Any:
        return "a list"
    item = items[0]
    return f"a list of {_SIMPLE[item][1]}" if item in _SIMPLE else f"a list, each item {describe(item)}"


def _flat(validator: Any) -> list[Any]:
    """The single validators inside ``and_``, ``optional`` and lists of them."""
    if validator is None:
        return []
    several = validator if isinstance(validator, list | tuple) else getattr(validator, "_validators", None)
    if several is None and isinstance(validator, _OPTIONAL):
        several = [validator.validator]  # type: ignore[attr-defined]
    return [validator] if several is None else [single for each in several for single in _flat(each)]
