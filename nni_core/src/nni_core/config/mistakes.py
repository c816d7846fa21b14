"""What is wrong with a value, on its way from where it is found to where its key is known."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from nni_core.config.codes import TextCode
from nni_core.config.wording import quoted
from nni_core.errors import KeyPath, Problem
from nni_core.model import Json


class MismatchError(Exception):
    """A value is not of the wanted type. Whoever knows its key makes a problem of it; the field's type and validator
    say better what was expected, unless ``is_of_type`` is False."""

    def __init__(self, expected: str, value: Json, help_: str = "", *, is_of_type: bool = True) -> None:
        super().__init__(expected)
        self.is_of_type = is_of_type
        self.expected = expected
        self.value = value
        self.help = help_


class MistakesError(Exception):
    """What is wrong inside a value, with key paths that begin in it. Mismatches inside lists and free mappings wait
    for the name of the field, which their message needs."""

    def __init__(
        self, problems: Sequence[Problem] = (), mismatches: Sequence[tuple[KeyPath, MismatchError]] = ()
    ) -> None:
        super().__init__(problems)
        self.problems = problems
        self.mismatches = mismatches


@frozen(kw_only=True)
class ConflictProblem(Problem):
    """A key that cannot stand beside another one; whoever knows the places adds that of the other."""

    #: the other key, in the same mapping
    other: str


def given_twice(first: str, second: str) -> ConflictProblem:
    """Two spellings of one key."""
    message = f"the key {quoted(second)} is given twice, first as {quoted(first)}"
    return ConflictProblem(
        code=TextCode.DUPLICATE_KEY,
        message=message,
        help="keep one of them",
        key_path=(second,),
        at_key=True,
        other=first,
    )
