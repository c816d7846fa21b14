"""The constraints of an experiment: which parameters of a search space may be tried at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from attrs import field, frozen

from nni_core.errors import Problem
from nni_core.model import Parameters
from nni_core.space.codes import ConstraintCode
from nni_core.space.expression import Expression, ExpressionError
from nni_core.space.space import SearchSpace
from nni_core.space.values import shown

#: a finite space with at most so many points is looked through as a whole
ENUMERATED = 10_000
#: draws after which constraints count as satisfied by nothing
DRAWS = 10_000
#: parameters that are looked at for a mix of types, even when the first of them satisfy everything
_TRIED_FOR_TYPES = 32
#: problems that are reported of one list of constraints
_MOST_PROBLEMS = 20


@frozen(kw_only=True)
class Constraints:
    """Conditions that parameters have to satisfy, all of them."""

    expressions: tuple[Expression, ...] = ()
    #: how often each of them was the first to refuse, by its text; counted by :meth:`admit`
    refusals: Counter[str] = field(factory=Counter, eq=False)

    @classmethod
    def read(cls, texts: Sequence[str], space: SearchSpace) -> Constraints:
        """Constraints that are known to be right.

        :raises ExpressionError: when one is not.
        """
        return cls(expressions=tuple(Expression.read(text, space.parameters) for text in texts))

    def __bool__(self) -> bool:
        return bool(self.expressions)

    def broken_by(self, parameters: Parameters) -> Expression | None:
        """The first constraint that external parameters do not satisfy."""
        return next((one for one in self.expressions if not one.holds(parameters)), None)

    def admit(self, parameters: Parameters) -> bool:
        """Whether all are satisfied; counts which was not."""
        broken = self.broken_by(parameters)
        if broken is not None:
            self.refusals[broken.text] += 1
        return broken is None

    def why(self) -> str:
        """Which constraint refused most of what was counted since the last :meth:`forget`."""
        if not self.refusals:
            return ""
        text, times = self.refusals.most_common(1)[0]
        return f"{shown(text)} refused {times} of {self.refusals.total()}"

    def forget(self) -> None:
        """Begin to count anew."""
        self.refusals.clear()

    def problem_of(self, parameters: Parameters) -> Problem | None:
        """Why a user's own parameters may not be tried."""
        broken = self.broken_by(parameters)
        if broken is None:
            return None
        return Problem(
            code=ConstraintCode.VIOLATED,
            message=f"the parameters do not satisfy the constraint {shown(broken.text)}",
            help="change them, or the constraint",
        )


def validate_constraints(texts: Sequence[str], space: SearchSpace) -> list[Problem]:
    """Everything that is wrong with constraints over a space, notes (``fatal=False``) included. Key paths begin in
    their list. Whether anything satisfies them is tried out too."""
    problems: list[Problem] = []
    expressions: list[tuple[int, Expression]] = []
    for index, text in enumerate(texts):
        try:
            expression = Expression.read(text, space.parameters)
        except ExpressionError as error:
            problems.append(error.problem(text).under(index))
        else:
            expressions.append((index, expression))
            problems += [note.under(index) for note in expression.notes]
    if not any(problem.fatal for problem in problems):
        problems += _tried(expressions, space)
    return problems[:_MOST_PROBLEMS]


def _tried(expressions: Sequence[tuple[int, Expression]], space: SearchSpace) -> Iterator[Problem]:
    """Problems that show only with values."""
    constraints = Constraints(expressions=tuple(expression for _, expression in expressions))
    faults: dict[int, Problem] = {}
    found, tried = False, 0
    for tried, parameters in enumerate(_points(space), 1):
        if tried <= _TRIED_FOR_TYPES or not found:
            for index, expression in expressions:
                if index not in faults and (fault := expression.fault(parameters)) is not None:
                    faults[index] = fault.under(index)
        found = found or constraints.admit(parameters)
        if found and tried >= _TRIED_FOR_TYPES:
            break
    yield from faults.values()
    if not found and not faults and expressions:
        yield _infeasible(constraints, space, tried)


def _points(space: SearchSpace) -> Iterator[Parameters]:
    if space.size is not None and space.size <= ENUMERATED:
        return space.enumerate()
    random = Random(0)  # noqa: S311 - no secret
    return (space.sample(random) for _ in range(DRAWS))


def _infeasible(constraints: Constraints, space: SearchSpace, tried: int) -> Problem:
    finite = space.size is not None and space.size <= ENUMERATED
    what = f"none of its {tried} points does" if finite else f"none of {tried} random draws did"
    return Problem(
        code=ConstraintCode.INFEASIBLE,
        message=f"nothing in the search space satisfies the constraints: {what}",
        help=f"{constraints.why()}; loosen it, or change the search space",
    )
