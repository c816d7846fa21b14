"""One constraint: a boolean expression over the parameters of a search space, read with :mod:`ast` and never executed.

Only the nodes below are known. Names are parameters, ``layer.size`` is a parameter that a nested choice activates, and
a name that Python could not read stands in backquotes: `` `batch-size` * 2``.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve, field, frozen

from nni_core.errors import Problem, nearest
from nni_core.model import Json, Parameters
from nni_core.space import arithmetic
from nni_core.space.arithmetic import Value, WrongTypesError
from nni_core.space.codes import ConstraintCode
from nni_core.space.domains import Choice
from nni_core.space.parameter import NAME, Parameter
from nni_core.space.values import shown

MAX_LENGTH = 1000
MAX_NODES = 200
MAX_DEPTH = 32
#: the largest exponent that may be written
MAX_EXPONENT = 64
#: names of JSON and YAML that Python writes otherwise
_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
#: text, which may hold backquotes of its own, or a name in backquotes
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?P<name>[^`]*)`""")
#: what other languages write
_FOREIGN = {"&&": "and", "||": "or", "!": "not", "=": "=="}
_FOREIGN_SIGN = re.compile(r"&&|\|\||(?<![=!<>])=(?!=)|!(?!=)")

#: names of a parameter, from the top of the space down through nested choices
Path = tuple[str, ...]


class InactiveError(Exception):
    """The expression needs a parameter that is not active."""


@frozen(kw_only=True)
class ExpressionProblem(Problem):
    """What is wrong in an expression, and where in its text; who knows where the text stands makes a column of it."""

    text: str
    #: counts from 0
    offset: int

    def spelt_out(self) -> ExpressionProblem:
        """The same with the text in its message, for where it cannot be shown."""
        where = f"at character {self.offset + 1} of {shown(self.text)}"
        return evolve(self, message=f"{self.message}, {where}")


class ExpressionError(Exception):
    """An expression cannot be used."""

    def __init__(self, code: ConstraintCode, message: str, offset: int, help_text: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset
        self.help = help_text

    def problem(self, text: str) -> ExpressionProblem:
        """The same as a problem of the expression ``text``."""
        offset = min(max(self.offset, 0), max(len(text) - 1, 0))
        return ExpressionProblem(code=self.code, message=self.message, help=self.help, text=text, offset=offset)


@frozen(kw_only=True)
class Expression:
    """A condition on parameters."""

    text: str
    _condition: Value
    #: remarks on what is accepted, and may not be what was meant
    notes: Sequence[ExpressionProblem] = field(default=(), eq=False)

    @classmethod
    def read(cls, text: str, parameters: Sequence[Parameter]) -> Expression:
        """Read an expression over the parameters of a space.

        :raises ExpressionError: at the first place that is wrong.
        """
        reader = _Reader(text, parameters)
        return cls(text=text, condition=reader.condition(), notes=tuple(reader.notes))

    def holds(self, parameters: Parameters) -> bool:
        """Whether external parameters satisfy it. One that needs an inactive parameter holds; one that cannot be
        computed (a division by zero, text where a number is needed) does not."""
        try:
            return bool(self._condition(parameters))
        except InactiveError:
            return True
        except (ArithmeticError, ValueError, WrongTypesError):
            return False

    def fault(self, parameters: Parameters) -> ExpressionProblem | None:
        """A mix of types that shows with these parameters; None when there is none."""
        try:
            self._condition(parameters)
        except WrongTypesError as error:
            help_text = "compare text with == and !=, and parameters that are true or false by their name alone"
            found = ExpressionError(ConstraintCode.WRONG_TYPES, error.message, error.offset, help_text)
            return found.problem(self.text)
        except (InactiveError, ArithmeticError, ValueError):
            pass
        return None


class _Reader:
    """Turns one text into a function."""

    def __init__(self, text: str, parameters: Sequence[Parameter]) -> None:
        self._text = text
        self._known: dict[Path, list[Parameter]] = {}
        for parameter in parameters:
            self._known.setdefault(tuple(str(name) for name in parameter.key[::2]), []).append(parameter)
        #: names in backquotes, by what stands for them in the text that Python reads
        self._quoted: dict[str, str] = {}
        self._nodes = 0
        #: the text that Python reads, and how far it is indented in that of the user
        self._line, self._indent = "", 0
        self.notes: list[ExpressionProblem] = []

    def condition(self) -> Value:
        if len(self._text) > MAX_LENGTH:
            message = f"a constraint is limited to {MAX_LENGTH} characters, got {len(self._text)}"
            raise ExpressionError(ConstraintCode.TOO_LARGE, message, MAX_LENGTH, "write several constraints")
        if not self._text.strip():
            raise ExpressionError(ConstraintCode.SYNTAX, "a constraint must not be empty", 0, "write lr * batch <= 1")
        return self._condition(self._parsed(), 0)

    def _parsed(self) -> ast.expr:
        # Of the same length, so that places stay what they are; a line's end is a blank inside of an expression.
        line = _QUOTED.sub(self._placeholder, self._text).replace("\n", " ")
        self._line, self._indent = line.lstrip(), len(line) - len(line.lstrip())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self._line, mode="eval").body
        except SyntaxError as error:
            raise self._syntax(error.msg, self._indent + (error.offset or 1) - 1) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ExpressionError(ConstraintCode.TOO_LARGE, f"the constraint cannot be read: {error}", 0) from None

    def _placeholder(self, match: re.Match[str]) -> str:
        if match["name"] is None:
            return match[0]
        stands_for = f"_{len(self._quoted)}".ljust(len(match[0]), "_")
        if not match["name"] or len(stands_for) > len(match[0]):
            message = f"there are no parameters {match[0]!r}"
            raise ExpressionError(ConstraintCode.UNKNOWN_NAME, message, match.start())
        self._quoted[stands_for] = match["name"]
        return stands_for

    def _syntax(self, message: str, offset: int) -> ExpressionError:
        plain = _QUOTED.sub(lambda match: " " * len(match[0]), self._text)
        if sign := _FOREIGN_SIGN.search(plain):
            help_text = f"write {_FOREIGN[sign[0]]!r} for {sign[0]!r}"
            return ExpressionError(ConstraintCode.SYNTAX, f"{sign[0]!r} is no operator here", sign.start(), help_text)
        for word in re.finditer(r"[^\W\d]\w*", plain):
            if keyword.iskeyword(word[0]) and (word[0],) in self._known:
                message = f"{word[0]!r} is a word of the expression itself"
                help_text = f"write the parameter in backquotes: `{word[0]}`"
                return ExpressionError(ConstraintCode.SYNTAX, message, word.start(), help_text)
        told = message.partition(".")[0].lower()
        return ExpressionError(ConstraintCode.SYNTAX, f"the constraint cannot be read: {told}", offset)

    def _offset(self, node: ast.expr) -> int:
        """Where a node begins, in characters; Python counts bytes."""
        before = self._line.encode()[: node.col_offset]
        return self._indent + len(before.decode())

    # --- nodes ----------------------------------------------------------------------------------------------------

    def _count(self, node: ast.expr, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            what = f"more than {MAX_NODES} parts" if self._nodes > MAX_NODES else f"parts nested over {MAX_DEPTH} deep"
            message = f"the constraint has {what}"
            raise ExpressionError(ConstraintCode.TOO_LARGE, message, self._offset(node), "write several constraints")

    def _condition(self, node: ast.expr, depth: int) -> Value:
        """A part that must be true or false."""
        match node:
            case ast.BoolOp():
                self._count(node, depth)
                parts = [self._condition(part, depth + 1) for part in node.values]
                return arithmetic.all_of(parts) if isinstance(node.op, ast.And) else arithmetic.any_of(parts)
            case ast.UnaryOp(op=ast.Not()):
                self._count(node, depth)
                return arithmetic.negated(self._condition(node.operand, depth + 1))
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                value = self._value(node, depth)
                return arithmetic.truth(value, self._shown(node), self._offset(node))
            case ast.BinOp() | ast.Call() | ast.Constant() | ast.List() | ast.Tuple() | ast.UnaryOp():
                self._value(node, depth)  # what is wrong inside is said first
                raise self._no_condition(node)
            case _:
                raise self._not_allowed(node)

    def _no_condition(self, node: ast.expr) -> ExpressionError:
        always = isinstance(node, ast.Constant) and isinstance(node.value, bool)
        why = "is the same for all parameters" if always else "is neither true nor false"
        help_text = "compare it with something, on each side of 'and' and 'or'"
        message = f"{self._shown(node)!r} {why}"
        return ExpressionError(ConstraintCode.NOT_A_CONDITION, message, self._offset(node), help_text)

    def _comparison(self, node: ast.Compare, depth: int) -> Value:
        self._count(node, depth)
        parts = [node.left, *node.comparators]
        values = [self._value(part, depth + 1) for part in parts]
        links: list[Value] = []
        for index, sign in enumerate(node.ops):
            compare = arithmetic.COMPARISONS.get(type(sign))
            if compare is None:
                help_text = "write == or !="
                raise ExpressionError(
                    ConstraintCode.NOT_ALLOWED, "'is' cannot be used here", self._offset(parts[index]), help_text
                )
            if isinstance(sign, ast.Eq | ast.NotEq | ast.In | ast.NotIn):
                self._note_strangers(parts[index], parts[index + 1])
                self._note_strangers(parts[index + 1], parts[index])
            links.append(compare(values[index], values[index + 1], self._offset(parts[index])))
        return links[0] if len(links) == 1 else arithmetic.all_of(links)

    def _value(self, node: ast.expr, depth: int) -> Value:
        """A part that stands for a number, a text or a list."""
        self._count(node, depth)
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return self._parameter(node)
            case ast.Subscript():
                return self._item(node, depth)
            case ast.List() | ast.Tuple() | ast.Set():
                return arithmetic.listed([self._value(item, depth + 1) for item in node.elts])
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                value = self._value(node.operand, depth + 1)
                return arithmetic.signed(value, self._offset(node), minus=isinstance(node.op, ast.USub))
            case ast.BinOp() if type(node.op) in arithmetic.OPERATIONS:
                return self._operation(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                self._nodes -= 1
                return self._condition(node, depth)
            case _:
                raise self._not_allowed(node)

    def _constant(self, node: ast.Constant) -> Value:
        value = node.value
        if not isinstance(value, str | int | float | bool | None):
            raise self._not_allowed(node)
        return lambda _: value

    def _operation(self, node: ast.BinOp, depth: int) -> Value:
        exponent = node.right.value if isinstance(node.right, ast.Constant) else None
        if isinstance(node.op, ast.Pow) and isinstance(exponent, int | float) and abs(exponent) > MAX_EXPONENT:
            message = f"an exponent is limited to {MAX_EXPONENT}, got {shown(exponent)}"
            raise ExpressionError(ConstraintCode.TOO_LARGE, message, self._offset(node.right))
        operate = arithmetic.OPERATIONS[type(node.op)]
        left, right = self._value(node.left, depth + 1), self._value(node.right, depth + 1)
        return operate(left, right, self._offset(node))

    def _call(self, node: ast.Call, depth: int) -> Value:
        offset = self._offset(node)
        known = ", ".join(sorted(arithmetic.FUNCTIONS))
        if not isinstance(node.func, ast.Name):
            message = f"{self._shown(node.func)!r} cannot be called"
            raise ExpressionError(ConstraintCode.NOT_ALLOWED, message, offset, f"there are the functions {known}")
        function = arithmetic.FUNCTIONS.get(node.func.id)
        if function is None:
            close = nearest(node.func.id, arithmetic.FUNCTIONS)
            help_text = f"did you mean {close!r}?" if close else f"there are {known}"
            message = f"there is no function {node.func.id!r}"
            raise ExpressionError(ConstraintCode.UNKNOWN_NAME, message, offset, help_text)
        if node.keywords or not function.fewest <= len(node.args) <= function.most:
            got = "a named one" if node.keywords else len(node.args)
            message = f"{node.func.id!r} takes {function.arity}, got {got}"
            raise ExpressionError(ConstraintCode.WRONG_ARGUMENTS, message, offset)
        return function.call([self._value(argument, depth + 1) for argument in node.args], offset)

    def _item(self, node: ast.Subscript, depth: int) -> Value:
        place = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if not isinstance(place, int | str) or isinstance(place, bool):
            message = f"an item is chosen by a number or a text, as in {self._shown(node.value)}[0]"
            raise ExpressionError(ConstraintCode.NOT_ALLOWED, message, self._offset(node.slice))
        return arithmetic.item(self._value(node.value, depth + 1), place, self._offset(node))

    # --- parameters -----------------------------------------------------------------------------------------------

    def _parameter(self, node: ast.expr) -> Value:
        path = self._path(node)
        if path is None:
            raise self._not_allowed(node)
        found = self._found(path)
        if found is None and len(path) == 1 and path[0] in _CONSTANTS:
            constant = _CONSTANTS[path[0]]
            return lambda _: constant
        if found is None:
            raise self._unknown(path, self._offset(node))
        return _lookup(found)

    def _found(self, path: Path) -> Path | None:
        """A path as the space spells it. Python reads names in the NFKC form."""
        if path in self._known:
            return path
        return next((one for one in self._known if tuple(map(_composed, one)) == path), None)

    def _path(self, node: ast.expr) -> Path | None:
        """The names of ``a.b.c``; None for anything else."""
        if isinstance(node, ast.Name):
            return (self._quoted.get(node.id, node.id),)
        if isinstance(node, ast.Attribute) and (above := self._path(node.value)) is not None:
            return (*above, self._quoted.get(node.attr, node.attr))
        return None

    def _unknown(self, path: Path, offset: int) -> ExpressionError:
        names = [".".join(one) for one in self._known]
        wanted = ".".join(path)
        last = {one[-1]: ".".join(one) for one in self._known if len(one) > 1}
        close = last.get(wanted) or nearest(wanted, names) or last.get(nearest(wanted, last) or "")
        help_text = f"did you mean {close!r}?" if close else f"the parameters are {_listed(names)}"
        message = f"the search space has no parameter {wanted!r}"
        if len(path) == 1 and close is None:
            help_text += "; text stands in quotes"
        return ExpressionError(ConstraintCode.UNKNOWN_NAME, message, offset, help_text)

    def _note_strangers(self, named: ast.expr, others: ast.expr) -> None:
        """Note values that a choice is compared with, and never has."""
        path = self._path(named)
        found = self._found(path) if path else None
        domains = [parameter.domain for parameter in self._known[found]] if found else []
        values = [value for domain in domains if isinstance(domain, Choice) for value in domain.values]
        if not values or not all(isinstance(domain, Choice) for domain in domains):
            return
        constants = others.elts if isinstance(others, ast.List | ast.Tuple | ast.Set) else [others]
        for constant in constants:
            if isinstance(constant, ast.Constant) and not _occurs(constant.value, values):
                self._note_stranger(constant, ".".join(found or ()), values)

    def _note_stranger(self, constant: ast.Constant, name: str, values: Sequence[Json]) -> None:
        close = nearest(str(constant.value), [value for value in values if isinstance(value, str)])
        help_text = f"did you mean {close!r}?" if close else f"it is one of {shown(list(values))}"
        message = f"{name!r} is never {shown(constant.value)}"
        self.notes.append(
            ExpressionProblem(
                code=ConstraintCode.NEVER_EQUAL,
                message=message,
                help=help_text,
                fatal=False,
                text=self._text,
                offset=self._offset(constant),
            )
        )

    def _shown(self, node: ast.expr) -> str:
        """The text of a part, as it was written."""
        start = self._offset(node)
        end = self._indent + len(self._line.encode()[: node.end_col_offset].decode())
        text = self._text[start:end].replace("\n", " ")
        return text if len(text) <= 60 else f"{text[:57]}..."

    def _not_allowed(self, node: ast.expr) -> ExpressionError:
        message = f"{self._shown(node)!r} cannot be used in a constraint"
        help_text = "there are parameters, numbers, texts, lists, + - * / // % **, comparisons, and, or, not"
        return ExpressionError(ConstraintCode.NOT_ALLOWED, message, self._offset(node), help_text)


def _lookup(path: Path) -> Callable[[Parameters], Json]:
    """Reads a parameter from external parameters; of a nested choice, the name of the candidate."""

    def read(parameters: Parameters) -> Json:
        value: Json = parameters
        for name in path:
            if not isinstance(value, Mapping) or name not in value:
                raise InactiveError
            value = value[name]
        return value[NAME] if isinstance(value, Mapping) and NAME in value else value

    return read


def _occurs(value: object, values: Iterable[Json]) -> bool:
    return any(value == one for one in values)


def _composed(name: str) -> str:
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*names[:8], *(["..."] if len(names) > 8 else [])])
