"""Where a problem stands in the files of a config: keys may be found elsewhere than their canonical place."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from attrs import frozen

from nni_core.config.document import Document, Entry, matching_key
from nni_core.config.mistakes import ConflictProblem
from nni_core.config.platforms import SERVICES
from nni_core.config.schema import SHARED_WITH_SERVICE
from nni_core.errors import KeyPath, Problem
from nni_core.space.expression import ExpressionProblem


@frozen(kw_only=True)
class Places:
    """The files of one config."""

    document: Document
    #: the file that ``search_space_file`` names, if one was read
    space: Document | None = None

    def locate(self, problem: Problem) -> Problem:
        """The problem with its place, and its keys in the user's own spelling; as it is when it has a place already.

        Key paths may use canonical names: ``("trial_gpu_number",)`` is found inside ``training_service`` too, and
        ``("tuner", …)`` under ``advisor``.
        """
        if problem.location is not None:
            return problem
        if self.space is not None and problem.key_path[:1] == ("search_space",):
            inner = self.space.locate(attrs.evolve(problem, key_path=problem.key_path[1:]))
            return inner.under("search_space")
        located = self.document.locate(attrs.evolve(problem, key_path=self._written(problem.key_path)))
        if isinstance(located, ExpressionProblem):
            return _inside_text(located)
        return self._with_other(located) if isinstance(located, ConflictProblem) else located

    def _written(self, path: KeyPath) -> KeyPath:
        """Where the user wrote what belongs under a canonical path."""
        top = self.document.root.entries if self.document.root else {}
        if path and path[0] != "training_service" and path[0] in top:
            return path  # there may be thousands of mistakes, and looking for the service takes time
        service = matching_key("training_service", top)
        if not path or service is None or path[0] != "training_service":
            return self._above(path, top, service)
        inside = top[service].node.entries
        if set(inside) == {0} and len(path) > 1 and path[1] != 0:  # a list of one is read as that one
            return (service, 0, *path[1:])
        return (service, *path[2:]) if path[1:2] == (SERVICES,) and 0 in inside else path

    def _above(self, path: KeyPath, top: Mapping[str | int, Entry], service: str | int | None) -> KeyPath:
        """Where the user wrote what belongs at the top of the file."""
        if not path or matching_key(path[0], top) is not None:
            return path
        if path[0] == "tuner" and matching_key("advisor", top) is not None:
            return ("advisor", *path[1:])
        if path[0] not in SHARED_WITH_SERVICE or service is None:
            return path
        holder: KeyPath = (service,)
        entries = top[service].node.entries
        if set(entries) == {0}:
            holder, entries = (service, 0), entries[0].node.entries
        inside = matching_key(path[0], entries)
        return path if inside is None else (*holder, inside, *path[1:])

    def _with_other(self, problem: ConflictProblem) -> Problem:
        """Add the line of the key that the problem's own key clashes with."""
        other = Problem(code=problem.code, message="", key_path=(*problem.key_path[:-1], problem.other), at_key=True)
        location = self.document.locate(other).location
        return attrs.evolve(problem, message=f"{problem.message} (line {location.line})") if location else problem


def _inside_text(problem: ExpressionProblem) -> Problem:
    """The caret under the place inside a text, where the file shows the text as it is: on one line, without escapes."""
    place = problem.location
    if place is None:
        return problem.spelt_out()
    for opening in (0, 1):  # without a quote, and with one
        begin = place.column - 1 + opening
        if place.source.startswith(problem.text, begin):
            return attrs.evolve(problem, location=attrs.evolve(place, column=begin + problem.offset + 1))
    return problem.spelt_out()
