"""``nnictl plugins list``: for people, for pipes, for programs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from nni_core.cli.plugins import COLUMNS, plugins

Install = Callable[..., str]


@pytest.fixture
def two(install: Install, install_tuner: Install) -> None:
    """A sound distribution and a broken one."""
    install_tuner("acme-tuner", "Acme")
    install("broken", "raise ValueError('[red]of mine[/red]')")


@pytest.mark.usefixtures("two")
def test_json_has_every_field() -> None:
    """One object for each line of the table."""
    run = CliRunner().invoke(plugins, ["list", "--json"])
    by_distribution = {entry["distribution"]: entry for entry in json.loads(run.stdout)}
    assert by_distribution["acme-tuner"] == {
        "name": "Acme",
        "kind": "tuner",
        "distribution": "acme-tuner",
        "version": "1.0",
        "status": "ok",
        "reason": "",
        "summary": "made for a test",
        "value": "acme_tuner_plugin",
    }
    assert by_distribution["broken"]["status"] == "broken"
    assert by_distribution["broken"]["kind"] is None


@pytest.mark.usefixtures("two")
def test_a_pipe_gets_plain_lines() -> None:
    """Columns are separated by tabs, for cut and grep."""
    lines = [line.split("\t") for line in CliRunner().invoke(plugins, ["list"]).stdout.splitlines()]
    assert tuple(lines[0]) == COLUMNS
    assert ["Acme", "tuner", "acme-tuner", "1.0", "ok", "made for a test"] in lines
    assert {len(line) for line in lines} == {len(COLUMNS)}


def test_a_kind_can_be_chosen(install_tuner: Install) -> None:
    """Other kinds are not shown."""
    install_tuner("acme-tuner", "Acme")
    shown = CliRunner().invoke(plugins, ["list", "--kind", "assessor", "--json"]).stdout
    assert "acme-tuner" not in shown
    assert "acme-tuner" in CliRunner().invoke(plugins, ["list", "--kind", "TUNER", "--json"]).stdout


@pytest.mark.usefixtures("two")
def test_strict_fails_when_a_plugin_is_broken() -> None:
    """And only then: a list is a list."""
    assert CliRunner().invoke(plugins, ["list"]).exit_code == 0
    assert CliRunner().invoke(plugins, ["list", "--strict"]).exit_code == 1


@pytest.mark.usefixtures("two")
def test_plugins_can_be_disabled_by_environment() -> None:
    """The reason is gone with the import."""
    run = CliRunner().invoke(plugins, ["list", "--json"], env={"NNI_DISABLED_PLUGINS": "broken,other"})
    by_distribution = {entry["distribution"]: entry for entry in json.loads(run.stdout)}
    assert by_distribution["broken"]["status"] == "disabled"


@pytest.mark.usefixtures("two")
def test_a_terminal_gets_a_table() -> None:
    """With a plugin's own words shown as they are, not as markup."""
    ours, theirs = pty.openpty()
    program = "from nni_core.cli.plugins import plugins; plugins(['list'])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "400", "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", program], stdout=theirs, env=environment, check=True)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert b"\x1b[32mok" in shown
    assert b"[red]of mine[/red]" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""  # Linux says so when the other side is closed
