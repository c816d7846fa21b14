"""The ten parameter types by name, the shape of their ``_value``, and what other frameworks call them."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from nni_core.errors import nearest
from nni_core.space.codes import SpaceCode
from nni_core.space.report import Report
from nni_core.space.values import found, shown


class ParameterType(StrEnum):
    """NNI's parameter types. The eight numeric names are spelled from their parts: ``[q][log](uniform|normal)``."""

    CHOICE = "choice"
    RANDINT = "randint"
    UNIFORM = "uniform"
    QUNIFORM = "quniform"
    LOGUNIFORM = "loguniform"
    QLOGUNIFORM = "qloguniform"
    NORMAL = "normal"
    QNORMAL = "qnormal"
    LOGNORMAL = "lognormal"
    QLOGNORMAL = "qlognormal"

    @property
    def is_quantised(self) -> bool:
        """Values are rounded to multiples of ``q``."""
        return self.value.startswith("q")

    @property
    def is_logarithmic(self) -> bool:
        """Values are drawn on a logarithmic scale."""
        return "log" in self.value

    @property
    def is_normal(self) -> bool:
        """Values are drawn from a normal distribution and have no bounds."""
        return self.value.endswith("normal")

    @property
    def shape(self) -> str:
        """What ``_value`` looks like."""
        if self in _SHAPES:
            return _SHAPES[self]
        ends = "mu, sigma" if self.is_normal else "low, high"
        return f"[{ends}, q]" if self.is_quantised else f"[{ends}]"

    @property
    def quantised(self) -> ParameterType:
        """The same distribution, rounded to multiples of ``q``."""
        return self if self.is_quantised else ParameterType(f"q{self.value}")


_SHAPES = {ParameterType.CHOICE: "[a, b, c]", ParameterType.RANDINT: "[lower, upper]"}

_CHOICE, _RANDINT, _UNIFORM = ParameterType.CHOICE, ParameterType.RANDINT, ParameterType.UNIFORM
_ONE_VALUE = "with one value in its list"
_EXCLUSIVE = "its upper bound is not included"
_OR_LOG = "or 'loguniform' for a logarithmic scale"

#: what other frameworks call a type: NNI's name, and a remark
_FOREIGN: MappingProxyType[str, tuple[ParameterType, str]] = MappingProxyType(
    {
        "categorical": (_CHOICE, ""),
        "suggest_categorical": (_CHOICE, ""),
        "discrete": (_CHOICE, ""),
        "ordinal": (_CHOICE, ""),
        "grid": (_CHOICE, ""),
        "grid_search": (_CHOICE, ""),
        "pchoice": (_CHOICE, "every value is equally likely"),
        "enum": (_CHOICE, ""),
        "bool": (_CHOICE, "with the values [true, false]"),
        "boolean": (_CHOICE, "with the values [true, false]"),
        "const": (_CHOICE, _ONE_VALUE),
        "constant": (_CHOICE, _ONE_VALUE),
        "fixed": (_CHOICE, _ONE_VALUE),
        "int": (_RANDINT, _EXCLUSIVE),
        "integer": (_RANDINT, _EXCLUSIVE),
        "range": (_RANDINT, _EXCLUSIVE),
        "suggest_int": (_RANDINT, _EXCLUSIVE),
        "int_uniform": (_RANDINT, _EXCLUSIVE),
        "uniformint": (_RANDINT, _EXCLUSIVE),
        "float": (_UNIFORM, _OR_LOG),
        "double": (_UNIFORM, _OR_LOG),
        "real": (_UNIFORM, _OR_LOG),
        "suggest_float": (_UNIFORM, _OR_LOG),
        "log_uniform": (ParameterType.LOGUNIFORM, ""),
        "log_float": (ParameterType.LOGUNIFORM, ""),
        "q_uniform": (ParameterType.QUNIFORM, ""),
        "qrandint": (ParameterType.QUNIFORM, ""),
        "q_log_uniform": (ParameterType.QLOGUNIFORM, ""),
        "lograndint": (ParameterType.QLOGUNIFORM, "with q 1"),
        "qlograndint": (ParameterType.QLOGUNIFORM, ""),
        "gaussian": (ParameterType.NORMAL, ""),
        "randn": (ParameterType.NORMAL, ""),
        "qrandn": (ParameterType.QNORMAL, ""),
        "log_normal": (ParameterType.LOGNORMAL, ""),
    }
)

#: NNI's types for searching network architectures, which this project leaves out
_ARCHITECTURE = frozenset({"layer_choice", "input_choice", "mutable_layer", "mutable_type", "optional_input"})

_BY_NAME = MappingProxyType({member.value: member for member in ParameterType})

TYPE_NAMES = ", ".join(ParameterType)


def type_named(name: object) -> ParameterType | None:
    """The type of exactly this name."""
    return _BY_NAME.get(name) if isinstance(name, str) else None


def read_type(name: object, report: Report) -> ParameterType | None:
    """The type that a ``_type`` names; None, and a problem in the report, when there is none of that name."""
    if not isinstance(name, str):
        report.error(SpaceCode.UNKNOWN_TYPE, f"'_type' must be text, got {found(name)}", f"one of {TYPE_NAMES}")
        return None
    if kind := type_named(name):
        return kind
    if name in _ARCHITECTURE:
        message = f"type {shown(name)} searches network architectures, which is out of scope"
        report.error(SpaceCode.ARCHITECTURE_TYPE, message, f"one of {TYPE_NAMES}")
    elif name.lower() in _FOREIGN:
        meant, remark = _FOREIGN[name.lower()]
        message = f"{shown(name)} is another framework's name for {meant.value!r}"
        help_text = f"write _type: {meant.value}, _value: {meant.shape}"
        report.error(SpaceCode.FOREIGN_TYPE, message, f"{help_text}; {remark}" if remark else help_text)
    else:
        close = nearest(name[:100], ParameterType)
        help_text = f"did you mean {str(close)!r}?" if close else f"one of {TYPE_NAMES}"
        report.error(SpaceCode.UNKNOWN_TYPE, f"there is no parameter type {shown(name)}", help_text)
    return None
