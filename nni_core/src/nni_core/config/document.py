"""Plain data read from a text, together with the place of every key and value in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from nni_core.config.source_text import SourceText
from nni_core.config.wording import is_secret
from nni_core.errors import Location, Problem
from nni_core.model import Json


@frozen
class Mark:
    """A place in a text; both numbers count from 1."""

    line: int
    column: int


@frozen
class Entry:
    """What stands under one key of a mapping, or at one position of a list."""

    #: where the key begins; for the item of a list, where the item does
    key: Mark
    node: Node


@frozen
class Node:
    """Where one value begins, and the places of what is inside it. Aliases share the nodes of their anchor."""

    mark: Mark
    entries: Mapping[str | int, Entry] = field(factory=dict)


@frozen(kw_only=True)
class Document:
    """One file, or data that never was in a file."""

    data: Json
    #: None: the data was not read from a text, so nothing in it has a place
    source: SourceText | None = None
    root: Node | None = None
    #: mistakes that did not keep the rest from being read: duplicate keys, tags, merge keys
    problems: Sequence[Problem] = ()

    def locate(self, problem: Problem) -> Problem:
        """The problem with its place, and its keys in the user's own spelling. Unchanged when it already has a place.

        Keys are matched as NNI does. A key that is not there is placed at what should have held it.
        """
        if problem.location is not None or self.root is None:
            return problem
        found: list[Entry] = []
        spelt = list(problem.key_path)
        entries = self.root.entries
        for position, key in enumerate(problem.key_path):
            spelling = matching_key(key, entries)
            if spelling is None:
                break
            spelt[position] = spelling
            found.append(entries[spelling])
            entries = entries[spelling].node.entries
        missing = len(found) < len(spelt)
        mark = _mark(found, at_key=problem.at_key or missing, root=self.root)
        return evolve(problem, key_path=tuple(spelt), location=self._location(mark, secret=is_secret(tuple(spelt))))

    def _location(self, mark: Mark, *, secret: bool) -> Location | None:
        if self.source is None:
            return None
        location = self.source.location(mark.line, mark.column)
        return evolve(location, source="") if secret else location


def folded(key: str) -> str:
    """How NNI compares the keys of a config: in lower case, without underscores."""
    return key.replace("_", "").lower()


def matching_key(key: str | int, known: Mapping[str | int, Entry]) -> str | int | None:
    """The spelling under which a key is known, or None."""
    if key in known:
        return key
    if isinstance(key, int):
        return None
    return next((name for name in known if isinstance(name, str) and folded(name) == folded(key)), None)


def in_file_order(problems: Sequence[Problem]) -> list[Problem]:
    """Sort problems by their place; those without one come first, in the order given."""
    return sorted(problems, key=lambda problem: _order(problem.location))


def _order(location: Location | None) -> tuple[str, int, int]:
    return (location.file, location.line, location.column) if location else ("", 0, 0)


def _mark(found: Sequence[Entry], *, at_key: bool, root: Node) -> Mark:
    if not found:
        return root.mark
    return found[-1].key if at_key else found[-1].node.mark
