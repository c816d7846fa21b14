"""A part of a config that is filled in attribute by attribute. Nothing in it is judged before it is used."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, ClassVar, Self

from nni_core.config.canonical import camel_case
from nni_core.config.document import folded
from nni_core.errors import nearest
from nni_core.model import Json

AnyPath = str | os.PathLike[str]


class UnknownFieldError(AttributeError):
    """A config has no such field. :attr:`key_path` says where it was written."""

    def __init__(self, owner: str, name: str, known: Iterable[str]) -> None:
        close = nearest(name, known)
        self.title = f"{owner} has no field '{name}'"
        self.hint = f"did you mean '{close}'?" if close else ""
        super().__init__(f"{self.title}; {self.hint}" if self.hint else self.title)
        self.key_path: tuple[str | int, ...] = (name,)


class Section:
    """The annotations of a subclass are its fields, and what they are set to there is what a field is when it was not
    set; None means that it says nothing."""

    #: fields whose relative paths begin where the config does
    _paths: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **values: Any) -> None:
        """Fields by their names in snake case or camel case; sections may be given as dicts.

        :raises AttributeError: for a field that there is not.
        """
        self.fill(values)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Every field, those of base classes first."""
        owners = [owner for owner in reversed(cls.__mro__) if issubclass(owner, Section)]
        names = [name for owner in owners for name in inspect.get_annotations(owner)]
        return tuple(dict.fromkeys(name for name in names if not name.startswith("_")))

    @classmethod
    def from_data(cls, data: Mapping[str, Json]) -> Self:
        """A section as a config file has it.

        :raises AttributeError: for a field that there is not.
        """
        section = cls.__new__(cls)
        section.fill(data)
        return section

    def as_data(self) -> dict[str, Json]:
        """What was set, as a config file would say it."""
        return {name: _data(value) for name in self.field_names() if (value := getattr(self, name)) is not None}

    def json(self) -> dict[str, Json]:
        """The canonical form as JSON: camelCase keys, absolute paths, defaults filled in, fields that say nothing left
        out."""
        canonical: dict[str, Json] = _json(self.canonical_copy())
        return canonical

    def canonical_copy(self) -> Self:
        """A copy in which defaults are filled in and paths are absolute."""
        return self.resolved(os.getcwd())  # noqa: PTH109 - a text like every path here

    def resolved(self, base: str) -> Self:
        """A copy whose relative paths begin at a directory, and are absolute."""
        copy = deepcopy(self)
        for name in self.field_names():
            value = getattr(copy, name)
            if name in self._paths and value is not None:
                value = os.path.realpath(os.path.join(base, os.path.expanduser(value)))  # noqa: PTH111, PTH118
            setattr(copy, name, _resolved(value, base))
        return copy

    def fill(self, values: Mapping[str, Json]) -> None:
        """Set fields by their names in snake case or camel case; sections may be given as dicts.

        :raises AttributeError: for a field that there is not.
        """
        known = {folded(name): name for name in self.field_names()}
        for key, value in values.items():
            name = known.get(folded(key))
            if name is None:
                raise UnknownFieldError(type(self).__name__, key, known.values())
            try:
                setattr(self, name, self._section(name, value))
            except UnknownFieldError as error:
                error.key_path = (key, *error.key_path)
                raise

    def _section(self, name: str, value: Any) -> Any:
        """What a field is to hold when it is given ``value``; a subclass makes sections of dicts."""
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in self.field_names():
            raise UnknownFieldError(type(self).__name__, name, self.field_names())
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Section) and type(other) is type(self) and self.as_data() == other.as_data()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({', '.join(shown)})"


def _data(value: Any) -> Json:
    if isinstance(value, Section):
        return value.as_data()
    if isinstance(value, list | tuple):
        return [_data(item) for item in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _json(value: Any) -> Any:
    if isinstance(value, Section):
        fields = {name: getattr(value, name) for name in value.field_names()}
        return {camel_case(name): _json(one) for name, one in fields.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _resolved(value: Any, base: str) -> Any:
    if isinstance(value, Section):
        return value.resolved(base)
    if isinstance(value, list):
        return [_resolved(item, base) for item in value]
    return value
