"""``nnictl log``: any part of a log of any length, and what is added to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_core.cli import log_file
from nni_core.cli.log_file import LogFile, follow_file
from nni_core.cli.main import run

from .conftest import Ended

LINES = b"".join(b"line %d\n" % number for number in range(1, 6))


@pytest.fixture
def logged(ended: Ended) -> Path:
    """The manager's log of an experiment."""
    folder = ended("abcd1234")
    folder.manager_log.write_bytes(LINES)
    folder.tuner_log.write_bytes(b"of the tuner\n")
    trial = folder.path / "trials" / "trial0"
    trial.mkdir(parents=True)
    (trial / "stdout").write_bytes(b"hello\n")
    (trial / "stderr").write_bytes(b"alas\n")
    return folder.manager_log


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["manager"], LINES.decode()),
        (["stdout"], LINES.decode()),
        (["manager", "abcd", "--head", "2"], "line 1\nline 2\n"),
        (["stdout", "-T", "1"], "line 5\n"),
        (["manager", "--follow", "--tail", "1"], "line 5\n"),
        (["tuner"], "of the tuner\n"),
        (["stderr"], "of the tuner\n"),
        (["trial", "--trial_id", "trial0"], "hello\n"),
        (["trial", "-T", "0", "--stderr"], "alas\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_each_log_has_its_command(arguments: list[str], shown: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """NNI's names and plain ones; a trial by its id, its beginning or its number."""
    assert run(["log", *arguments]) == 0
    assert capfdbinary.readouterr().out.decode() == shown


def test_json_has_path_and_lines(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And --path the path alone."""
    run(["log", "manager", "--tail", "1", "--json"])
    assert json.loads(capsys.readouterr().out) == {"path": str(logged), "lines": ["line 5"]}
    run(["log", "manager", "--path"])
    assert capsys.readouterr().out == f"{logged}\n"


def test_without_a_trial_the_places_of_all_are_shown(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In NNI's form."""
    run(["log", "trial"])
    assert capsys.readouterr().out.splitlines()[0] == f"id:trial0 path:{logged.parents[1]}/trials/trial0"


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["manager", "--head", "1", "--tail", "1"], 2, "cannot be used together"),
        (["manager", "--head", "1", "--follow"], 2, "--follow goes with --tail alone"),
        (["trial", "--tail", "1"], 2, "need the trial"),
        (["trial", "-T", "nobody"], 2, "has no trial 'nobody'"),
        (["trial", "-T", "trial"], 2, "begins several trials"),
        (["trial", "-T", "trial1"], 2, "cannot read"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reason, and no traceback."""
    assert run(["log", *arguments]) == code
    assert told in capsys.readouterr().err


@given(text=st.binary(max_size=200).map(lambda text: text.replace(b"a", b"\n")), number=st.integers(1, 12))
def test_the_last_lines_are_those_of_the_whole(text: bytes, number: int, tmp_path_factory) -> None:
    """Whatever the pieces in which the file is read from its end."""
    path = tmp_path_factory.getbasetemp() / "any.log"
    path.write_bytes(text)
    lines = text.split(b"\n") if not text.endswith(b"\n") else text[:-1].split(b"\n")
    expected = b"\n".join(lines[-number:]) + (b"\n" if text.endswith(b"\n") else b"")
    with pytest.MonkeyPatch.context() as patch, LogFile(path) as file:
        patch.setattr(log_file, "PIECE", 7)
        assert b"".join(file.last(number)) == expected


def test_following_ends_with_the_writer(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """What it wrote last is shown."""
    path = tmp_path / "log"
    path.write_bytes(b"first\n")
    answers = [True, True, False]

    def is_written() -> bool:
        if len(answers) < 3:
            with path.open("ab") as file:
                file.write(b"more\n")
        return answers.pop(0)

    with LogFile(path) as file:
        follow_file(file, is_written)
    assert capfdbinary.readouterr().out == b"first\nmore\nmore\n"
