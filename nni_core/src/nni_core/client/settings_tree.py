"""A config that is filled in attribute by attribute, as NNI's Python interface has it. Checked when it is used."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from nni_core.client.section import AnyPath, Section, UnknownFieldError
from nni_core.client.service_configs import (
    SHARED,
    LocalConfig,
    SharedStorageConfig,
    TrainingServiceConfig,
    sections,
    service_for,
    service_of,
)
from nni_core.config.codes import ConfigCode
from nni_core.config.document import Document
from nni_core.config.gpu_indices import parse_gpu_indices
from nni_core.config.load import load_config_data
from nni_core.config.read import read_document, read_space_document
from nni_core.config.retired import is_version_1
from nni_core.config.version_1 import convert
from nni_core.errors import ConfigError, Problem
from nni_core.model import Json
from nni_core.plugins import discover_plugins


class AlgorithmConfig(Section):
    """A tuner or an assessor by ``name``, with ``class_args``."""

    name: str | None = None
    class_name: str | None = None
    code_directory: AnyPath | None = None
    class_args: dict[str, Any] | None = None

    _paths = frozenset({"code_directory"})

    def __init__(self, name: str | None = None, **values: Any) -> None:
        """``class_args`` are empty, and may be filled in."""
        super().__init__(**{"name": name, "class_args": {}, **values})

    @property
    def is_set(self) -> bool:
        """Whether it says which algorithm is meant; one that does not is as good as none."""
        return self.name is not None or self.class_name is not None


class CustomAlgorithmConfig(AlgorithmConfig):
    """A tuner or an assessor of your own: ``class_name`` as ``module.Class``, in ``code_directory``."""

    code_directory: AnyPath | None = "."

    def __init__(self, class_name: str | None = None, **values: Any) -> None:
        super().__init__(**{"class_name": class_name, **values})


class ExperimentConfig(Section):
    """The config of an experiment; fields are those of ``config.yaml`` in snake case.

    Relative paths begin at the directory in which the config was made, or at that of the file that it was loaded from.
    """

    experiment_name: str | None = None
    experiment_type: str = "hpo"
    search_space_file: AnyPath | None = None
    search_space: Any = None
    trial_command: str | list[str] | None = None
    trial_code_directory: AnyPath = "."
    trial_concurrency: int | None = None
    trial_gpu_number: int | None = None
    max_experiment_duration: str | int | float | None = None
    max_trial_number: int | None = None
    max_trial_duration: str | int | float | None = None
    tuner_timeout: str | int | float | None = None
    nni_manager_ip: str | None = None
    use_annotation: bool = False
    debug: bool = False
    log_level: str | None = None
    experiment_working_directory: AnyPath = "~/nni-experiments"
    tuner_gpu_indices: list[int] | int | str | None = None
    tuner: AlgorithmConfig | None = None
    assessor: AlgorithmConfig | None = None
    advisor: AlgorithmConfig | None = None
    training_service: TrainingServiceConfig | list[TrainingServiceConfig] | None = None
    shared_storage: SharedStorageConfig | None = None
    seed: int | None = None
    env: dict[str, str | int | float | bool] | None = None
    initial_points: list[dict[str, Any]] | None = None
    constraints: list[str] | None = None
    duplicates: str | None = None
    deterministic: bool | int | None = None
    objectives: list[dict[str, Any]] | None = None
    stop_when: dict[str, Any] | None = None
    on_failure: str | dict[str, Any] | None = None
    sinks: list[dict[str, Any]] | None = None
    plugins: list[AnyPath] | None = None

    _paths = frozenset({"search_space_file", "trial_code_directory", "experiment_working_directory"})
    #: where relative paths begin; empty: in the current directory
    _base = ""

    def __init__(self, training_service_platform: str | list[str] | None = None, **values: Any) -> None:
        """Fields as keyword arguments, or, with the name of a training service (or several), everything that there is
        to fill in.

        :raises AttributeError: for a field that there is not.
        """
        self._base = os.getcwd()  # noqa: PTH109 - a text like every path here
        if training_service_platform is not None:
            given = training_service_platform
            service = service_for(given) if isinstance(given, str) else [service_for(one) for one in given]
            places = {name: AlgorithmConfig() for name in ("tuner", "assessor", "advisor")}
            values = {"training_service": service, **places, **values}
        super().__init__(**values)

    @property
    def base(self) -> Path:
        """The directory where relative paths begin."""
        return Path(self._base)

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read a config file. That plugins fit is not checked before :meth:`validate`.

        :raises ConfigError: when the file cannot be read, or has a key that there is not; with its place.
        """
        document = _second_version(read_document(Path(path)))
        config = cls()
        config._base = os.path.dirname(os.path.realpath(path))  # noqa: PTH120
        try:
            config.fill(document.data)
        except UnknownFieldError as error:
            problem = Problem(
                code=ConfigCode.UNKNOWN_KEY,
                message=error.title,
                help=error.hint,
                key_path=error.key_path,
                at_key=True,
            )
            raise ConfigError(*document.problems, document.locate(problem)) from error
        if fatal := [problem for problem in document.problems if problem.fatal]:
            raise ConfigError(*fatal)
        return config

    def as_data(self) -> dict[str, Json]:
        data = super().as_data()
        for name in ("tuner", "assessor", "advisor"):
            section = getattr(self, name)
            if isinstance(section, AlgorithmConfig) and not section.is_set:
                del data[name]
        return data

    def validate(self) -> None:
        """Check everything that can be checked without starting: fields, plugins and their arguments, search space.

        :raises ConfigError: with every mistake.
        """
        load_config_data(self.as_data(), self.base, discover_plugins())

    def canonical_copy(self) -> Self:
        """A copy in which defaults are filled in, paths are absolute, and the search space is read from its file.

        :raises ConfigError: when the search space cannot be read.
        """
        copy = self.resolved(self._base)
        _drop_placeholders(copy)
        if copy.search_space_file is not None:
            copy.search_space = _space_in(Path(copy.search_space_file))
        if copy.log_level is None:
            copy.log_level = "debug" if copy.debug else "info"
        if copy.tuner_gpu_indices is not None:
            copy.tuner_gpu_indices = list(parse_gpu_indices(copy.tuner_gpu_indices))
        service = copy.training_service
        for one in service if isinstance(service, list) else [service]:
            if isinstance(one, TrainingServiceConfig):
                _share(copy, one)
        return copy

    def _section(self, name: str, value: Any) -> Any:
        if name in ("tuner", "assessor", "advisor"):
            return AlgorithmConfig(value) if isinstance(value, str) else sections(AlgorithmConfig, value)
        if name == "training_service":
            return service_of(value)
        return sections(SharedStorageConfig, value) if name == "shared_storage" else value


def _drop_placeholders(config: ExperimentConfig) -> None:
    for name in ("tuner", "assessor", "advisor"):
        section = getattr(config, name)
        if isinstance(section, AlgorithmConfig) and not section.is_set:
            setattr(config, name, None)
    if config.advisor is not None and config.tuner is None:
        config.tuner, config.advisor = config.advisor, None


def _share(config: ExperimentConfig, service: TrainingServiceConfig) -> None:
    """What a service does not say for itself is as in the experiment."""
    for name in SHARED:
        if name in service.field_names() and getattr(service, name) is None:
            setattr(service, name, getattr(config, name))
    if isinstance(service, LocalConfig) and service.gpu_indices is not None:
        service.gpu_indices = list(parse_gpu_indices(service.gpu_indices))


def _second_version(document: Document) -> Document:
    """A file of NNI's first version, converted, with a warning for all that is lost; any other as it is."""
    if not is_version_1(document.data):
        return document
    conversion = convert(document)
    problems = [conversion.document.locate(problem) for problem in conversion.problems]
    if fatal := [problem for problem in problems if problem.fatal]:
        raise ConfigError(*fatal)
    for problem in problems:
        warnings.warn(problem.render(), stacklevel=3)
    return conversion.document


def _space_in(path: Path) -> Mapping[str, Json]:
    document = read_space_document(path)
    if fatal := [problem for problem in document.problems if problem.fatal]:
        raise ConfigError(*fatal)
    space: Mapping[str, Json] = document.data
    return space
