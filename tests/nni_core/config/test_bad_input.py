"""The corpus of bad input: what a user may get wrong in a file, in a class of their own or in a command.

The cases are in ``corpus/``, one file a group. A case is an edit of a good config (``add``, ``replace``, ``space``), a
whole file (``text``, ``bytes``) or a command (``argv``), and what is said of it: the code, the place, the
keys, what was found, what was expected, the nearest name and the fix. Real plugins are asked.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import evolve, field, frozen

from nni_core.cli.main import run
from nni_core.config import LoadedConfig, load_config, locate
from nni_core.errors import ConfigError, PluginError, Problem
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_service_local.gpu import GpuDevice
from nni_service_local.gpu_check import machine_problems, setting_problems

CORPUS = Path(__file__).parent / "corpus"
#: a small file of NNI's first schema
VERSION_1 = """\
authorName: me
trainingServicePlatform: local
trialConcurrency: 2
maxExecDuration: 1h
searchSpacePath: space.json
tuner:
  builtinTunerName: TPE
trial:
  command: python model.py
  codeDir: .
"""
SPACE = '{"x": {"_type": "uniform", "_value": [0, 1]}}'
#: seconds that reading a file and saying what is wrong with it may take, in the middle of all cases
MEDIAN = 0.1


@frozen(kw_only=True)
class Case:
    """One input and what is said of it; ``{folder}`` in a text stands for the directory of the config."""

    id: str
    #: the file that is loaded
    file: str = "config.yaml"
    text: str | None = None
    bytes: bytes | None = None
    #: whether the file of NNI's first schema is edited, not the tutorial's config
    version_1: bool = False
    #: text that is put behind the config
    add: str = ""
    #: a text of the config, and what stands there instead
    replace: Sequence[str] = ("", "")
    #: the search space, on the first line
    space: str = ""
    #: what ``<X>`` in the input stands for: a letter, and how often
    fill: Sequence[Any] = ("", 0)
    #: files beside the config
    files: Mapping[str, str] = field(factory=dict)
    #: the arguments of ``nnictl``, instead of a config
    argv: Sequence[str] = ()
    #: how many GPUs the machine has
    gpus: int = 0
    #: whether any plugin is installed
    plugins: bool = True
    code: str = ""
    at: str = ""
    path: str | None = None
    found: str = ""
    expected: str = ""
    nearest: str = ""
    fix: str = ""
    warning: bool = False
    #: fields of the config that is loaded, when the input is accepted
    accepted: Mapping[str, Any] | None = None

    def content(self, tutorial: str) -> bytes:
        if self.bytes is not None:
            return self.bytes
        text = self.text if self.text is not None else self._edited(VERSION_1 if self.version_1 else tutorial)
        letter, number = self.fill
        return text.replace("<X>", letter * number).encode()

    def _edited(self, config: str) -> str:
        old, new = self.replace
        assert old in config, f"{self.id}: {old!r} is not in the config"
        text = config.replace(old, new) if old else config
        if self.space:
            text = f"search_space: {self.space}\n{text[text.index('trial_command') :]}"
        return f"{text}{self.add}\n" if self.add else text


CASES = [Case(**one) for file in sorted(CORPUS.glob("*.yaml")) for one in yaml.safe_load(file.read_text())]
IN_FILES = [case for case in CASES if not case.argv]


@pytest.fixture(scope="module")
def registry() -> PluginRegistry:
    """The plugins that are installed here."""
    return PluginRegistry.discover()


@pytest.fixture(autouse=True)
def search_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where classes and plugin files of cases lie is forgotten after each."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def written(case: Case, folder: Path, tutorial: str) -> Path:
    """The case's file, with those beside it."""
    for name, text in {"space.json": SPACE, **case.files}.items():
        (folder / name).write_text(text)
    path = folder / case.file
    if not path.is_dir():
        path.write_bytes(case.content(tutorial))
    return path


def said_of_file(path: Path, case: Case, registry: PluginRegistry) -> Sequence[Problem]:
    """Everything that can be said before an experiment starts."""
    plugins = registry if case.plugins else PluginRegistry()
    if case.add.startswith("plugins:"):
        plugins = PluginRegistry.discover()  # of its own: a file that is loaded stays
    try:
        loaded = load_config(path, plugins)
        return [*loaded.warnings, *(locate(loaded, problem) for problem in later_problems(loaded, case, plugins))]
    except (ConfigError, PluginError) as error:
        return error.problems


def later_problems(loaded: LoadedConfig, case: Case, registry: PluginRegistry) -> Sequence[Problem]:
    """What the training service and a class of the user's own have against the config."""
    config, tuner = loaded.config, loaded.config.tuner
    service = config.training_service.arguments
    devices = [GpuDevice(index=index, uuid=f"GPU-{index}") for index in range(case.gpus)]
    wanted = config.trial_gpu_number
    problems = [*setting_problems(service, wanted)]
    if wanted and not problems:
        problems += machine_problems(service, wanted, devices)
    if tuner.class_name and case.files:
        try:
            registry.build_algorithm(
                PluginKind.TUNER,
                class_name=tuner.class_name,
                code_directory=tuner.code_directory,
                class_args=tuner.class_args,
            )
        except PluginError as error:
            problems += [evolve(problem, key_path=("tuner", *problem.key_path)) for problem in error.problems]
    return problems


@pytest.mark.parametrize("case", IN_FILES, ids=lambda case: case.id)
def test_bad_input_is_located_and_explained(case: Case, folder: Path, tutorial: str, registry: PluginRegistry) -> None:
    """One mistake gives one problem: code, place, keys, what was found, what was expected, nearest name and fix."""
    problems = said_of_file(written(case, folder, tutorial), case, registry)
    if case.accepted is not None:
        assert [problem.render() for problem in problems if problem.fatal] == []
        return
    matching = [problem for problem in problems if problem.code == case.code]
    assert matching, [problem.render() for problem in problems]
    problem = matching[0]
    place = problem.location
    assert problem.fatal is not case.warning
    assert (f"{place.line}:{place.column}" if place else "") == case.at
    assert case.path is None or ".".join(map(str, problem.key_path)) == case.path
    assert case.found or case.expected
    message, help_ = (text.replace(str(folder), "{folder}") for text in (problem.message, problem.help))
    assert case.found in message
    assert case.expected in message
    assert case.fix in help_
    assert not case.nearest or f"'{case.nearest}'" in help_


@pytest.mark.parametrize("case", [case for case in CASES if case.argv], ids=lambda case: case.id)
def test_bad_command_is_explained(case: Case, folder: Path, tutorial: str, capfd: Any, monkeypatch: Any) -> None:
    """A command that cannot be done says so, says what to type, and fails."""
    written(case, folder, tutorial)
    monkeypatch.chdir(folder)
    assert run(case.argv) in (2, 3)
    text = capfd.readouterr().err
    assert not case.code or f"error[{case.code}]" in text
    for words in (case.found, case.expected, case.nearest, case.fix):
        assert words in text


def test_bad_input_is_answered_at_once(
    folder: Path, tutorial: str, registry: PluginRegistry, record_property: Any
) -> None:
    """Half of all cases are read and answered in less than a tenth of a second."""
    times = []
    for case in IN_FILES:
        path = written(case, folder, tutorial)
        begun = time.perf_counter()
        said_of_file(path, case, registry)
        times.append(time.perf_counter() - begun)
    median = statistics.median(times)
    record_property("median_ms", round(1_000 * median, 2))
    print(f"{len(times)} cases: median {1_000 * median:.1f} ms, longest {1_000 * max(times):.0f} ms")
    assert median < MEDIAN


ACCEPTED = [case for case in IN_FILES if case.accepted is not None]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
def test_accepted_input_means_what_it_says(case: Case, folder: Path, tutorial: str, registry: PluginRegistry) -> None:
    """What NNI accepts and cannot be misunderstood is accepted, with the value that it has there."""
    config = load_config(written(case, folder, tutorial), registry).config
    for name, value in (case.accepted or {}).items():
        found = attrgetter(name)(config)
        found = list(found) if isinstance(found, tuple) else str(found) if isinstance(found, Path) else found
        assert found == (value.replace("{folder}", str(folder)) if isinstance(value, str) else value)


def test_every_case_has_a_name_of_its_own() -> None:
    """And says where: cases without a place are about whole files."""
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))
