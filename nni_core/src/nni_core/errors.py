"""The one exception root, and the problem record that every message for a user is made of.

A :class:`UserError` is printed with its place and its fix, once, in ``cli/main.py``; the HTTP layer turns the
same problems into ``422`` documents. Anything that is not an :class:`NniError` is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from attrs import evolve, frozen

KeyPath = tuple[str | int, ...]

#: a word in a name, in snake_case or camelCase
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


@frozen(kw_only=True)
class Location:
    """A place in a file that the user wrote. Lines and columns count from 1."""

    #: the file as the user named it
    file: str
    line: int
    column: int
    #: the text of that line, without its end
    source: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@frozen(kw_only=True)
class Problem:
    """One mistake in what the user gave us: where, what was found, what was expected, and the fix."""

    #: stable code, ``NNI`` and three digits (1xx YAML, 2xx config, 3xx space, 4xx plugin, 5xx environment,
    #: 6xx metrics, 7xx HTTP, 8xx archive)
    code: str
    #: lower case, names the thing, no full stop
    message: str
    #: what to type instead; empty when the message already says it
    help: str = ""
    #: keys from the top of the document, in the user's own spelling
    key_path: KeyPath = ()
    #: True when the key itself is wrong, so that the caret stands under the key and not under its value
    at_key: bool = False
    location: Location | None = None
    #: False for a warning, which is printed and does not stop anything
    fatal: bool = True

    def under(self, *prefix: str | int) -> Problem:
        """The same problem seen from further up the document."""
        return evolve(self, key_path=(*prefix, *self.key_path))

    def render(self) -> str:
        """The text shown to a user: place, code, message, source line with caret, help."""
        kind = "error" if self.fatal else "warning"
        place = f"{self.location}: " if self.location else ""
        lines = [f"{place}{kind}[{self.code}]: {self.message}"]
        if self.location and self.location.source:
            # Tabs are kept in the padding so that the caret stays under its column.
            before = self.location.source[: self.location.column - 1]
            padding = "".join("\t" if letter == "\t" else " " for letter in before)
            lines += [f"    {self.location.source}", f"    {padding}^"]
        if self.help:
            lines.append(f"    help: {self.help}")
        return "\n".join(lines)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that another one most likely meant: spelt alike, without regard to case and underscores, or else
    the only one that has it as a word: ``experiment_name`` for ``name``."""

    def folded(text: str) -> str:
        return text.replace("_", "").replace("-", "").lower()

    by_folded = {folded(candidate): candidate for candidate in known}
    found = difflib.get_close_matches(folded(name), by_folded, n=1, cutoff=0.6)
    if found:
        return by_folded[found[0]]
    having = [one for one in by_folded.values() if name.lower() in (word.lower() for word in _WORD.findall(one))]
    return having[0] if len(having) == 1 else None


class NniError(Exception):
    """Root of every error that this project raises on purpose."""


class UserError(NniError):
    """Something the user can mend. Carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(problem.render() for problem in problems))
        self.problems = problems


class ConfigError(UserError):
    """The experiment config or its search space is wrong."""


class PluginError(UserError):
    """A plugin is missing, broken, claimed twice or made for another core."""


class MachineError(UserError):
    """The machine does not offer what was asked: a busy port, an unwritable folder, too little disk."""

    exit_code = 3


class NotFoundError(UserError):
    """An experiment, trial or file that was named does not exist."""

    exit_code = 2


class ConflictError(UserError):
    """The request makes sense, but not in the present state: killing a finished trial, say."""


class TemporaryError(NniError):
    """A failure that may go away: try again after ``delay`` seconds."""

    def __init__(self, message: str, *, delay: float = 1.0) -> None:
        super().__init__(message)
        self.delay = delay


class PermanentError(NniError):
    """A failure that will not go away by trying again."""
