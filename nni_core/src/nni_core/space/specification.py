"""The two keys of one parameter: ``{"_type": ..., "_value": [...]}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nni_core.errors import nearest
from nni_core.model import Json
from nni_core.space.codes import SpaceCode
from nni_core.space.parameter_type import TYPE_NAMES, ParameterType, read_type, type_named
from nni_core.space.report import Report
from nni_core.space.values import found, shown

_KEYS = ("_type", "_value")
_KEY_SET = frozenset(_KEYS)
#: other keys named in one specification; more of them tell nothing new
_MAX_OTHER_KEYS = 20


def read_specification(raw: Json, report: Report) -> tuple[ParameterType, Sequence[Json]] | None:
    """The type and the values of a parameter; None, and problems in the report, when they cannot be told."""
    if not isinstance(raw, Mapping):
        _report_bare_value(raw, report)
        return None
    if raw.keys() != _KEY_SET:
        misspelt = _report_other_keys(raw, report)
        missing = [key for key in _KEYS if key not in raw and key not in misspelt]
        if missing:
            _report_missing(raw, missing, report)
    kind = read_type(raw["_type"], report.at("_type")) if "_type" in raw else None
    if kind is None or "_value" not in raw:
        return None
    values = raw["_value"]
    if isinstance(values, list | tuple):
        return kind, values
    message = f"'_value' of a {kind.value} must be a list, got {found(values)}"
    report.at("_value").error(SpaceCode.VALUE_NOT_A_LIST, message, f"write _value: {kind.shape}")
    return None


def _report_bare_value(raw: Json, report: Report) -> None:
    message = f"a parameter must be a mapping {{_type: ..., _value: [...]}}, got {found(raw)}"
    listed = raw if isinstance(raw, list | tuple) else [raw]
    help_text = f"for fixed values write {{_type: choice, _value: {shown(listed)}}}"
    report.error(SpaceCode.NOT_A_SPECIFICATION, message, help_text)


def _report_other_keys(raw: Mapping[Json, Json], report: Report) -> set[str]:
    """Report every key that is not ours. Returns those of ours that were meant by them."""
    misspelt: set[str] = set()
    absent = [key for key in _KEYS if key not in raw]
    others = [key for key in raw if key not in _KEYS][:_MAX_OTHER_KEYS]
    for other in others:
        meant = nearest(other, absent) if isinstance(other, str) and len(other) <= _MAX_OTHER_KEYS else None
        if meant:
            misspelt.add(meant)
            message = f"unknown key {other!r}"
            report.at(other).error(SpaceCode.KEY_WITHOUT_UNDERSCORE, message, f"did you mean {meant!r}?", at_key=True)
        elif len(absent) < len(_KEYS):
            # With neither of our keys present, that they are missing says it all.
            message = f"unknown key {shown(other)}"
            place = report.at(other) if isinstance(other, str) else report
            place.error(SpaceCode.UNKNOWN_KEY, message, "a parameter has the keys '_type' and '_value'", at_key=True)
    return misspelt


def _report_missing(raw: Mapping[Json, Json], missing: Sequence[str], report: Report) -> None:
    if "_type" not in missing:
        kind = type_named(raw.get("_type"))
        help_text = f"write _value: {kind.shape}" if kind else "write _value: [...]"
        report.error(SpaceCode.NO_VALUE, "'_value' is missing", help_text, at_key=True)
    elif "_value" in raw and not isinstance(raw["_value"], list | tuple):
        help_text = f"for a constant write {{_type: choice, _value: [{shown(raw['_value'])}]}}"
        report.error(SpaceCode.CONSTANT_WITHOUT_TYPE, "'_type' is missing", help_text, at_key=True)
    else:
        names = " and ".join(f"{key!r}" for key in missing)
        message = f"{names} {'is' if len(missing) == 1 else 'are'} missing"
        report.error(SpaceCode.NO_TYPE, message, f"'_type' is one of {TYPE_NAMES}", at_key=True)
