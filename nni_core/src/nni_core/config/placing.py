"""Where a problem stands in the files of a config: keys may be found elsewhere than their canonical place."""

from __future__ import annotations

import attrs
from attrs import frozen

from nni_core.config.document import Document, matching_key
from nni_core.config.mistakes import ConflictProblem
from nni_core.config.schema import SHARED_WITH_SERVICE
from nni_core.errors import KeyPath, Problem


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
        return self._with_other(located) if isinstance(located, ConflictProblem) else located

    def _written(self, path: KeyPath) -> KeyPath:
        """Where the user wrote what belongs under a canonical path."""
        top = self.document.root.entries if self.document.root else {}
        if not path or matching_key(path[0], top) is not None:
            return path
        if path[0] == "tuner" and matching_key("advisor", top) is not None:
            return ("advisor", *path[1:])
        service = matching_key("training_service", top)
        if path[0] in SHARED_WITH_SERVICE and service is not None:
            inside = matching_key(path[0], top[service].node.entries)
            return path if inside is None else (service, inside, *path[1:])
        return path

    def _with_other(self, problem: ConflictProblem) -> Problem:
        """Add the line of the key that the problem's own key clashes with."""
        other = Problem(code=problem.code, message="", key_path=(*problem.key_path[:-1], problem.other), at_key=True)
        location = self.document.locate(other).location
        return attrs.evolve(problem, message=f"{problem.message} (line {location.line})") if location else problem
