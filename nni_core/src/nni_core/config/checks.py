"""What only shows when several settings, or the machine, are looked at together."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nni_core.config.codes import ConfigCode
from nni_core.config.environment import environment_problems
from nni_core.config.paths import directory_problem, working_directory_problem
from nni_core.config.wording import quoted
from nni_core.errors import Problem, nearest

_SHELL_SYNTAX = re.compile(r"[;&|<>$`(){}\n*?\\]")
_SHELL_WORDS = frozenset(
    {".", "alias", "cd", "echo", "eval", "exec", "exit", "export", "false", "for", "if", "kill", "printf", "pwd"}
    | {"read", "set", "source", "test", "time", "trap", "true", "ulimit", "umask", "until", "wait", "while"}
)
_ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL)
_PYTHON = re.compile(r"python[\d.]*")
#: more trials than this for each core are more likely a slip than a plan
_TRIALS_PER_CORE = 4


def check(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems and warnings about the fields of a config that are right each for itself; others are absent."""
    if values.get("use_annotation"):
        message = "annotations are not supported: NNI itself removed them, in favour of a search space"
        yield Problem(
            code=ConfigCode.NOT_SUPPORTED,
            message=message,
            help="delete the line, and write the ranges under `search_space:`",
            key_path=("use_annotation",),
        )
    yield from _without_effect(values)
    yield from _directories(values)
    yield from _limits(values)
    yield from environment_problems(values.get("env", {}))


def _without_effect(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Settings of NNI that are read, and that nothing here needs."""
    if values.get("nni_manager_ip"):
        yield _warning(
            ConfigCode.NO_EFFECT,
            "nni_manager_ip",
            "'nni_manager_ip' has no effect: the address of the manager is not part of the config",
            "delete it; `nnictl create --host` chooses the addresses",
        )
    if values.get("shared_storage"):
        yield _warning(
            ConfigCode.NO_EFFECT,
            "shared_storage",
            "'shared_storage' has no effect: nothing is mounted, and trials keep files in the experiment's folder",
            "mount it yourself, and give paths inside the mounted directory",
        )


def _directories(values: Mapping[str, Any]) -> Iterator[Problem]:
    code, working = values.get("trial_code_directory"), values.get("experiment_working_directory")
    if working and (problem := working_directory_problem(working, ("experiment_working_directory",))):
        yield problem
    if code is None:
        return
    if problem := directory_problem(code, ("trial_code_directory",)):
        yield problem
        return
    if working and working.is_relative_to(code):
        yield _warning(
            ConfigCode.NESTED_DIRECTORIES,
            "experiment_working_directory",
            f"experiments are kept inside the code directory {str(code)!r}, and copied with it where code is copied",
            "keep them outside of it",
        )
    if "trial_command" in values:
        yield from _command(values["trial_command"], code)


def _command(command: str | Sequence[str], directory: Path) -> Iterator[Problem]:
    words = command_words(command)
    if not words:
        return
    program, *arguments = words
    if not _is_program(program, directory):
        similar = _similar_program(program)
        yield _warning(
            ConfigCode.PROGRAM_ABSENT,
            "trial_command",
            f"there is no program {quoted(program)} on this machine",
            f"did you mean {similar!r}?" if similar else "it must be there where trials run",
        )
    script = arguments[0] if _PYTHON.fullmatch(Path(program).name) and arguments else ""
    if script.endswith(".py") and not _is_there(directory / script):
        yield _warning(
            ConfigCode.SCRIPT_ABSENT,
            "trial_command",
            f"there is no file {str(directory / script)!r}",
            "it is looked for in trial_code_directory",
        )


def command_words(command: str | Sequence[str]) -> list[str]:
    """The program and its arguments; empty when only a shell can tell."""
    if not isinstance(command, str):
        return list(command)
    try:
        words = [] if _SHELL_SYNTAX.search(command) else shlex.split(command)
    except ValueError:  # an open quote
        return []
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words.pop(0)
    return [] if not words or words[0] in _SHELL_WORDS else words


def _is_program(program: str, directory: Path) -> bool:
    return shutil.which(program) is not None or (_is_there(directory / Path(program)) and "/" in program)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _similar_program(program: str) -> str | None:
    names: set[str] = set()
    for folder in os.get_exec_path():
        try:
            names.update(path.name for path in Path(folder).iterdir() if abs(len(path.name) - len(program)) <= 2)
        except OSError:
            continue
    return nearest(program, names)


def _limits(values: Mapping[str, Any]) -> Iterator[Problem]:
    concurrency, number = values.get("trial_concurrency"), values.get("max_trial_number")
    cores = os.cpu_count() or 1
    if concurrency and concurrency > _TRIALS_PER_CORE * cores:
        yield _warning(
            ConfigCode.HIGH_CONCURRENCY,
            "trial_concurrency",
            f"{concurrency} trials at the same time are many for a machine with {cores} cores, such as this one",
        )
    if concurrency and number and number < concurrency:
        yield _warning(
            ConfigCode.FEW_TRIALS,
            "max_trial_number",
            f"{number} trials in all never fill trial_concurrency, which is {concurrency}",
        )
    experiment, trial = values.get("max_experiment_duration"), values.get("max_trial_duration")
    if experiment and trial and trial > experiment:
        yield _warning(
            ConfigCode.LONG_TRIALS,
            "max_trial_duration",
            f"a trial may run for {trial:g} s, longer than the whole experiment with {experiment:g} s",
        )


def _warning(code: ConfigCode, key: str, message: str, help_: str = "") -> Problem:
    return Problem(code=code, message=message, help=help_, key_path=(key,), fatal=False)
