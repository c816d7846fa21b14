"""The ``_value`` of every type but choice: two or three numbers that make a range or a bell curve."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nni_core.model import Json
from nni_core.space.codes import SpaceCode
from nni_core.space.domains import Choice, Integers
from nni_core.space.numeric import MAX_STEPS, Numeric, Scale
from nni_core.space.parameter_type import ParameterType
from nni_core.space.report import Report
from nni_core.space.values import found, plain, shown

#: whole numbers beyond it are changed by programs that read JSON numbers as floats
MAX_INTEGER = 2**53
#: smallest and largest logarithm of a positive float
_LOG_LOWEST, _LOG_HIGHEST = -744.0, 709.0
#: a draw further than this many standard deviations off is never seen
_SIGMAS = 6
_EXAMPLE_LOWEST = 1e-6


def read_domain(kind: ParameterType, values: Sequence[Json], report: Report) -> Choice | Integers | Numeric | None:
    """The domain of a numeric type; None, and problems in the report, when the values do not make one."""
    values = [plain(value) for value in values[:4]]
    if not _check_count(kind, values, report):
        return None
    if kind is ParameterType.RANDINT:
        return _integers(values, report)
    numbers = [_number(value, index, report) for index, value in enumerate(values)]
    complete = [number for number in numbers if number is not None]
    if len(complete) < len(numbers):
        return None
    q = complete[2] if kind.is_quantised else None
    if q is not None and not _check_quantum(q, report):
        return None
    ends = (complete[0], complete[1])
    return _around(kind, ends, q, report) if kind.is_normal else _between(kind, ends, q, report)


def _check_count(kind: ParameterType, values: Sequence[Json], report: Report) -> bool:
    expected = 3 if kind.is_quantised else 2
    if len(values) == expected:
        return True
    message = f"{kind.value} takes {kind.shape}, got {len(values) if len(values) < 4 else 'more'}"
    message += " values" if len(values) != 1 else " value"
    if kind is ParameterType.RANDINT and len(values) == 1:
        report.error(SpaceCode.ONE_INTEGER, message, f"write [0, {shown(values[0])}]")
    elif len(values) < expected:
        without = f", or _type: {kind.value[1:]} for no rounding" if kind.is_quantised and len(values) == 2 else ""
        report.error(SpaceCode.TOO_FEW_NUMBERS, message, f"write {kind.shape}{without}")
    elif len(values) == 3:
        stepped = ParameterType.QUNIFORM if kind is ParameterType.RANDINT else kind.quantised
        report.error(SpaceCode.TOO_MANY_NUMBERS, message, f"did you mean {stepped.value!r}, {stepped.shape}?")
    else:
        report.error(SpaceCode.TOO_MANY_NUMBERS, message, "for a list of values write _type: choice")
    return False


def _number(value: Json, index: int, report: Report) -> float | None:
    """A finite float, or None and a problem."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        _report_no_number(value, report.at(index))
        return None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isfinite(number):
        return number
    code = SpaceCode.NAN_BOUND if math.isnan(number) else SpaceCode.INFINITE_BOUND
    report.at(index).error(code, f"a finite number is needed, got {shown(value)}")
    return None


def _report_no_number(value: Json, report: Report) -> None:
    message = f"a number is needed, got {found(value)}"
    text = value.strip() if isinstance(value, str) and len(value) < 40 else ""
    pointed = text.replace(",", ".", 1)
    if pointed != text and _is_number(pointed):
        report.error(SpaceCode.DECIMAL_COMMA, message, f"write a decimal point: {pointed}")
    elif _is_number(text):
        report.error(SpaceCode.QUOTED_NUMBER, message, f"remove the quotes: {text}")
    else:
        report.error(SpaceCode.NOT_A_NUMBER, message)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _integers(values: Sequence[Json], report: Report) -> Integers | None:
    whole = [_whole(value, index, report) for index, value in enumerate(values)]
    low, high = whole
    if low is None or high is None:
        return None
    if low > high:
        message = f"the lower bound {low} is above the upper bound {high}"
        report.error(SpaceCode.SWAPPED_RANGE, message, f"swap them: [{high}, {low}]")
        return None
    if low == high:
        message = f"randint [{low}, {high}] is empty: the upper bound is not included"
        report.error(SpaceCode.EMPTY_INTEGERS, message, f"write [{low}, {high + 1}]")
        return None
    if high - low == 1:
        report.note(SpaceCode.CONSTANT, f"randint [{low}, {high}] is constant: it has one value, {low}")
    return Integers(low=low, high=high)


def _whole(value: Json, index: int, report: Report) -> int | None:
    """A whole number that every reader of JSON can hold, or None and a problem."""
    if not isinstance(value, int) or isinstance(value, bool):
        number = _number(value, index, report)
        if number is not None:
            message = f"whole numbers are needed, got {shown(value)}"
            report.at(index).error(SpaceCode.FRACTIONAL_INTEGER, message, f"write {math.ceil(number)}")
        return None
    if abs(value) > MAX_INTEGER:
        message = f"whole numbers are limited to 2^53 = {MAX_INTEGER} either way, got {shown(value)}"
        report.at(index).error(SpaceCode.HUGE_INTEGER, message)
        return None
    return value


def _check_quantum(q: float, report: Report) -> bool:
    if q > 0:
        return True
    code = SpaceCode.ZERO_QUANTUM if q == 0 else SpaceCode.NEGATIVE_QUANTUM
    report.at(2).error(code, f"q, the step between values, must be > 0, got {_typed(q)}")
    return False


def _check_steps(reach: float, q: float, report: Report) -> bool:
    """Whether floats as large as ``reach`` can be told apart in steps of q."""
    if reach / q < MAX_STEPS:
        return True
    report.at(2).error(
        SpaceCode.ZERO_QUANTUM, f"q must be > {reach / MAX_STEPS:.3g} for numbers this large, got {_typed(q)}"
    )
    return False


def _between(
    kind: ParameterType, ends: tuple[float, float], q: float | None, report: Report
) -> Choice | Numeric | None:
    low, high = ends
    scale = Scale.LOG if kind.is_logarithmic else Scale.LINEAR
    if scale is Scale.LOG and not _check_positive(low, high, report):
        return None
    if not _check_order(low, high, scale, report):
        return None
    if scale.inward(low) == scale.inward(high):
        # NNI takes it. One value is not a range, of which positions could be told.
        return Choice(values=(low,))
    if q is None:
        return Numeric.between(low, high, scale=scale)
    if not _check_steps(max(abs(low), abs(high)), q, report):
        return None
    domain = Numeric.between(low, high, scale=scale, q=q)
    _note_grid(domain, low, high, q, report)
    return domain


def _check_positive(low: float, high: float, report: Report) -> bool:
    if low > 0 and high > 0:
        return True
    index, wrong = (0, low) if low <= 0 else (1, high)
    code = SpaceCode.LOG_OF_ZERO if wrong == 0 else SpaceCode.LOG_OF_NEGATIVE
    help_text = ""
    if index == 0 and high > 0:
        help_text = f"write [{_typed(min(_EXAMPLE_LOWEST, high / 1000))}, {_typed(high)}]"
    report.at(index).error(code, f"bounds of a logarithmic range must be > 0, got {_typed(wrong)}", help_text)
    return False


def _check_order(low: float, high: float, scale: Scale, report: Report) -> bool:
    if low > high:
        message = f"the lower bound {_typed(low)} is above the upper bound {_typed(high)}"
        report.error(SpaceCode.SWAPPED_RANGE, message, f"swap them: [{_typed(high)}, {_typed(low)}]")
    elif scale.inward(low) == scale.inward(high):
        message = f"both bounds are {_typed(low)}: the parameter is constant"
        report.note(SpaceCode.ONE_POINT_RANGE, message, "widen the range, or drop the parameter")
        return True
    elif not math.isfinite(high - low):
        report.error(
            SpaceCode.INFINITE_RANGE, f"the range from {_typed(low)} to {_typed(high)} is not finite: narrow it"
        )
    else:
        return True
    return False


def _note_grid(domain: Numeric, low: float, high: float, q: float, report: Report) -> None:
    """What a range is that NNI accepts, and whose author may have meant another one."""
    if domain.size == 1:
        message = f"only one value is left, {_typed(domain.at(0))}: q {_typed(q)} is too large for the range"
        report.note(SpaceCode.ONE_POINT_GRID, message, f"write a q below {_typed(high - low)}")
    elif not (_is_multiple(low, q) and _is_multiple(high, q)):
        size = domain.size or 0
        some = [domain.at(rank) for rank in range(min(size, 3))]
        listed = ", ".join([_typed(number) for number in some] + ["...", _typed(domain.at(size - 1))] * (size > 3))
        message = f"the bounds are no multiples of q: values are rounded, then clipped to the range: {listed}"
        report.note(SpaceCode.CLIPPED_GRID, message)


def _typed(number: float) -> str:
    """A number as a user would have typed it: 5 rather than 5.0."""
    return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _is_multiple(number: float, q: float) -> bool:
    return math.isclose(number / q, round(number / q), rel_tol=1e-9, abs_tol=1e-9)


def _around(kind: ParameterType, ends: tuple[float, float], q: float | None, report: Report) -> Numeric | None:
    mu, sigma = ends
    if sigma <= 0:
        code = SpaceCode.ZERO_SIGMA if sigma == 0 else SpaceCode.NEGATIVE_SIGMA
        message = f"sigma, the standard deviation, must be > 0, got {_typed(sigma)}"
        report.at(1).error(code, message, "for a constant write _type: choice" if sigma == 0 else "")
        return None
    lowest, highest = mu - _SIGMAS * sigma, mu + _SIGMAS * sigma
    if not kind.is_logarithmic:
        if q is not None and not _check_steps(max(abs(lowest), abs(highest)), q, report):
            return None
        return Numeric.around(mu, sigma, q=q)
    if lowest < _LOG_LOWEST or highest > _LOG_HIGHEST:
        message = f"exp(mu +- {_SIGMAS} sigma) overflows with mu {_typed(mu)} and sigma {_typed(sigma)}"
        report.error(
            SpaceCode.EXPONENT_OVERFLOW, message, "mu and sigma are those of the logarithm: write smaller ones"
        )
        return None
    return Numeric.around(mu, sigma, scale=Scale.LOG, q=q)
