"""Strict hooks for cattrs, which finds the one for a type: a bool is no number, text is no list, and so on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import attrs
from cattrs import BaseConverter

from nni_core.config.describe import arms, choices, describe, is_mapping, is_sequence
from nni_core.config.durations import EXAMPLES, Duration, DurationError, parse_duration
from nni_core.config.gpu_indices import INDICES, GpuIndices, parse_gpu_indices
from nni_core.config.mistakes import MismatchError, MistakesError
from nni_core.config.wording import alternatives
from nni_core.errors import KeyPath, Problem, nearest
from nni_core.model import Json

#: takes a value and the type it should have
Hook = Callable[[Any, Any], Any]


def strict_converter(*, record: Hook, resolve: Callable[[str], Path]) -> BaseConverter:
    """A converter that takes nothing for what it is not.

    ``record`` structures attrs classes, ``resolve`` makes paths of text. Its ``structure`` raises
    :class:`~nni_core.config.mistakes.MismatchError` when a value is of another type, and
    :class:`~nni_core.config.mistakes.MistakesError` with everything that is wrong inside it.
    """
    converter = BaseConverter()
    for type_, hook in _SIMPLE_HOOKS:
        converter.register_structure_hook(type_, _or_choice(hook))
    converter.register_structure_hook(Path, lambda value, _: resolve(_text(value, Path)))
    converter.register_structure_hook_func(lambda type_: type_ is Any, _json)
    converter.register_structure_hook_func(lambda type_: bool(choices(type_)), _choice)
    converter.register_structure_hook_func(is_sequence, lambda value, type_: _sequence(value, type_, converter))
    converter.register_structure_hook_func(is_mapping, lambda value, type_: _mapping(value, type_, converter))
    converter.register_structure_hook_func(
        lambda type_: len(arms(type_)) > 1, lambda value, type_: _union(value, type_, converter)
    )
    converter.register_structure_hook_func(attrs.has, record)
    return converter


def _or_choice(hook: Hook) -> Hook:
    """cattrs uses the hook of a class for its subclasses too: that of str for every StrEnum."""
    return lambda value, type_: _choice(value, type_) if choices(type_) else hook(value, type_)


def _whole(value: Json, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    help_ = ""
    if isinstance(value, float) and value.is_integer():
        help_ = f"write {int(value)}"
    elif isinstance(value, str) and value.strip().isdecimal():
        help_ = f"write {value.strip()} without quotes"
    raise MismatchError("a whole number", value, help_)


def _number(value: Json, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    help_ = ""
    if isinstance(value, str):
        help_ = next((f"write {text}" for text in (value, value.replace(",", ".")) if _is_number(text)), "")
    raise MismatchError("a number", value, help_)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _text(value: Json, _: Any) -> str:
    if isinstance(value, str):
        return value
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    help_ = f'write "{shown}" in quotes' if isinstance(value, bool | int | float) else ""
    raise MismatchError("text", value, help_)


_TRUTH = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}


def _truth(value: Json, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    meant = _TRUTH.get(value.lower()) if isinstance(value, str) else None
    raise MismatchError("true or false", value, f"write {meant}" if meant else "")


def _nothing(value: Json, _: Any) -> None:
    if value is not None:
        raise MismatchError("null", value)


def _duration(value: Json, _: Any) -> Duration:
    try:
        return parse_duration(value)
    except DurationError as error:
        raise MismatchError(EXAMPLES, value, error.help) from error


def _gpu_indices(value: Json, _: Any) -> GpuIndices:
    try:
        return parse_gpu_indices(value)
    except ValueError as error:
        raise MismatchError(INDICES, value) from error


def _choice(value: Json, type_: Any) -> Any:
    allowed = choices(type_)
    if any(value == choice and type(value) is type(choice) for choice in allowed):
        return value if get_origin(type_) is Literal else type_(value)
    meant = _meant(value, [str(choice) for choice in allowed]) if isinstance(value, str) else None
    raise MismatchError(alternatives([str(choice) for choice in allowed]), value, f"write {meant}" if meant else "")


def _meant(text: str, allowed: Sequence[str]) -> str | None:
    """The choice that is misspelt or cut short."""
    begun = [choice for choice in allowed if text and choice.lower().startswith(text.lower())]
    return begun[0] if len(begun) == 1 else nearest(text, allowed)


def _json(value: Json, _: Any) -> Json:
    """Any plain data; only numbers that JSON cannot hold are refused."""
    if isinstance(value, float) and not math.isfinite(value):
        raise MismatchError("a finite number", value, is_of_type=False)
    mismatches = list(_not_finite(value, ()))
    if mismatches:
        raise MistakesError(mismatches=mismatches)
    return value


def _not_finite(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, MismatchError]]:
    if isinstance(value, float) and not math.isfinite(value):
        yield path, MismatchError("a finite number", value)
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _not_finite(item, (*path, key))


def _sequence(value: Json, type_: Any, converter: BaseConverter) -> Any:
    if not isinstance(value, list):
        raise MismatchError(describe(type_), value)
    arguments = get_args(type_) or (Any,)
    origin = get_origin(type_) or type_
    fixed = issubclass(origin, tuple) and arguments[-1] is not Ellipsis
    if fixed and len(value) != len(arguments):
        raise MismatchError(f"a list of {len(arguments)} items", value)
    types = arguments if fixed else (arguments[0],) * len(value)
    items = _each(enumerate(value), types, converter)
    return items if issubclass(origin, list) else frozenset(items) if not issubclass(origin, Sequence) else tuple(items)


def _mapping(value: Json, type_: Any, converter: BaseConverter) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise MismatchError("a mapping of keys to values", value)
    arguments = get_args(type_) or (str, Any)
    items = _each(value.items(), (arguments[1],) * len(value), converter)
    return dict(zip(value, items, strict=True))


def _each(items: Any, types: Sequence[Any], converter: BaseConverter) -> list[Any]:
    """Structure the items of a list or mapping, collecting what is wrong in any of them."""
    structured: list[Any] = []
    problems: list[Problem] = []
    mismatches: list[tuple[KeyPath, MismatchError]] = []
    for (key, item), type_ in zip(items, types, strict=True):
        try:
            structured.append(converter.structure(item, type_))
        except MismatchError as error:
            mismatches.append(((key,), error))
        except MistakesError as error:
            problems += [problem.under(key) for problem in error.problems]
            mismatches += [((key, *path), each) for path, each in error.mismatches]
    if problems or mismatches:
        raise MistakesError(problems, mismatches)
    return structured


def _union(value: Json, type_: Any, converter: BaseConverter) -> Any:
    members = arms(type_)
    exact = [member for member in members if member is type(value)]
    insights: list[MistakesError] = []
    helps: list[str] = []
    for member in exact or members:
        try:
            return converter.structure(value, member)
        except MismatchError as error:
            helps.append(error.help)
        except MistakesError as error:  # the right kind of container with something wrong in it
            insights.append(error)
    if len(insights) == 1:
        raise insights[0]
    raise MismatchError(describe(type_), value, next(filter(None, helps), ""))


_SIMPLE_HOOKS: tuple[tuple[Any, Hook], ...] = (
    (int, _whole),
    (float, _number),
    (str, _text),
    (bool, _truth),
    (type(None), _nothing),
    (Duration, _duration),
    (GpuIndices, _gpu_indices),
)
