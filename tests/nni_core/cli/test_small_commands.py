"""Groups without a command, ``hello``, ``platform``, ``top``, and what is gone."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from nni_core.cli.choosing import experiment_argument
from nni_core.cli.main import COMMANDS, nnictl, run

from .conftest import Ended

GROUPS = ["experiment", "trial", "log", "webui", "config", "algo", "trainingservice", "platform", "plugins"]


@pytest.mark.parametrize("arguments", [[], *([group] for group in GROUPS)], ids=lambda value: " ".join(value) or "-")
def test_a_group_alone_prints_its_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As in NNI: on stdout, and no failure."""
    assert run(arguments) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Usage: nnictl")
    assert "Commands:" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["package", "list"], "nnictl algo register"),
        (["package", "install", "--name=SMAC"], "nnictl algo register"),
    ],
)
def test_what_is_gone_says_what_to_do_instead(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it is given; exit code 2."""
    assert run(arguments) == 2
    assert told in capsys.readouterr().err


def test_hello_writes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there is never written over."""
    monkeypatch.chdir(tmp_path)
    assert run(["hello"]) == 0
    assert "nnictl create --config config.yaml" in capsys.readouterr().out
    folder = tmp_path / "nni_hello_hpo"
    assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "model.py", "search_space.yaml"]
    (folder / "model.py").write_text("mine")
    assert run(["hello"]) == 2
    assert "'nni_hello_hpo' is there already" in capsys.readouterr().err
    assert (folder / "model.py").read_text() == "mine"


def test_platform_clean_is_honest(ended: Ended, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to clean, and it says what takes the room."""
    ended("abcd1234")
    assert run(["platform", "clean"]) == 0
    assert "nothing is to be cleaned" in capsys.readouterr().out
    assert run(["platform", "clean", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cleaned"] == []
    config = tmp_path / "config.yaml"
    config.write_text("search_space: {x: {_type: uniform, _value: [0, 1]}}\ntrial_command: 'true'\n")
    assert run(["platform", "clean", "--config", str(config)]) == 2


def test_top_without_experiments_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal it looks once and ends."""
    assert run(["top"]) == 0
    assert capsys.readouterr().out.startswith("no experiment is running")
    assert run(["top", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def completed(words: list[str], begun: str) -> list[str]:
    """What a shell would offer."""
    complete = ShellComplete(nnictl, {}, "nnictl", "_NNICTL_COMPLETE")
    return [item.value for item in complete.get_completions(words, begun)]


def commands_with_ids() -> list[list[str]]:
    """Every command that takes the id of an experiment."""
    context = click.Context(nnictl)
    found = []
    for verb in COMMANDS:
        command = nnictl.get_command(context, verb)
        inner = command.commands.items() if isinstance(command, click.Group) else [(None, command)]
        for name, one in inner:
            if any(parameter.name == "experiment_id" for parameter in one.params):
                found.append([verb, name] if name else [verb])
    return found


@pytest.mark.parametrize("words", commands_with_ids(), ids=" ".join)
def test_ids_are_completed(words: list[str], ended: Ended) -> None:
    """With those that the command can be about: those that run, those that ended, or both."""
    ended("abended1")
    ended("other123")
    with ended("abruns12").lock.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        offered = completed(words, "ab")
    assert offered in (["abruns12"], ["abended1"], ["abruns12", "abended1"])


@pytest.mark.parametrize("words", [["log", "trial", "abcd", "-T"], ["log", "trial", "--trial_id"]], ids=" ".join)
def test_trials_are_completed(words: list[str], ended: Ended) -> None:
    """Of the experiment that was named, or of the only one."""
    ended("abcd1234")
    assert completed(words, "tr") == ["trial0", "trial1"]


def test_the_argument_is_the_same_everywhere() -> None:
    """So that a new command cannot forget it."""

    @click.command()
    @experiment_argument
    def command(experiment_id: str | None) -> None:
        """Do nothing."""

    [argument] = command.params
    assert argument.name == "experiment_id"
    assert not argument.required
