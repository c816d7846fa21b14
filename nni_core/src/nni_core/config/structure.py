"""Plain data to attrs records, with every mistake at once.

Records are read field by field, so that each mistake keeps its key; ``hooks`` reads the values, strictly.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from nni_core.api import TunerChoice
from nni_core.config.codes import ArgumentCode, ConfigCode
from nni_core.config.describe import bounds_of, describe
from nni_core.config.document import folded
from nni_core.config.hooks import strict_converter
from nni_core.config.mistakes import MismatchError, MistakesError, given_twice
from nni_core.config.wording import found, is_secret, label, quoted
from nni_core.errors import KeyPath, Problem, nearest
from nni_core.model import Json

#: how alike a misspelt key and the right one are, at least
_SLIP = 0.85


@frozen(kw_only=True)
class Codes:
    """The codes for one kind of record."""

    missing: StrEnum
    unknown: StrEnum
    wrong: StrEnum


CONFIG_CODES = Codes(missing=ConfigCode.MISSING_KEY, unknown=ConfigCode.UNKNOWN_KEY, wrong=ConfigCode.WRONG_VALUE)
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
        self._converter = strict_converter(record=self.record, resolve=self.resolve)

    def record(self, value: Json, cls: type) -> Any:
        """One record.

        :raises MismatchError: when the value is not a mapping.
        :raises MistakesError: with everything that is wrong inside it.
        """
        if cls is TunerChoice and isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, Mapping):
            raise MismatchError(describe(cls), value)
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
        """Which key stands for which field. ``also_known`` are suggested for misspelt keys too.

        The value under a key that is all but right is looked at as well, so that the field is not called missing.
        """
        known = {self._fold(name_of(field)): name_of(field) for field in settable(cls)}
        given: dict[str, Given] = {}
        problems: list[Problem] = []
        for key, item in value.items():
            name = known.get(self._fold(key))
            if name is None:
                problems.append(self._unknown(key, (*known.values(), *also_known)))
                if (meant := _all_but(key, known)) and meant not in given:
                    given[meant] = Given(path=(key,), value=item)
            elif name in given and self._fold(str(given[name].path[0])) == self._fold(key):
                problems.append(given_twice(str(given[name].path[0]), key))
            else:
                given[name] = Given(path=(key,), value=item)
        return given, problems

    def fields(
        self, given: Mapping[str, Given], cls: type, *, leave_out: Collection[str] = ()
    ) -> tuple[dict[str, Any], list[Problem]]:
        """The structured value of every field that was given rightly, and a problem for each of the others."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        fields = [field for field in settable(cls) if name_of(field) not in leave_out]
        for field in fields:
            one = given.get(name_of(field))
            if one is None or (one.value is None and self._fold_keys and not is_required(field)):
                if is_required(field):
                    problems.append(self._missing(field))
                continue
            try:
                values[name_of(field)] = self._field(one, field)
            except MistakesError as error:
                problems += error.problems
        for name, problem in self._refusals(values, given, fields):
            problems.append(problem)
            del values[name]
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
            named = [self.mismatch(each, (*given.path, *path), each.expected) for path, each in error.mismatches]
            raise MistakesError([*named, *(problem.under(*given.path) for problem in error.problems)]) from None

    def _refusals(
        self, values: Mapping[str, Any], given: Mapping[str, Given], fields: Sequence[attrs.Attribute[Any]]
    ) -> list[tuple[str, Problem]]:
        """Run the fields' own validators one by one: in the class's ``__init__`` the first would hide the others."""
        present = [field for field in fields if name_of(field) in values]
        instance = _Draft({field.name: values[name_of(field)] for field in present})
        refusals: list[tuple[str, Problem]] = []
        for field in present:
            value = values[name_of(field)]
            try:
                if callable(field.converter):
                    value = field.converter(value)
                if field.validator is not None:
                    field.validator(instance, field, value)
            except (ValueError, TypeError) as error:
                refusals.append((name_of(field), self._refused(error, given[name_of(field)], field)))
            except _AbsentFieldError:  # the validator looks at a field that has a problem already
                continue
        return refusals

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
            message=f"{quoted(name_of(field))} is missing",
            help=f"add `{name_of(field)}: {example}`" if example else f"add it: {describe(field.type)}",
            key_path=(name_of(field),),
        )


def settable(cls: type) -> list[attrs.Attribute[Any]]:
    """The fields that a user may give, with their types resolved. ``derived`` in a field's metadata hides it."""
    attrs.resolve_types(cls)
    return [field for field in attrs.fields(cls) if field.init and not field.metadata.get("derived")]


def name_of(field: attrs.Attribute[Any]) -> str:
    """The key that users write, which is the argument of the record's ``__init__``."""
    return field.alias or field.name


def is_required(field: attrs.Attribute[Any]) -> bool:
    """Whether a field has no default."""
    return field.default is attrs.NOTHING


def _all_but(key: str, known: Mapping[str, str]) -> str | None:
    """The field whose name differs from a key by a slip only."""
    close = difflib.get_close_matches(folded(key), {folded(name): name for name in known}, n=1, cutoff=_SLIP)
    return next((name for name in known.values() if close and folded(name) == close[0]), None)


class _AbsentFieldError(Exception):
    """A field that could not be structured was asked for."""


class _Draft:
    """Stands for the instance while validators run: it has the fields that are known so far."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise _AbsentFieldError(name)
