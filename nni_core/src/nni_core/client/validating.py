"""Everything that can be said about a config or a search space without starting anything."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from nni_core.client.starting import checked_config
from nni_core.config.checks import command_words
from nni_core.config.load import LoadedConfig, converted_text, locate
from nni_core.config.read import read_space_document
from nni_core.config.schema import AlgorithmConfig, ExperimentConfig
from nni_core.errors import ConfigError, Problem, UserError
from nni_core.model import ExperimentId, Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_core.plugins.building import check_call
from nni_core.space import SearchSpace, validate


@frozen(kw_only=True)
class ResolvedPlugin:
    """What a section of the config stands for."""

    #: ``tuner``, ``assessor``, ``training_service`` or ``metric_sink``
    kind: str
    #: the plugin's own name, or ``module.Class``
    name: str
    #: empty for a class of the user's own
    distribution: str = ""
    version: str = ""


@frozen(kw_only=True)
class SpaceSize:
    """How large a search space is."""

    parameters: int
    #: number of different parameter sets; None: endlessly many
    points: int | None


@frozen(kw_only=True)
class Program:
    """What the command of a trial begins with."""

    name: str
    #: where it was found on this machine; None when it was not
    path: str | None


@frozen(kw_only=True)
class Verdict:
    """What was found about one file."""

    file: str
    errors: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()
    #: None when the file has errors
    config: ExperimentConfig | None = None
    space: SpaceSize | None = None
    plugins: Sequence[ResolvedPlugin] = ()
    #: None when only a shell can tell
    program: Program | None = None
    #: of a file of NNI's first schema: the same in the second
    converted: str | None = None
    valid: bool = field(init=False)

    @valid.default
    def _is_valid(self) -> bool:
        return not self.errors

    def as_json(self) -> dict[str, Json]:
        """For scripts and editors. Lines and columns count from 1; null where the file has no such place."""
        config = self.config
        return {
            "file": self.file,
            "valid": self.valid,
            "problems": [problem_json(problem) for problem in (*self.errors, *self.warnings)],
            "search_space": attrs.asdict(self.space) if self.space else None,
            "plugins": [attrs.asdict(plugin) for plugin in self.plugins],
            "program": attrs.asdict(self.program) if self.program else None,
            "max_trial_number": config.max_trial_number if config else None,
            "trial_concurrency": config.trial_concurrency if config else None,
            "converted": self.converted,
        }


def problem_json(problem: Problem) -> dict[str, Json]:
    """One problem, flat."""
    place = problem.location
    return {
        "code": str(problem.code),
        "severity": "error" if problem.fatal else "warning",
        "message": problem.message,
        "help": problem.help,
        "key_path": list(problem.key_path),
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


async def validate_config(path: Path, plugins: PluginRegistry) -> Verdict:
    """Check a config as ``nnictl create`` does, the training service's own check and the user's classes included."""
    try:
        loaded = checked_config(path, plugins)
    except ConfigError as error:
        return _with_fatal_first(Verdict(file=str(path), errors=error.problems, converted=_converted(path)))
    problems = [locate(loaded, problem) for problem in await _later_problems(loaded, plugins)]
    return Verdict(
        file=str(path),
        errors=[problem for problem in problems if problem.fatal],
        warnings=[*loaded.warnings, *(problem for problem in problems if not problem.fatal)],
        config=loaded.config,
        space=_size(loaded.config.search_space),
        plugins=list(_resolved(loaded.config, plugins)),
        program=_program(loaded.config),
        converted=_converted(path),
    )


def validate_space(path: Path) -> Verdict:
    """Check a file that holds a search space."""
    try:
        document = read_space_document(path)
    except ConfigError as error:
        return Verdict(file=str(path), errors=error.problems)
    problems = [document.locate(problem) for problem in (*document.problems, *validate(document.data))]
    errors = [problem for problem in problems if problem.fatal]
    return Verdict(
        file=str(path),
        errors=errors,
        warnings=[problem for problem in problems if not problem.fatal],
        space=None if errors else _size(document.data),
    )


def _with_fatal_first(verdict: Verdict) -> Verdict:
    errors = [problem for problem in verdict.errors if problem.fatal]
    return attrs.evolve(verdict, errors=errors, warnings=[one for one in verdict.errors if not one.fatal])


def _converted(path: Path) -> str | None:
    try:
        return converted_text(path)
    except ConfigError:  # what is wrong with it has been said
        return None


async def _later_problems(loaded: LoadedConfig, plugins: PluginRegistry) -> Sequence[Problem]:
    """What a start would find out only once its processes run."""
    return [*_class_problems(loaded.config, plugins), *await _service_problems(loaded.config, plugins)]


def _class_problems(config: ExperimentConfig, plugins: PluginRegistry) -> Iterator[Problem]:
    """Classes and implementations that cannot be imported, or do not take their arguments."""
    for kind, section in _algorithms(config):
        try:
            if section.class_name is not None:
                found = plugins.custom_class(section.class_name, section.code_directory, kind=kind)
                check_call(f"{kind.value} '{section.class_name}'", found, section.class_args)
            elif section.name is not None:
                plugins.implementation(plugins.resolve(kind, section.name))
        except UserError as error:
            yield from (problem.under(kind.value) for problem in error.problems)


async def _service_problems(config: ExperimentConfig, plugins: PluginRegistry) -> Sequence[Problem]:
    """What the training service says of this machine. It makes nothing when it only checks."""
    from nni_core.api import ServiceContext, TrialRequirements

    requirements = TrialRequirements(
        command=config.trial_command,
        code_directory=config.trial_code_directory,
        gpus=config.trial_gpu_number,
        concurrency=config.trial_concurrency,
    )
    spec = plugins.resolve(PluginKind.TRAINING_SERVICE, config.training_service.platform)
    with tempfile.TemporaryDirectory() as directory:
        context = ServiceContext(
            experiment_id=ExperimentId("validate"), directory=Path(directory), requirements=requirements
        )
        try:
            service = plugins.implementation(spec)(context, config.training_service.arguments)
            problems: Sequence[Problem] = await service.check()
        except UserError as error:
            return error.problems
    return problems


def _algorithms(config: ExperimentConfig) -> Iterator[tuple[PluginKind, AlgorithmConfig]]:
    yield PluginKind.TUNER, config.tuner
    if config.assessor is not None:
        yield PluginKind.ASSESSOR, config.assessor


def _resolved(config: ExperimentConfig, plugins: PluginRegistry) -> Iterator[ResolvedPlugin]:
    for kind, section in _algorithms(config):
        if section.name is None:
            yield ResolvedPlugin(kind=kind.value, name=section.class_name or "")
        else:
            yield _installed(kind, section.name, plugins)
    yield _installed(PluginKind.TRAINING_SERVICE, config.training_service.platform, plugins)
    for sink in config.sinks:
        yield _installed(PluginKind.METRIC_SINK, sink.name, plugins)


def _installed(kind: PluginKind, name: str, plugins: PluginRegistry) -> ResolvedPlugin:
    distribution, _, bare = name.rpartition(":")
    entry = next(
        entry
        for entry in plugins.listing(kind)
        if entry.name.casefold() == bare.casefold() and distribution.casefold() in ("", entry.distribution.casefold())
    )
    return ResolvedPlugin(kind=kind.value, name=entry.name, distribution=entry.distribution, version=entry.version)


def _size(space: Mapping[str, Json] | Any) -> SpaceSize | None:
    """None for a space of another form, which only the user's own tuner can read."""
    try:
        parsed = SearchSpace.parse(space)
    except ConfigError:
        return None
    return SpaceSize(parameters=len(parsed.parameters), points=parsed.size)


def _program(config: ExperimentConfig) -> Program | None:
    words = command_words(config.trial_command)
    if not words:
        return None
    own = config.trial_code_directory / words[0]
    path = shutil.which(words[0]) or (str(own) if "/" in words[0] and own.exists() else None)
    return Program(name=words[0], path=path)
