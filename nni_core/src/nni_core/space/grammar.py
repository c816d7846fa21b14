"""Reads ``{name: {"_type": ..., "_value": ...}}``: every parameter it can make sense of, and every problem it finds."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from nni_core.errors import Problem
from nni_core.model import Json
from nni_core.space.choices import ChoiceReader, is_nested
from nni_core.space.codes import SpaceCode
from nni_core.space.domains import Choice
from nni_core.space.parameter import NAME, Key, Parameter
from nni_core.space.parameter_type import ParameterType
from nni_core.space.ranges import read_domain
from nni_core.space.report import Report
from nni_core.space.specification import read_specification
from nni_core.space.values import found

MAX_PARAMETERS = 10_000
#: levels of choices within choices
MAX_DEPTH = 16
MAX_NAME_LENGTH = 200
_EXAMPLE = "lr: {_type: loguniform, _value: [0.0001, 0.1]}"


def read_space(raw: Json) -> tuple[tuple[Parameter, ...], list[Problem]]:
    """The parameters of a space, in order of declaration with a choice before what it activates, and the problems.

    The parameters are complete only when no problem is fatal. Never raises, whatever it is given.
    """
    report = Report([])
    if not isinstance(raw, Mapping):
        message = f"a search space must be a mapping of parameter names, got {found(raw)}"
        report.error(SpaceCode.NOT_A_MAPPING, message, f"write {_EXAMPLE}")
        return (), report.problems
    if not raw:
        report.error(SpaceCode.NO_PARAMETERS, "the search space has no parameters", f"add one: {_EXAMPLE}")
        return (), report.problems
    top = _Reader().group(raw, report, ())
    return tuple(_flat(top)), report.problems


def _flat(group: tuple[Parameter, ...]) -> list[Parameter]:
    flat = []
    for parameter in group:
        flat.append(parameter)
        for branch in parameter.branches:
            flat += _flat(branch)
    return flat


class _Reader:
    """Walks one space; what it counts keeps small texts with many aliases from becoming large work."""

    def __init__(self) -> None:
        self._parameters = 0
        self._choices = ChoiceReader()

    def group(self, raw: Mapping[Json, Json], report: Report, key: Key) -> tuple[Parameter, ...]:
        """The parameters side by side in one mapping; ``_name`` is the caller's."""
        parameters = []
        names: dict[str, str] = {}
        for name, specification in raw.items():
            if name == NAME and key:
                continue
            self._parameters += 1
            if self._parameters > MAX_PARAMETERS:
                if self._parameters == MAX_PARAMETERS + 1:
                    report.error(SpaceCode.MANY_PARAMETERS, f"more than {MAX_PARAMETERS} parameters")
                break
            place = report.at(name) if isinstance(name, str) else report
            if _check_name(name, names, place):
                parameter = self._parameter((*key, name), specification, place)
                parameters += [parameter] if parameter else []
        return tuple(parameters)

    def _parameter(self, key: Key, raw: Json, report: Report) -> Parameter | None:
        specification = read_specification(raw, report)
        if specification is None:
            return None
        kind, values = specification
        place = report.at("_value")
        if kind is not ParameterType.CHOICE:
            domain = read_domain(kind, values, place)
            return Parameter(key=key, type=kind, domain=domain) if domain else None
        return self._nested(key, values, place) if is_nested(values) else self._plain(key, values, place)

    def _plain(self, key: Key, values: Sequence[Json], report: Report) -> Parameter | None:
        domain = self._choices.read(values, report)
        return Parameter(key=key, type=ParameterType.CHOICE, domain=domain) if domain else None

    def _nested(self, key: Key, candidates: Sequence[Json], report: Report) -> Parameter | None:
        # A key grows by two with every level.
        if len(key) // 2 >= MAX_DEPTH:
            message = f"choices are nested deeper than {MAX_DEPTH} levels"
            report.error(SpaceCode.TOO_DEEP, message, "flatten the search space")
            return None
        names = self._choices.read_names(candidates, report)
        branches = tuple(
            self.group(candidate, report.at(index), (*key, index)) if is_nested([candidate]) else ()
            for index, candidate in enumerate(candidates)
        )
        if names is None:
            return None
        return Parameter(key=key, type=ParameterType.CHOICE, domain=Choice(values=names), branches=branches)


def _check_name(name: Json, names: dict[str, str], place: Report) -> bool:
    """Whether a name can stand for a parameter. ``names`` holds those before it, by their normal form."""
    if not isinstance(name, str):
        place.error(SpaceCode.EMPTY_NAME, f"the name of a parameter must be text, got {found(name)}", "quote it")
    elif not name:
        place.error(SpaceCode.EMPTY_NAME, "the name of a parameter must be non-empty", at_key=True)
    elif len(name) > MAX_NAME_LENGTH:
        message = f"the name of a parameter is limited to {MAX_NAME_LENGTH} characters, got {len(name)}"
        place.error(SpaceCode.LONG_NAME, message, at_key=True)
    elif not name.isprintable():
        message = f"the name of a parameter must be printable text, got {name!r}"
        place.error(SpaceCode.UNPRINTABLE_NAME, message, at_key=True)
    elif name.startswith("_"):
        message = f"name {name!r} is reserved: it starts with an underscore"
        help_text = f"rename it; only {NAME!r} of a candidate starts with one"
        place.error(SpaceCode.RESERVED_NAME, message, help_text, at_key=True)
    else:
        return _check_spelling(name, names, place)
    return False


def _check_spelling(name: str, names: dict[str, str], report: Report) -> bool:
    normal = name if name.isascii() else unicodedata.normalize("NFC", name)
    same = names.setdefault(normal, name)
    if same != name:
        message = f"names {same!a} and {name!a} look the same: they differ only in how Unicode composes letters"
        report.error(SpaceCode.EQUAL_NAMES, message, "rename one of them", at_key=True)
        return False
    for sign in "/.":
        if sign in name:
            message = f"name {name!r} has a {sign!r}, which may be taken for the border of a nested name in tables"
            report.note(SpaceCode.SEPARATOR_IN_NAME, message, at_key=True)
    return True
