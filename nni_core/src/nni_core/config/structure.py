"""Plain data to attrs records, strictly and with every mistake at once.

cattrs finds the hook for a type; the hooks here never turn one type into another (a bool is no number, text is no
list), and records are read field by field so that each mistake keeps its key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import attrs
from attrs import frozen
from cattrs import BaseConverter

from nni_core.config.codes import ArgumentCode, ConfigCode, TextCode
from nni_core.config.describe import arms, bounds_of, choices, describe, is_mapping, is_sequence
from nni_core.config.document import folded
from nni_core.config.durations import EXAMPLES, Duration, DurationError, parse_duration
from nni_core.config.wording import alternatives, found, is_secret, label, quoted
from nni_core.errors import KeyPath, Problem, nearest
from nni_core.model import Json

Hook = Callable[[Any, Any], Any]


class MismatchError(Exception):
    """A value is not of the wanted type. Whoever knows its key makes a problem of it; the field's type and validator
    say better what was expected, unless ``is_of_type`` is False."""

    def __init__(self, expected: str, value: Json, help_: str = "", *, is_of_type: bool = True) -> None:
        super().__init__(expected)
        self.is_of_type = is_of_type
        self.expected = expected
        self.value = value
        self.help = help_


class MistakesError(Exception):
    """Problems inside a value, with key paths that begin in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@frozen(kw_only=True)
class Codes:
    """The codes for one kind of record."""

    missing: StrEnum
    unknown: StrEnum
    wrong: StrEnum


CONFIG_CODES = Codes(
    missing=ConfigCode.MISSING_KEY, unknown=ConfigCode.UNKNOWN_KEY, wrong=ConfigCode.WRONG_VALUE
)
ARGUMENT_CODES = Codes(
    missing=ArgumentCode.MISSING_ARGUMENT, unknown=ArgumentCode.UNKNOWN_ARGUMENT, wrong=ArgumentCode.WRONG_ARGUMENT
)


@frozen(kw_only=True)
class Given:
    """One value that the user gave for a field, and where."""

    path: KeyPath
    value: Json


class Structurer:
    """Reads records. ``base`` is where relative paths begin; ``fold_keys`` compares keys as NNI does in a config
    (without regard to case and underscores; null means not given), otherwise they must be exact, as in class_args."""

    def __init__(self, *, base: Path, fold_keys: bool, codes: Codes = CONFIG_CODES) -> None:
        self._base = base
        self._fold_keys = fold_keys
        self._codes = codes
        self._converter = _converter(self)

    def record(self, value: Json, cls: type) -> Any:
        """One record.

        :raises MismatchError: when the value is not a mapping.
        :raises MistakesError: with everything that is wrong inside it.
        """
        if not isinstance(value, Mapping):
            raise MismatchError("a mapping of keys to values", value)
        given, problems = self.match(value, cls)
        fields, mistakes = self.fields(given, cls)
        if problems or mistakes:
            raise MistakesError([*problems, *mistakes])
        try:
            return cls(**fields)
        except (ValueError, TypeError) as error:  # from the record's own check of several fields together
            message = str(error.args[0]) if error.args else type(error).__name__
            raise MistakesError([Problem(code=self._codes.wrong, message=message)]) from error

    def match(
        self, value: Mapping[str, Json], cls: type, also_known: Sequence[str] = ()
    ) -> tuple[dict[str, Given], list[Problem]]:
        """Which key stands for which field. ``also_known`` are suggested for misspelt keys too."""
        known = {self._fold(field.alias): field.alias for field in settable(cls)}
        given: dict[str, Given] = {}
        problems: list[Problem] = []
        for key, item in value.items():
            name = known.get(self._fold(key))
            if name is None:
                problems.append(self._unknown(key, (*known.values(), *also_known)))
            elif name in given:
                problems.append(given_twice(str(given[name].path[-1]), key))
            else:
                given[name] = Given(path=(key,), value=item)
        return given, problems

    def fields(self, given: Mapping[str, Given], cls: type) -> tuple[dict[str, Any], list[Problem]]:
        """The structured value of every field that was given rightly, and a problem for each of the others."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for field in settable(cls):
            one = given.get(field.alias)
            if one is None or (one.value is None and self._fold_keys and not is_required(field)):
                if is_required(field):
                    problems.append(self._missing(field))
                continue
            try:
                values[field.alias] = self._field(one, field)
            except MistakesError as error:
                problems += error.problems
        problems += self._validate(values, given, cls)
        return values, problems

    def structure(self, value: Json, type_: Any) -> Any:
        """A value of any type.

        :raises MismatchError: when it is of another type.
        :raises MistakesError: with everything that is wrong inside it.
        """
        return self._converter.structure(value, type_)

    def resolve(self, text: str) -> Path:
        """An absolute path, from one that may be relative to the config file or begin with ``~``.

        :raises MismatchError: when it cannot be a path.
        """
        try:
            return (self._base / Path(text).expanduser()).resolve()
        except (RuntimeError, ValueError, OSError) as error:
            raise MismatchError("a path", text, str(error).rstrip(".").lower()) from error

    def _fold(self, key: str) -> str:
        return folded(key) if self._fold_keys else key

    def _field(self, given: Given, field: attrs.Attribute[Any]) -> Any:
        try:
            return self.structure(given.value, field.type)
        except MismatchError as error:
            expected = describe(field.type, bounds_of(field.validator)) if error.is_of_type else error.expected
            raise MistakesError([self.mismatch(error, given.path, expected)]) from None
        except MistakesError as error:
            raise MistakesError([problem.under(*given.path) for problem in error.problems]) from None

    def _validate(self, values: Mapping[str, Any], given: Mapping[str, Given], cls: type) -> list[Problem]:
        """Run the fields' own validators one by one: in the class's ``__init__`` the first would hide the others."""
        instance = _Draft(values)
        problems: list[Problem] = []
        for field in settable(cls):
            if field.alias not in values:
                continue
            value = values[field.alias]
            try:
                if callable(field.converter):
                    value = field.converter(value)
                if field.validator is not None:
                    field.validator(instance, field, value)  # type: ignore[arg-type]
            except (ValueError, TypeError) as error:
                problems.append(self._refused(error, given[field.alias], field))
            except _AbsentFieldError:  # the validator looks at a field that has a problem already
                continue
        return problems

    def _refused(self, error: Exception, given: Given, field: attrs.Attribute[Any]) -> Problem:
        bounds = bounds_of(field.validator)
        if bounds:
            mismatch = MismatchError(describe(field.type, bounds), given.value)
            return self.mismatch(mismatch, given.path, mismatch.expected)
        text = str(error.args[0]) if error.args else type(error).__name__
        message = text if field.name in text else f"{label(given.path)} {text}"
        return Problem(code=self._codes.wrong, message=message, key_path=given.path)

    def mismatch(self, error: MismatchError, path: KeyPath, expected: str) -> Problem:
        """A value that is not what was expected, unless it looks like a password, which is not repeated."""
        shown = "a value that is not shown" if is_secret(path) else found(error.value)
        return Problem(
            code=self._codes.wrong,
            message=f"{label(path)} must be {expected}, got {shown}",
            help="" if is_secret(path) else error.help,
            key_path=path,
        )

    def _unknown(self, key: str, known: Sequence[str]) -> Problem:
        name = nearest(key, known)
        known_text = f"known keys: {', '.join(sorted(known))}" if known else "it takes none"
        return Problem(
            code=self._codes.unknown,
            message=f"there is no key {quoted(key)} here",
            help=f"did you mean {name!r}?" if name else known_text,
            key_path=(key,),
            at_key=True,
        )

    def _missing(self, field: attrs.Attribute[Any]) -> Problem:
        example = field.metadata.get("example")
        return Problem(
            code=self._codes.missing,
            message=f"{quoted(field.alias)} is missing",
            help=f"add `{field.alias}: {example}`" if example else f"add it: {describe(field.type)}",
            key_path=(field.alias,),
        )


def settable(cls: type) -> list[attrs.Attribute[Any]]:
    """The fields that a user may give, with their types resolved. ``derived`` in a field's metadata hides it."""
    attrs.resolve_types(cls)
    return [field for field in attrs.fields(cls) if field.init and not field.metadata.get("derived")]


def is_required(field: attrs.Attribute[Any]) -> bool:
    """Whether a field has no default."""
    return field.default is attrs.NOTHING


@frozen(kw_only=True)
class ConflictProblem(Problem):
    """A key that cannot stand beside another one; whoever knows the places adds that of the other."""

    #: the other key, in the same mapping
    other: str


def given_twice(first: str, second: str) -> ConflictProblem:
    """Two spellings of one key."""
    message = f"the key {quoted(second)} is given twice, first as {quoted(first)}"
    return ConflictProblem(
        code=TextCode.DUPLICATE_KEY,
        message=message,
        help="keep one of them",
        key_path=(second,),
        at_key=True,
        other=first,
    )


class _AbsentFieldError(Exception):
    """A field that could not be structured was asked for."""


class _Draft:
    """Stands for the instance while validators run: it has the fields that are known so far."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise _AbsentFieldError(name)


def _converter(structurer: Structurer) -> BaseConverter:
    converter = BaseConverter()
    for type_, hook in _SIMPLE_HOOKS:
        converter.register_structure_hook(type_, hook)
    converter.register_structure_hook_func(lambda type_: type_ is Any, _json)
    converter.register_structure_hook_func(lambda type_: bool(choices(type_)), _choice)
    converter.register_structure_hook_func(is_sequence, lambda value, type_: _sequence(value, type_, structurer))
    converter.register_structure_hook_func(is_mapping, lambda value, type_: _mapping(value, type_, structurer))
    converter.register_structure_hook_func(
        lambda type_: len(arms(type_)) > 1, lambda value, type_: _union(value, type_, structurer)
    )
    converter.register_structure_hook_func(attrs.has, structurer.record)
    converter.register_structure_hook(Path, lambda value, _: structurer.resolve(_text(value, Path)))
    return converter


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


def _choice(value: Json, type_: Any) -> Any:
    allowed = choices(type_)
    if any(value == choice and type(value) is type(choice) for choice in allowed):
        return value if get_origin(type_) is Literal else type_(value)
    meant = nearest(value, [str(choice) for choice in allowed]) if isinstance(value, str) else None
    raise MismatchError(alternatives([str(choice) for choice in allowed]), value, f"write {meant}" if meant else "")


def _json(value: Json, _: Any) -> Json:
    """Any plain data; only numbers that JSON cannot hold are refused."""
    problems = list(_not_finite(value, ()))
    if problems == [()]:
        raise MismatchError("a finite number", value, is_of_type=False)
    if problems:
        message = "a number must be finite here"
        raise MistakesError([Problem(code=ConfigCode.WRONG_VALUE, message=message, key_path=path) for path in problems])
    return value


def _not_finite(value: Json, path: KeyPath) -> list[KeyPath]:
    if isinstance(value, float) and not math.isfinite(value):
        return [path]
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [found_at for key, item in items for found_at in _not_finite(item, (*path, key))]


def _sequence(value: Json, type_: Any, structurer: Structurer) -> Any:
    if not isinstance(value, list):
        raise MismatchError(describe(type_), value)
    arguments = get_args(type_) or (Any,)
    origin = get_origin(type_) or type_
    fixed = issubclass(origin, tuple) and arguments[-1] is not Ellipsis
    if fixed and len(value) != len(arguments):
        raise MismatchError(f"a list of {len(arguments)} items", value)
    types = arguments if fixed else (arguments[0],) * len(value)
    items = _each(enumerate(value), types, structurer)
    return items if issubclass(origin, list) else frozenset(items) if not issubclass(origin, Sequence) else tuple(items)


def _mapping(value: Json, type_: Any, structurer: Structurer) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise MismatchError("a mapping of keys to values", value)
    arguments = get_args(type_) or (str, Any)
    items = _each(value.items(), (arguments[1],) * len(value), structurer)
    return dict(zip(value, items, strict=True))


def _each(items: Any, types: Sequence[Any], structurer: Structurer) -> list[Any]:
    """Structure the items of a list or mapping, collecting what is wrong in any of them."""
    structured: list[Any] = []
    problems: list[Problem] = []
    for (key, item), type_ in zip(items, types, strict=True):
        try:
            structured.append(structurer.structure(item, type_))
        except MismatchError as error:
            problems.append(structurer.mismatch(error, (key,), error.expected))
        except MistakesError as error:
            problems += [problem.under(key) for problem in error.problems]
    if problems:
        raise MistakesError(problems)
    return structured


def _union(value: Json, type_: Any, structurer: Structurer) -> Any:
    members = arms(type_)
    exact = [member for member in members if member is type(value)]
    insights: list[MistakesError] = []
    helps: list[str] = []
    for member in exact or members:
        try:
            return structurer.structure(value, member)
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
)
