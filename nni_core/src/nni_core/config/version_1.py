"""Files of NNI's first schema, converted to the second with the place of everything in them.

What comes out is a :class:`~nni_core.config.document.Document` like any other, whose places are those of the user's
file: mistakes are found and located as in a file of the second schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import define, field, frozen

from nni_core.config.codes import ConfigCode
from nni_core.config.document import Document, Entry, Mark, Node, folded
from nni_core.config.mistakes import given_twice
from nni_core.config.platforms import distribution_of, known_platform
from nni_core.config.schema import ExperimentConfig
from nni_core.config.version_1_keys import DROPPED, PLATFORMS, SPELLINGS, Path, moves_of
from nni_core.config.wording import found, label, quoted
from nni_core.errors import ConfigError, KeyPath, Problem, nearest
from nni_core.model import Json

_ALGORITHMS = ("tuner", "assessor", "advisor")
_ROLES = ("worker", "ps", "master")
_NAMED = {(section,) for section in _ALGORITHMS}
_NOWHERE = Entry(Mark(1, 1), Node(Mark(1, 1)))


@frozen(kw_only=True)
class Conversion:
    """What became of a file of the first schema."""

    platform: str
    #: the same experiment in the second schema, with the places of the first
    document: Document
    #: located; fatal ones are about keys that cannot be converted
    problems: Sequence[Problem]

    def text(self) -> str:
        """The file in the second schema, as YAML. Comments are not kept."""
        return text_of(self.document)

    def in_first_schema(self, problem: Problem) -> Problem:
        """A problem about a key of the second schema that is missing, with the name that it has in the first."""
        if problem.code != ConfigCode.MISSING_KEY:
            return problem
        wanted = problem.key_path if problem.key_path not in _NAMED else (*problem.key_path, "name")
        old = next((old for old, new in moves_of(self.platform).items() if new == wanted), None)
        if old is None:
            return problem
        name = ".".join(SPELLINGS.get(key, key) for key in old)
        _, separator, installed = problem.help.partition("; ")
        help_ = f"add `{name}`, as NNI's first schema calls it{separator}{installed}"
        return attrs.evolve(problem, help=help_)


def text_of(document: Document) -> str:
    """A document as YAML."""
    # Imported here: a manager takes its config as data, and does without YAML.
    from nni_core.config.yaml_writing import yaml_of

    return yaml_of(document.data)


def convert(document: Document) -> Conversion:
    """Convert a file of the first schema, which is recognised by ``trainingServicePlatform``.

    :raises ConfigError: when its platform has no counterpart in the second schema.
    """
    return _Converter(document, _platform(document)).convert()


def _platform(document: Document) -> str:
    key, value = next(item for item in document.data.items() if folded(item[0]) == "trainingserviceplatform")
    name = str(value)
    if name in PLATFORMS:
        return name
    known = known_platform(name)
    meant = nearest(name, PLATFORMS)
    help_ = f"it is for a plugin {distribution_of(known)} to serve, with a config of the second schema" if known else ""
    problem = Problem(
        code=ConfigCode.NOT_CONVERTED,
        message=f"{quoted(key)} must be {', '.join(sorted(PLATFORMS))}, got {found(value)}",
        help=help_ or (f"did you mean {meant!r}?" if meant else ""),
        key_path=(key,),
    )
    raise ConfigError(*document.problems, document.locate(problem))


@define
class _Branch:
    """A mapping or list of the second schema that is being put together."""

    entry: Entry
    children: dict[str | int, _Branch | _Leaf] = field(factory=dict)

    def data(self) -> Json:
        if self.children and all(isinstance(key, int) for key in self.children):
            return [self.children[key].data() for key in sorted(self.children)]
        return {str(key): child.data() for key, child in self.children.items()}

    def node(self) -> Node:
        entries = {key: Entry(child.entry.key, child.node()) for key, child in self.children.items()}
        return Node(self.entry.node.mark, entries)


@define
class _Leaf:
    """A value of the first schema, taken over as it is."""

    entry: Entry
    value: Json
    #: where it stands in the first schema
    path: KeyPath

    def data(self) -> Json:
        return self.value

    def node(self) -> Node:
        return self.entry.node


class _Converter:
    def __init__(self, document: Document, platform: str) -> None:
        self._document = document
        self._platform = platform
        self._moves = moves_of(platform)
        self._root = _Branch(Entry(Mark(1, 1), document.root or _NOWHERE.node))
        self._dropped: list[KeyPath] = []
        self._problems: list[Problem] = []

    def convert(self) -> Conversion:
        self._take_mapping(self._document.data, (), (), self._document.root or _NOWHERE.node)
        for section in _ALGORITHMS:
            self._join_class(section)
        self._rename_advisor()
        self._complete_cluster()
        self._root.children = dict(sorted(self._root.children.items(), key=lambda item: _position(item[0])))
        document = attrs.evolve(self._document, data=self._root.data(), root=self._document.root and self._root.node())
        problems = [*self._problems, *self._warnings(document)]
        return Conversion(platform=self._platform, document=document, problems=problems)

    # --- key by key ---------------------------------------------------------------------------------------------------

    def _take_mapping(self, value: Mapping[str, Json], path: KeyPath, old: Path, node: Node) -> None:
        for key, item in value.items():
            self._take(item, (*path, key), (*old, folded(key)), node.entries.get(key, _NOWHERE))

    def _take(self, value: Json, path: KeyPath, old: Path, entry: Entry) -> None:
        """One key: moved, dropped, looked into, or refused. Null means not given, as everywhere in a config."""
        if old == ("multiphase",):
            self._refuse_multi_phase(value, path)
        elif old in self._moves:
            if value is not None:
                self._put(self._moves[old], path, entry, value)
        elif old in DROPPED:
            self._dropped.append(path)
        elif not any(known[: len(old)] == old for known in (*self._moves, *DROPPED)):
            self._refuse(path, old)
        elif value is not None:
            self._take_section(value, path, old, entry)

    def _take_section(self, value: Json, path: KeyPath, old: Path, entry: Entry) -> None:
        listed = any(known[: len(old) + 1] == (*old, "*") for known in self._moves)
        if listed and isinstance(value, list):
            for index, item in enumerate(value):
                self._take_section(item, (*path, index), (*old, "*"), entry.node.entries.get(index, _NOWHERE))
        elif not listed and isinstance(value, Mapping):
            self._take_mapping(value, path, old, entry.node)
        else:
            wanted = "a list of mappings" if listed else "a mapping"
            self._add(f"{label(path)} must be {wanted}, got {found(value)}", path, code=ConfigCode.WRONG_VALUE)

    def _put(self, target: Path, path: KeyPath, entry: Entry, value: Json) -> None:
        positions = iter([key for key in path if isinstance(key, int)])
        keys = [next(positions) if key == "*" else key for key in target]
        branch = self._root
        for key in keys[:-1]:
            child = branch.children.setdefault(key, _Branch(entry))
            if isinstance(child, _Leaf):
                raise TypeError(f"{target} goes through a value")
            branch = child
        if isinstance(before := branch.children.get(keys[-1]), _Leaf):
            self._problems.append(self._twice(before.path, path))
        else:
            branch.children[keys[-1]] = _Leaf(entry, value, path)

    def _twice(self, first: KeyPath, second: KeyPath) -> Problem:
        problem = given_twice(str(first[-1]), str(second[-1])).under(*second[:-1])
        located = self._document.locate(Problem(code=problem.code, message="", key_path=first, at_key=True)).location
        line = f" (line {located.line})" if located else ""
        return self._document.locate(attrs.evolve(problem, message=f"{problem.message}{line}"))

    # --- what cannot be converted, and what is left out ---------------------------------------------------------------

    def _refuse_multi_phase(self, value: Json, path: KeyPath) -> None:
        if value:
            message = "'multiPhase' is not supported: NNI itself removed it, and each trial has one set of parameters"
            self._add(message, path, "delete it, and ask for parameters once", code=ConfigCode.NOT_SUPPORTED)

    def _refuse(self, path: KeyPath, old: Path) -> None:
        """A key that the first schema does not have here."""
        known = {name[len(old) - 1] for name in (*self._moves, *DROPPED) if name[: len(old) - 1] == old[:-1]}
        meant = nearest(old[-1], known)
        where = f"in {label(path[:-1])} " if path[:-1] else ""
        self._add(
            f"{quoted(str(path[-1]))} cannot be converted: NNI's first schema has no such key {where}"
            f"for the platform {self._platform}",
            path,
            f"did you mean {SPELLINGS.get(meant, meant)!r}?" if meant else "delete it",
        )

    def _add(
        self, message: str, path: KeyPath, help_: str = "", *, code: ConfigCode = ConfigCode.NOT_CONVERTED
    ) -> None:
        at_key = code is not ConfigCode.WRONG_VALUE
        problem = Problem(code=code, message=message, help=help_, key_path=path, at_key=at_key)
        self._problems.append(self._document.locate(problem))

    def _warnings(self, document: Document) -> Iterator[Problem]:
        if self._dropped:
            names = ", ".join(quoted(str(path[-1])) for path in self._dropped)
            yield self._warning(
                ConfigCode.VERSION_1_DROPPED,
                f"left out, because nothing corresponds to it in the second schema: {names}",
                self._dropped[0],
                "delete these lines",
            )
        key = next(key for key in self._document.data if folded(key) == "trainingserviceplatform")
        yield self._warning(
            ConfigCode.VERSION_1_FILE,
            "this file is of NNI's first schema; it is converted whenever it is read",
            (key,),
            f"the same in the second schema:\n{text_of(document)}",
        )

    def _warning(self, code: ConfigCode, message: str, path: KeyPath, help_: str) -> Problem:
        problem = Problem(code=code, message=message, help=help_, key_path=path, at_key=True, fatal=False)
        return self._document.locate(problem)

    # --- what takes more than another name ----------------------------------------------------------------------------

    def _join_class(self, section: str) -> None:
        """``classFileName`` and ``className`` are one in the second schema: ``module.Class``."""
        branch = self._root.children.get(section)
        if not isinstance(branch, _Branch):
            return
        file, name = (branch.children.pop(key, None) for key in ("class_file_name", "class_name"))
        one = name or file
        if isinstance(one, _Leaf):
            joined = self._joined(file, name)
            # What is wrong with it has been said: a placeholder keeps the next step from saying it again.
            leaf = attrs.evolve(one, value=joined or "module.Class")
            branch.children = {"class_name": leaf, **branch.children}

    def _joined(self, file: _Branch | _Leaf | None, name: _Branch | _Leaf | None) -> str | None:
        if isinstance(file, _Leaf) and not isinstance(name, _Leaf):
            self._add(f"{label(file.path)} needs a class beside it", file.path, "add `className: …`")
        elif isinstance(name, _Leaf) and not isinstance(file, _Leaf):
            self._add(f"{label(name.path)} needs its file beside it", name.path, "add `classFileName: … .py`")
        elif isinstance(file, _Leaf) and isinstance(name, _Leaf):
            if isinstance(file.value, str) and file.value.endswith(".py") and "/" not in file.value:
                return f"{file.value.removesuffix('.py')}.{name.value}"
            message = f"{label(file.path)} must be the name of a file that ends in .py, got {found(file.value)}"
            self._add(message, file.path, "name the directory of the file in `codeDir`", code=ConfigCode.WRONG_VALUE)
        return None

    def _rename_advisor(self) -> None:
        """An advisor is a tuner in the second schema; beside a tuner it is left for the next step to refuse."""
        if "tuner" not in self._root.children and "advisor" in self._root.children:
            self._root.children["tuner"] = self._root.children.pop("advisor")

    def _complete_cluster(self) -> None:
        """What the second schema says in words, and the first by the presence of a key."""
        service = self._root.children.get("training_service")
        if not isinstance(service, _Branch):
            return
        if self._platform == "pai":
            platform: Any = service.children["platform"]
            service.children["platform"] = attrs.evolve(platform, value=PLATFORMS["pai"])
        storage = service.children.get("storage")
        if isinstance(storage, _Branch) and "storage_type" not in storage.children:
            kind = "nfs" if "server" in storage.children else "azureStorage"
            storage.children = {"storage_type": _Leaf(storage.entry, kind, ()), **storage.children}
        directory = self._root.children.get("trial_code_directory")
        for role in _ROLES:
            branch = service.children.get(role)
            if isinstance(branch, _Branch) and directory is not None:
                branch.children["code_directory"] = directory
        self._take_first_command(service)

    def _take_first_command(self, service: _Branch) -> None:
        """An experiment on a cluster has the commands of its roles; the second schema wants one at the top too."""
        listed = service.children.get("task_roles")
        first = listed.children.get(0) if isinstance(listed, _Branch) else None
        for role in (first, *(service.children.get(name) for name in _ROLES)):
            if isinstance(role, _Branch) and "command" in role.children:
                self._root.children.setdefault("trial_command", role.children["command"])


def _position(name: str | int) -> int:
    """The order of keys in a file of the second schema."""
    names = [each.name for each in attrs.fields(ExperimentConfig)]
    return names.index(name) if name in names else len(names)
