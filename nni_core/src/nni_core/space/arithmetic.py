"""What the parts of a constraint compute. A value is a function of the external parameters; numbers, texts and lists
are never mixed in silence, and nothing here can grow beyond what a float holds."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from nni_core.model import Json, Parameters
from nni_core.space.values import found

Value = Callable[[Parameters], Json]
#: makes a value of two others, and of the place in the text where they meet
Operation = Callable[[Value, Value, int], Value]

#: a whole number with more bits is computed with as a float
_MAX_BITS = 1024


class WrongTypesError(Exception):
    """Values of the wrong types meet: text where a number is needed, say."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def all_of(parts: Sequence[Value]) -> Value:
    """Whether all conditions hold; later ones are not looked at when one does not."""
    return lambda parameters: all(part(parameters) for part in parts)


def any_of(parts: Sequence[Value]) -> Value:
    """Whether a condition holds; later ones are not looked at when one does."""
    return lambda parameters: any(part(parameters) for part in parts)


def negated(part: Value) -> Value:
    """Whether a condition does not hold."""
    return lambda parameters: not part(parameters)


def truth(value: Value, name: str, offset: int) -> Value:
    """A parameter that is a condition by itself."""

    def compute(parameters: Parameters) -> bool:
        answer = value(parameters)
        if not isinstance(answer, bool):
            raise WrongTypesError(f"{name!r} is neither true nor false: it is {found(answer)}", offset)
        return answer

    return compute


def listed(items: Sequence[Value]) -> Value:
    """A list of values."""
    return lambda parameters: [item(parameters) for item in items]


def signed(value: Value, offset: int, *, minus: bool) -> Value:
    """A number with its sign."""

    def compute(parameters: Parameters) -> Json:
        number = _number(value(parameters), "-" if minus else "+", offset)
        return -number if minus else +number

    return compute


def item(value: Value, place: int | str, offset: int) -> Value:
    """An item of a list or of a mapping."""

    def compute(parameters: Parameters) -> Json:
        holder = value(parameters)
        if isinstance(place, str) and isinstance(holder, Mapping) and place in holder:
            return holder[place]
        if isinstance(place, int) and isinstance(holder, list | tuple) and -len(holder) <= place < len(holder):
            return holder[place]
        raise WrongTypesError(f"there is no item {place!r} in {found(holder)}", offset)

    return compute


def _arithmetic(sign: str, compute: Callable[[Any, Any], Any]) -> Operation:
    def operation(left: Value, right: Value, offset: int) -> Value:
        def value(parameters: Parameters) -> Json:
            one, other = left(parameters), right(parameters)
            return compute(_number(one, sign, offset), _number(other, sign, offset))

        return value

    return operation


def _equality(compute: Callable[[Json, Json], bool]) -> Operation:
    return lambda left, right, _: lambda parameters: compute(left(parameters), right(parameters))


def _membership(*, inside: bool) -> Operation:
    def operation(left: Value, right: Value, offset: int) -> Value:
        def value(parameters: Parameters) -> bool:
            one, holder = left(parameters), right(parameters)
            if isinstance(holder, list | tuple) or (isinstance(holder, str) and isinstance(one, str)):
                return (one in holder) is inside
            raise WrongTypesError(f"'in' needs a list on its right, got {found(holder)}", offset)

        return value

    return operation


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent * base.bit_length() <= _MAX_BITS:
        return base**exponent
    answer = float(base) ** float(exponent)
    if isinstance(answer, complex):
        raise ValueError("a power that is no number")
    return answer


def _number(value: Json, what: str, offset: int) -> Any:
    """A number to compute with; true and false count as 1 and 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if value.bit_length() <= _MAX_BITS else float(value)
    if isinstance(value, float):
        return value
    raise WrongTypesError(f"{what!r} needs numbers, got {found(value)}", offset)


OPERATIONS: Mapping[type[ast.operator], Operation] = {
    ast.Add: _arithmetic("+", operator.add),
    ast.Sub: _arithmetic("-", operator.sub),
    ast.Mult: _arithmetic("*", operator.mul),
    ast.Div: _arithmetic("/", operator.truediv),
    ast.FloorDiv: _arithmetic("//", operator.floordiv),
    ast.Mod: _arithmetic("%", operator.mod),
    ast.Pow: _arithmetic("**", _power),
}
COMPARISONS: Mapping[type[ast.cmpop], Operation] = {
    ast.Eq: _equality(operator.eq),
    ast.NotEq: _equality(operator.ne),
    ast.Lt: _arithmetic("<", operator.lt),
    ast.LtE: _arithmetic("<=", operator.le),
    ast.Gt: _arithmetic(">", operator.gt),
    ast.GtE: _arithmetic(">=", operator.ge),
    ast.In: _membership(inside=True),
    ast.NotIn: _membership(inside=False),
}


@frozen(kw_only=True)
class Function:
    """A function that may be called."""

    name: str
    compute: Callable[..., Any]
    fewest: int = 1
    most: int = 1
    #: takes a list or a text, and not numbers
    of_list: bool = False

    @property
    def arity(self) -> str:
        """How many arguments it takes, in words."""
        if self.fewest == self.most:
            return f"{self.fewest} argument{'s' if self.most > 1 else ''}"
        return f"{self.fewest} or more arguments" if self.most > 2 else f"{self.fewest} or {self.most} arguments"

    def call(self, arguments: Sequence[Value], offset: int) -> Value:
        """The function's value at arguments."""

        def value(parameters: Parameters) -> Json:
            given = [argument(parameters) for argument in arguments]
            if self.of_list:
                if not isinstance(given[0], list | tuple | str):
                    raise WrongTypesError(f"{self.name!r} needs a list or a text, got {found(given[0])}", offset)
                return self.compute(given[0])
            return self.compute(*(_number(one, self.name, offset) for one in given))

        return value


def _round(number: float, digits: int = 0) -> float:
    return round(number, int(digits)) if digits else round(number)


def _log(number: float, base: float = math.e) -> float:
    return math.log(number) if base == math.e else math.log(number, base)


FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for function in (
        Function(name="min", compute=min, fewest=2, most=20),
        Function(name="max", compute=max, fewest=2, most=20),
        Function(name="abs", compute=abs),
        Function(name="len", compute=len, of_list=True),
        Function(name="log", compute=_log, most=2),
        Function(name="exp", compute=math.exp),
        Function(name="sqrt", compute=math.sqrt),
        Function(name="round", compute=_round, most=2),
    )
}
