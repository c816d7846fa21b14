"""A small lookup with real argument records, the tutorial's config, and a directory to run it in."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from attrs import field, frozen
from attrs.validators import ge, gt, optional
from jsonschema import Draft202012Validator

from nni_core.api import AssessorSpec, MetricSinkSpec, TrainingServiceSpec, TunerSpec
from nni_core.config import LoadedConfig, load_config
from nni_core.config.json_schema import config_schema
from nni_core.errors import ConfigError, PluginError, Problem, nearest
from nni_core.plugin_kinds import PluginKind

TUTORIAL = """\
search_space:
  features:
    _type: choice
    _value: [ 128, 256, 512, 1024 ]
  lr:
    _type: loguniform
    _value: [ 0.0001, 0.1 ]
  momentum:
    _type: uniform
    _value: [ 0, 1 ]

trial_command: python model.py
trial_code_directory: .

trial_concurrency: 2
max_trial_number: 10

tuner:
  name: TPE
  class_args:
    optimize_mode: maximize

training_service:
  platform: local
"""


class OptimizeMode(StrEnum):
    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


@frozen(kw_only=True)
class Liar:
    kind: Literal["best", "worst"] = field(default="best", metadata={"doc": "what is pretended"})
    weight: float = field(default=1.0, validator=gt(0), metadata={"doc": "how much it counts"})


@frozen(kw_only=True)
class TpeArguments:
    optimize_mode: OptimizeMode = field(metadata={"doc": "which results are good"})
    seed: int | None = field(default=None, validator=optional(ge(0)), metadata={"doc": "of the random numbers"})
    liar: Liar | None = field(default=None, metadata={"doc": "constants"})


@frozen(kw_only=True)
class MedianArguments:
    start_step: int = field(default=0, validator=ge(0), metadata={"doc": "reports before it judges"})
    ratio: float = field(default=0.5, metadata={"doc": "share of trials"})


@frozen(kw_only=True)
class Machine:
    host: str = field(metadata={"doc": "its name"})
    ssh_key_file: Path | None = field(default=None, metadata={"doc": "its key"})
    password: str | None = field(default=None, metadata={"doc": "its password"})


@frozen(kw_only=True)
class LocalArguments:
    use_active_gpu: bool | None = field(default=None, metadata={"doc": "share with a desktop"})
    max_trial_number_per_gpu: int | float = field(default=1, validator=gt(0), metadata={"doc": "trials on one GPU"})
    gpu_indices: list[int] | int | None = field(default=None, metadata={"doc": "which GPUs"})
    machine_list: tuple[Machine, ...] = field(default=(), metadata={"doc": "machines"})
    labels: Mapping[str, str] = field(factory=dict, metadata={"doc": "free labels"})


SPECS: dict[PluginKind, list[Any]] = {
    PluginKind.TUNER: [
        TunerSpec(name="TPE", summary="tree", implementation="m:T", arguments=TpeArguments, aliases=("tree",)),
        TunerSpec(name="Random", summary="random", implementation="m:R"),
    ],
    PluginKind.ASSESSOR: [
        AssessorSpec(name="Medianstop", summary="median", implementation="m:M", arguments=MedianArguments)
    ],
    PluginKind.TRAINING_SERVICE: [
        TrainingServiceSpec(name="local", summary="here", implementation="m:L", arguments=LocalArguments)
    ],
    PluginKind.METRIC_SINK: [MetricSinkSpec(name="null", summary="nowhere", implementation="m:S")],
}


class FakeLookup:
    """Knows a few plugins; a plugin file makes one more tuner known, named after the file."""

    def __init__(self) -> None:
        self.files: list[Path] = []

    def resolve(self, kind: PluginKind, name: str) -> Any:
        wanted = name.rpartition(":")[2].lower()
        for spec in self._specs(kind):
            if wanted in {spec.name.lower(), *(alias.lower() for alias in spec.aliases)}:
                return spec
        known = self.names(kind)
        help_ = f"did you mean {nearest(name, known)!r}? installed: {', '.join(known)}"
        raise PluginError(Problem(code="NNI402", message=f"no {kind.value} {name!r}", help=help_))

    def names(self, kind: PluginKind) -> Sequence[str]:
        return [spec.name for spec in self._specs(kind)]

    def load_file(self, path: Path) -> None:
        if not path.is_file():
            raise PluginError(Problem(code="NNI409", message=f"there is no plugin file {str(path)!r}"))
        self.files.append(path)

    def _specs(self, kind: PluginKind) -> list[Any]:
        own = [TunerSpec(name=path.stem, summary="own", implementation="m:O") for path in self.files]
        return SPECS[kind] + (own if kind is PluginKind.TUNER else [])


@pytest.fixture
def lookup() -> FakeLookup:
    return FakeLookup()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home directory, empty; ``python`` is found on the PATH."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return path


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    """A code directory with the model in it."""
    path = tmp_path / "code"
    path.mkdir()
    (path / "model.py").write_text("print('hello')\n")
    return path


@pytest.fixture
def tutorial() -> str:
    """The config that the tutorial prints."""
    return TUTORIAL


@frozen(kw_only=True)
class Workbench:
    """Loads texts as files in the code directory."""

    folder: Path
    lookup: FakeLookup

    def load(self, text: str | bytes, name: str = "config.yaml") -> LoadedConfig:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        loaded = load_config(path, self.lookup)
        self._check_schema(loaded)
        return loaded

    def _check_schema(self, loaded: LoadedConfig) -> None:
        """What loads is valid by the JSON Schema, too."""
        data = loaded.places.document.data
        Draft202012Validator(config_schema(self.lookup)).validate(data)

    def problems(self, text: str | bytes, name: str = "config.yaml") -> Sequence[Problem]:
        """What is wrong with a text, or else the warnings about it."""
        try:
            return self.load(text, name).warnings
        except ConfigError as error:
            return error.problems


@pytest.fixture
def bench(folder: Path, lookup: FakeLookup) -> Workbench:
    return Workbench(folder=folder, lookup=lookup)
