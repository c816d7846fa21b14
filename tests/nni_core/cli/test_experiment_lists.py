"""``experiment list``, ``show``, ``status`` and ``config show``: of experiments that ended."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nni_core.cli.main import run
from nni_core.model import ExperimentState

from .conftest import Ended


def test_the_list_shows_what_one_wants_to_know(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """Id, name, state, progress, best result, start and duration, without colours in a pipe."""
    ended("abcd1234", (0.5, 0.9, None))
    assert run(["experiment", "list", "--all"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "name", "status", "progress", "best", "port", "started", "duration"]
    assert line.split()[:6] == ["abcd1234", "a", "name", "DONE", "3/10", "0.9"]
    assert line.endswith("1m 30s")
    assert "\x1b" not in line


def test_without_all_only_those_that_run_are_listed(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """And how many did is said."""
    ended("abcd1234")
    assert run(["experiment", "list"]) == 0
    assert capsys.readouterr().out == "no experiment is running; --all lists the 1 that ended\n"
    assert run(["experiment", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_json_has_numbers_where_the_table_has_words(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """Times in milliseconds, durations in seconds, trials by their states."""
    folder = ended("abcd1234", (0.5, 0.9, None))
    run(["experiment", "list", "--all", "--json"])
    [one] = json.loads(capsys.readouterr().out)
    assert one["counts"] == {"SUCCEEDED": 2, "FAILED": 1}
    assert (one["best"], one["best_trial"], one["duration"], one["finished"]) == (0.9, 1, 90.0, 3)
    assert one["directory"] == str(folder.path)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_colours_and_lines_that_fit(ended: Ended, home: Path, columns: int) -> None:
    """What is too long is the name, which is shortened."""
    ended("abcd1234", state=ExperimentState.ERROR)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "nni_core.cli.main", "experiment", "list", "--all"]
    subprocess.run(command, stdout=theirs, env=environment, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "\x1b[31mERROR" in shown
    assert all(len(line) <= columns for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines())


def test_show_prints_times_as_nni_does(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """--json keeps milliseconds."""
    ended("abcd1234")
    run(["experiment", "show"])
    assert json.loads(capsys.readouterr().out)["startTime"].count("/") == 2
    run(["experiment", "show", "abcd", "--json"])
    assert isinstance(json.loads(capsys.readouterr().out)["startTime"], int)


def test_status_is_nnis_document(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """The same with and without --json."""
    ended("abcd1234")
    run(["experiment", "status"])
    plain = capsys.readouterr().out
    assert json.loads(plain) == {"status": "DONE", "errors": []}
    run(["experiment", "status", "--json"])
    assert capsys.readouterr().out == plain


def test_config_show_as_yaml_is_a_config(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds what the JSON holds."""
    ended("abcd1234")
    run(["config", "show"])
    as_json = json.loads(capsys.readouterr().out)
    run(["config", "show", "--yaml"])
    assert yaml.safe_load(capsys.readouterr().out) == as_json
    assert as_json["maxTrialNumber"] == 10


def test_one_that_is_starting_is_listed_as_such(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """It has a lock and no address yet."""
    folder = ended("abcd1234")
    with folder.lock.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(["experiment", "list"])
        assert "STARTING" in capsys.readouterr().out
        run(["top", "--once"])
        assert capsys.readouterr().out.startswith("abcd1234  STARTING")
