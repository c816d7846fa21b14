"""Collects what is wrong with a space while it is read, each problem with the key path where it was found."""

from __future__ import annotations

from nni_core.errors import KeyPath, Problem
from nni_core.space.codes import SpaceCode


class Report:
    """A place in the document, and the list of problems shared by all places."""

    __slots__ = ("path", "problems")

    def __init__(self, problems: list[Problem], path: KeyPath = ()) -> None:
        self.problems = problems
        self.path = path

    def at(self, *keys: str | int) -> Report:
        """The same report, one or more keys further down."""
        return Report(self.problems, (*self.path, *keys))

    def error(self, code: SpaceCode, message: str, help_text: str = "", *, at_key: bool = False) -> None:
        """Something that must be mended before anything starts."""
        self._add(code, message, help_text, at_key, fatal=True)

    def note(self, code: SpaceCode, message: str, help_text: str = "", *, at_key: bool = False) -> None:
        """Something that is accepted, but may not be what was meant."""
        self._add(code, message, help_text, at_key, fatal=False)

    def _add(self, code: SpaceCode, message: str, help_text: str, at_key: bool, *, fatal: bool) -> None:
        self.problems.append(
            Problem(code=code.value, message=message, help=help_text, key_path=self.path, at_key=at_key, fatal=fatal)
        )
