"""From a config file, or data in memory, to an :class:`~nni_core.config.schema.ExperimentConfig`.

Everything that can be said without starting anything is said at once, each mistake with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from nni_core.config.canonical import canonical_config
from nni_core.config.checks import check
from nni_core.config.codes import ConfigCode
from nni_core.config.document import Document, folded, in_file_order
from nni_core.config.goal_checks import goal_problems
from nni_core.config.goals import ObjectiveConfig
from nni_core.config.lookup import PluginLookup
from nni_core.config.mistakes import ConflictProblem, MismatchError
from nni_core.config.order import order_problems
from nni_core.config.placing import Places
from nni_core.config.read import document_of, read_document, read_space_document
from nni_core.config.retired import is_harmless, is_version_1, retired_key
from nni_core.config.schema import AlgorithmConfig, ExperimentConfig, LogLevel, TrainingServiceConfig
from nni_core.config.search_checks import search_problems
from nni_core.config.sections import Sections, missing_name
from nni_core.config.structure import Given, Structurer
from nni_core.config.version_1 import convert
from nni_core.config.wording import found, label, quoted
from nni_core.errors import ConfigError, KeyPath, PluginError, Problem
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.space import validate
from nni_core.space.codes import SpaceCode

#: a search space, or a parameter in it, of another form than NNI's
_FORMS = frozenset(
    {SpaceCode.NO_PARAMETERS, SpaceCode.NOT_A_SPECIFICATION, SpaceCode.NO_TYPE}
    | {SpaceCode.UNKNOWN_TYPE, SpaceCode.FOREIGN_TYPE}
)
#: read one by one, for the others to be judged when one of them is wrong
_SECTIONS = ("tuner", "assessor", "training_service", "sinks", "search_space")


@frozen(kw_only=True)
class LoadedConfig:
    """A config that is right, and where everything in it was written."""

    config: ExperimentConfig
    #: problems that stop nothing, in the order of the file
    warnings: Sequence[Problem]
    places: Places

    @property
    def source(self) -> str:
        """The text of the file; empty for data that was not read from one."""
        return self.places.document.source.text if self.places.document.source else ""

    def canonical(self) -> dict[str, Json]:
        """NNI's canonical form, which :func:`load_config_data` takes again. The caller may change it."""
        return canonical_config(self.config)


def load_config(path: Path, lookup: PluginLookup) -> LoadedConfig:
    """Read a YAML or JSON file. Relative paths in it begin at its own directory.

    :raises ConfigError: with every mistake in it, in the order of the file.
    """
    return _Loading(read_document(path), path.resolve().parent, lookup).load()


def load_config_data(data: Mapping[str, Json], base: Path, lookup: PluginLookup) -> LoadedConfig:
    """Take a config from memory: the same checks, without places. Relative paths begin at ``base``.

    :raises ConfigError: with every mistake in it.
    """
    return _Loading(document_of(data), base.resolve(), lookup).load()


def converted_text(path: Path) -> str | None:
    """A file of NNI's first schema in the second, as YAML, whether or not it describes an experiment that can be run;
    None for a file of the second schema.

    :raises ConfigError: when it cannot be read or converted.
    """
    document = read_document(path)
    if not is_version_1(document.data):
        return None
    conversion = convert(document)
    problems = [problem for problem in (*document.problems, *conversion.problems) if problem.fatal]
    if problems:
        raise ConfigError(*in_file_order(problems))
    return conversion.text()


def locate(loaded: LoadedConfig, problem: Problem) -> Problem:
    """Give a later problem, from a training service's check or a tuner's start, its place in the config."""
    return loaded.places.locate(problem)


def _is_own_class(tuner: Given | None) -> bool:
    return tuner is not None and isinstance(tuner.value, Mapping) and "classname" in map(folded, tuner.value)


def _for_own_class(problem: Problem) -> Problem:
    """What is no parameter in NNI's form may be one in the form that a class of the user's reads."""
    if not problem.fatal or problem.code not in _FORMS:
        return problem
    return attrs.evolve(problem, fatal=False, help=f"right if your own tuner reads it; otherwise: {problem.help}")


def _is_placeholder(given: Given) -> bool:
    """Whether a section is what NNI's Python interface writes for a tuner or an assessor that is not set."""
    return isinstance(given.value, Mapping) and given.value.get("name") == "_none_"


def _space_problem(data: Mapping[str, Json]) -> Problem | None:
    """Whoever gives the file of a search space for a config is told that, and not what else is missing."""
    if not data or not all(isinstance(value, Mapping) and "_type" in value for value in data.values()):
        return None
    return Problem(
        code=ConfigCode.SPACE_FILE,
        message=f"this is a search space, of {', '.join(map(quoted, data))}, and no config",
        help="name the file in a config, under `search_space_file`; nnictl validate --space FILE checks it alone",
        key_path=(next(iter(data)),),
        at_key=True,
    )


@frozen(kw_only=True)
class _Written(ExperimentConfig):
    """The keys that may be written at the top of a file."""

    #: the old name of ``tuner``
    advisor: Any = None


class _Loading:
    """One reading of one config."""

    def __init__(self, document: Document, base: Path, lookup: PluginLookup) -> None:
        self._conversion = conversion = convert(document) if is_version_1(document.data) else None
        self._places = Places(document=conversion.document if conversion else document)
        self._data: Mapping[str, Json] = self._places.document.data
        self._lookup = lookup
        self._structurer = Structurer(base=base, fold_keys=True)
        self._sections = Sections(lookup, base)
        self._service: TrainingServiceConfig | None = None
        self._problems: list[Problem] = [*(conversion.problems if conversion else ())]

    def load(self) -> LoadedConfig:
        if (problem := _space_problem(self._data)) is not None:
            raise ConfigError(self._places.locate(problem))
        given = self._match()
        values = self._plain_fields(given)
        values.update(self._read_sections(given, values.get("objectives", ()), values.get("max_trial_number")))
        values["search_space"] = self._search_space(given, values.pop("search_space_file", None))
        self._problems += check(values)
        self._problems += search_problems(values)
        self._problems += goal_problems(values)
        self._problems += order_problems(values)
        self._problems += self._sections.problems
        problems = self._sorted(self._problems)
        if any(problem.fatal for problem in problems):
            raise ConfigError(*(problem for problem in problems if problem.fatal))
        return LoadedConfig(config=ExperimentConfig(**values), warnings=tuple(problems), places=self._places)

    def _match(self) -> dict[str, Given]:
        """What was given for each field, from wherever NNI allows it to be written."""
        given, problems = self._structurer.match(self._data, _Written)
        self._problems += [self._retired(problem) for problem in problems]
        given = {name: one for name, one in given.items() if not _is_placeholder(one)}
        advisor = given.pop("advisor", None)
        if advisor is not None and advisor.value is not None:
            if "tuner" in given:
                self._refuse_both(given["tuner"].path, advisor.path, "`advisor` is an old name of `tuner`: keep one")
            given.setdefault("tuner", advisor)
        return given

    def _retired(self, unknown: Problem) -> Problem:
        """An unknown key, unless it is one that NNI once had."""
        problem = retired_key(unknown.key_path) or unknown
        if is_harmless(unknown.key_path, self._data):
            return attrs.evolve(problem, fatal=False, help="delete it: it changes nothing here")
        return problem

    def _plain_fields(self, given: dict[str, Given]) -> dict[str, Any]:
        """The fields that are no sections; among them those that stand inside the training service."""
        shared: dict[str, Given] = {}
        self._load_plugin_files(given)
        if (service := given.get("training_service")) and service.value is not None:
            self._service = self._sections.service(service, shared)
        for name, inner in shared.items():
            if inner.value is not None:
                self._warn_of_two(given.get(name), inner)
                given[name] = inner
        values, problems = self._structurer.fields(given, ExperimentConfig, leave_out=_SECTIONS)
        self._problems += problems
        return self._with_defaults(values, given)

    def _with_defaults(self, values: dict[str, Any], given: Mapping[str, Given]) -> dict[str, Any]:
        """Fill in the defaults that depend on where and what: paths, and the level of logs."""
        for name in ("trial_code_directory", "experiment_working_directory"):
            if name not in given or given[name].value is None:
                values[name] = self._structurer.resolve(str(attrs.fields_dict(ExperimentConfig)[name].default))
        if values.get("log_level") is None:
            values["log_level"] = LogLevel.DEBUG if values.get("debug") else LogLevel.INFO
        return values

    def _read_sections(
        self, given: Mapping[str, Given], objectives: Sequence[ObjectiveConfig], max_trial_number: int | None
    ) -> dict[str, Any]:
        self._sections.direction = objectives[0].direction if objectives else None
        self._sections.objectives = objectives if len(objectives) > 1 else ()
        self._sections.max_trial_number = max_trial_number
        for kind in (PluginKind.TUNER, PluginKind.TRAINING_SERVICE):
            if kind.value not in given or given[kind.value].value is None:
                self._problems.append(missing_name(self._lookup, kind, (kind.value,)))
        return {
            "tuner": self._algorithm(PluginKind.TUNER, given),
            "assessor": self._algorithm(PluginKind.ASSESSOR, given),
            "training_service": self._service,
            "sinks": self._sinks(given),
        }

    def _algorithm(self, kind: PluginKind, given: Mapping[str, Given]) -> AlgorithmConfig | None:
        one = given.get(kind.value)
        return self._sections.algorithm(kind, one) if one and one.value is not None else None

    def _sinks(self, given: Mapping[str, Given]) -> tuple[Any, ...]:
        one = given.get("sinks")
        if one is None or one.value is None:
            return ()
        if not isinstance(one.value, list):
            self._add(ConfigCode.WRONG_VALUE, f"{label(one.path)} must be a list, got {found(one.value)}", one.path)
            return ()
        items = (Given(path=(*one.path, index), value=item) for index, item in enumerate(one.value))
        return tuple(self._sections.sink(item) for item in items)

    def _load_plugin_files(self, given: Mapping[str, Given]) -> None:
        """Make the user's own plugins known before any name is looked up."""
        one = given.get("plugins")
        files = one.value if one and isinstance(one.value, list) else ()
        for index, name in enumerate(files):
            path = (*(one.path if one else ()), index)
            if not isinstance(name, str):
                continue  # said when the fields are structured
            try:
                self._lookup.load_file(self._structurer.resolve(name))
            except MismatchError:
                continue  # said when the fields are structured
            except PluginError as error:
                self._problems += [attrs.evolve(problem, key_path=path) for problem in error.problems]

    def _search_space(self, given: Mapping[str, Given], file: Path | None) -> Json:
        """The search space, which may be in a file of its own. A tuner of the user's own may read forms of its own."""
        inline, named = given.get("search_space"), given.get("search_space_file")
        if inline is not None and inline.value is None:
            inline = None
        if inline is None and (named is None or named.value is None):
            if "use_annotation" in given and given["use_annotation"].value is True:
                return None  # refused already: that is where the search space would have come from
            self._add(
                ConfigCode.MISSING_KEY,
                "'search_space' is missing, and so is 'search_space_file'",
                ("search_space",),
                "write `search_space:` and under it the names of the hyper-parameters, each with _type and _value",
            )
            return None
        if inline is not None and file is not None:
            self._refuse_both(inline.path, given["search_space_file"].path, "keep one of them")
        space = inline.value if inline is not None else self._read_space(file, given["search_space_file"].path)
        if space is not None:
            problems = [problem.under("search_space") for problem in validate(space)]
            own = _is_own_class(given.get("tuner"))
            self._problems += [_for_own_class(problem) for problem in problems] if own else problems
        return space

    def _read_space(self, file: Path | None, path: KeyPath) -> Json:
        if file is None:
            return None
        try:
            document = read_space_document(file)
        except ConfigError as error:
            self._problems += [attrs.evolve(problem, key_path=path) for problem in error.problems]
            return None
        self._places = attrs.evolve(self._places, space=document)
        return document.data

    def _warn_of_two(self, outer: Given | None, inner: Given) -> None:
        if outer is None or outer.value is None or outer.value == inner.value:
            return
        self._problems.append(
            Problem(
                code=ConfigCode.TWO_VALUES,
                message=f"{label(inner.path)} is given here and at the top of the file; this one counts",
                key_path=inner.path,
                fatal=False,
            )
        )

    def _refuse_both(self, first: KeyPath, second: KeyPath, help_: str) -> None:
        self._problems.append(
            ConflictProblem(
                code=ConfigCode.EXCLUSIVE_KEYS,
                message=f"{label(second)} is given beside {label(first)}",
                help=help_,
                key_path=second,
                at_key=True,
                other=str(first[-1]),
            )
        )

    def _add(self, code: ConfigCode, message: str, path: KeyPath, help_: str = "") -> None:
        self._problems.append(Problem(code=code, message=message, help=help_, key_path=path))

    def _sorted(self, problems: Iterable[Problem]) -> list[Problem]:
        """Every problem with its place, in the order of the file; where the text itself is wrong, only that is said."""
        documents = [self._places.document, *filter(None, [self._places.space])]
        textual = [problem for document in documents for problem in document.problems]
        located = [self._places.locate(problem) for problem in problems]
        if self._conversion:
            located = [self._conversion.in_first_schema(problem) for problem in located]
        wrong = {problem.location for problem in textual}
        return in_file_order([*textual, *(problem for problem in located if problem.location not in wrong)])
