"""The ``_value`` of a choice: JSON values, or named candidates with parameters of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nni_core.model import Json
from nni_core.space.codes import SpaceCode
from nni_core.space.domains import Choice
from nni_core.space.parameter import NAME
from nni_core.space.report import Report
from nni_core.space.values import copied, found, identity, plain, shown

MAX_CHOICES = 100_000
#: more choices than this are accepted with a note
MANY_CHOICES = 10_000
#: values in all choices together, those inside lists and mappings included; long texts count as several
MAX_VALUES = 1_000_000
_LETTERS_OF_A_VALUE = 100
MAX_VALUE_DEPTH = 16
#: a longer whole number cannot be turned into a float
MAX_INTEGER_BITS = 1023
#: what YAML 1.1 takes for true and false, and YAML 1.2 and this project for text
_YES_NO = frozenset({"yes", "no", "on", "off"})


def is_nested(values: Sequence[Json]) -> bool:
    """Whether a choice is between candidates with parameters of their own, as far as can be told from what is there."""
    return any(isinstance(value, Mapping) and (NAME in value or _has_parameters(value)) for value in values)


def _has_parameters(value: Mapping[Json, Json]) -> bool:
    return any(isinstance(item, Mapping) and "_type" in item for item in value.values())


class ChoiceReader:
    """Reads the choices of one space, and counts their values."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def read(self, values: Sequence[Json], report: Report) -> Choice | None:
        """The domain of a choice between JSON values; None, and problems in the report, when there is none."""
        if not _check_length(values, report):
            return None
        sound = True
        for index, value in enumerate(values):
            fault = self._fault(value, 0)
            if fault:
                report.at(index).error(SpaceCode.NOT_JSON, fault)
                sound = False
            if self._left < 0:
                report.error(SpaceCode.MANY_CHOICES, f"the choices hold more than {MAX_VALUES} values in all")
                return None
        if not sound or not _check_distinct(values, report):
            return None
        _note_surprises(values, report)
        return Choice(values=tuple(copied(plain(value)) for value in values))

    def read_names(self, candidates: Sequence[Json], report: Report) -> tuple[str, ...] | None:
        """The names of the candidates of a nested choice; None, and problems in the report, when they are unsound."""
        if not _check_length(candidates, report):
            return None
        names: dict[str, int] = {}
        for index, candidate in enumerate(candidates):
            self._left -= 1
            name = _candidate_name(candidate, report.at(index))
            if name is not None and names.setdefault(name, index) != index:
                message = f"candidates {names[name]} and {index} are both named {name!r}"
                report.at(index, NAME).error(SpaceCode.DUPLICATE_CANDIDATE, message, "rename one of them")
        return tuple(names) if len(names) == len(candidates) else None

    def _fault(self, value: Json, depth: int) -> str | None:
        """Why JSON cannot carry a value, or not well."""
        self._left -= 1
        value = plain(value) if not isinstance(value, Mapping | list | tuple) else value
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, str):
            self._left -= len(value) // _LETTERS_OF_A_VALUE
            return None if _is_unicode(value) else f"text must be valid Unicode, got {shown(value)}"
        if isinstance(value, int):
            return None if value.bit_length() <= MAX_INTEGER_BITS else f"{shown(value)} is too long"
        if isinstance(value, float):
            return None if math.isfinite(value) else f"a choice must be a finite number, got {shown(value)}"
        if not isinstance(value, Mapping | list | tuple):
            return f"a choice must be a JSON value, got {found(value)}"
        if depth >= MAX_VALUE_DEPTH:
            return f"a choice is limited to {MAX_VALUE_DEPTH} levels of lists and mappings"
        return self._fault_inside(value, depth)

    def _fault_inside(self, value: Json, depth: int) -> str | None:
        if isinstance(value, Mapping):
            odd = next((key for key in value if not isinstance(key, str) or not _is_unicode(key)), None)
            if odd is not None:
                return f"keys inside a choice must be text, got {found(odd)}"
            self._left -= sum(map(len, value)) // _LETTERS_OF_A_VALUE
            value = value.values()
        for item in value:
            fault = self._fault(item, depth + 1) if self._left >= 0 else None
            if fault:
                return fault
        return None


def _candidate_name(candidate: Json, report: Report) -> str | None:
    if not isinstance(candidate, Mapping) or NAME not in candidate:
        message = f"every candidate of a nested choice needs '_name', got {found(candidate)}"
        is_name = isinstance(candidate, str) and candidate
        help_text = f"write {{_name: {candidate}}}" if is_name else "write {_name: ..., parameter: {...}}"
        report.error(SpaceCode.CANDIDATE_WITHOUT_NAME, message, help_text)
        return None
    name = candidate[NAME]
    if isinstance(name, str) and name and _is_unicode(name):
        return name
    message = f"'_name' must be non-empty text, got {found(name)}"
    report.at(NAME).error(
        SpaceCode.CANDIDATE_WITHOUT_NAME, message, "quote it" if isinstance(name, int | float) else ""
    )
    return None


def _check_length(values: Sequence[Json], report: Report) -> bool:
    if not values:
        report.error(SpaceCode.EMPTY_CHOICE, "a choice needs at least one (≥ 1) value", "write _value: [a, b, c]")
        return False
    if len(values) > MAX_CHOICES:
        message = f"a choice is limited to {MAX_CHOICES} values, got {len(values)}"
        report.error(SpaceCode.MANY_CHOICES, message, "for numbers write _type: randint or quniform")
        return False
    if len(values) > MANY_CHOICES:
        message = f"{len(values)} choices are many: hardly any will be tried twice, so tuners learn little"
        report.note(SpaceCode.MANY_CHOICES, message, "for numbers write _type: randint or quniform")
    if len(values) == 1:
        report.note(SpaceCode.CONSTANT, "a choice of one value is constant: there is nothing to tune")
    return True


def _check_distinct(values: Sequence[Json], report: Report) -> bool:
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        first = seen.setdefault(identity(value), index)
        if first != index:
            message = f"{shown(value)} is listed twice, as items {first} and {index}"
            report.at(index).error(SpaceCode.DUPLICATE_CHOICE, message, "remove one: all values are equally likely")
    return len(seen) == len(values)


def _note_surprises(values: Sequence[Json], report: Report) -> None:
    """Notes on values that are accepted and may not reach the trial as they were meant."""
    _note_lookalikes(values, report)
    for index, value in enumerate(values):
        if value is None:
            report.at(index).note(SpaceCode.NULL_CHOICE, "null is accepted: the trial gets None")
        elif isinstance(value, str) and value.lower() in _YES_NO:
            message, help_text = f"{value!r} is text here", "for a boolean write true or false, without quotes"
            report.at(index).note(SpaceCode.YES_NO_CHOICE, message, help_text)
    for index, value in enumerate(values):
        if isinstance(value, Mapping | list | tuple):
            message = f"{found(value)} is accepted as a JSON value: the trial gets it as it is written"
            report.at(index).note(SpaceCode.STRUCTURED_CHOICE, message)
            return


def _note_lookalikes(values: Sequence[Json], report: Report) -> None:
    seen: dict[float, int] = {}
    for index, value in enumerate(values):
        look = _look(plain(value))
        if look is None:
            continue
        first = plain(values[seen.setdefault(look, index)])
        if type(first) is not type(plain(value)):
            message = f"{shown(first)} and {shown(value)} look alike and are different values: this is ambiguous"
            report.at(index).note(SpaceCode.AMBIGUOUS_CHOICE, message, "write values of one type")
            return


def _look(value: Json) -> float | None:
    """The number that a scalar may be taken for."""
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower(), value[:40])
    if isinstance(value, Mapping | list) or value is None:
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
