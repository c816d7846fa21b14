"""nnictl itself: what it imports, how it speaks of mistakes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nni_core.cli.main import COMMANDS, run

HEAVY = ("numpy", "scipy", "hyperopt", "starlette", "uvicorn", "rich", "structlog", "cattrs", "yaml", "asyncio")


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_help_brings_nothing_heavy() -> None:
    """It is shown in a quarter of a second."""
    shown = python(
        "import sys; from nni_core.cli.main import run; run(['--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert shown.splitlines()[-1] == "[]"
    assert all(verb in shown for verb in COMMANDS)


def test_create_brings_no_numpy_and_no_web_server() -> None:
    """The tuner's process and the manager import what they need; the prompt is back before."""
    loaded = python(
        "import sys; import nni_core.cli.create, nni_core.client.starting, nni_core.client.launch;"
        "print([name for name in ('numpy', 'hyperopt', 'starlette', 'uvicorn', 'asyncio') if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And its first line is a sentence."""
    assert run([verb, "--help"]) == 0
    assert capsys.readouterr().out.split("\n\n")[1].strip().endswith(".")


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """E19."""
    assert run(["crate"]) == 2
    assert "did you mean 'create'?" in capsys.readouterr().err


def test_an_unknown_option_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """E20."""
    assert run(["create", "--prot", "80"]) == 2
    assert "--port" in capsys.readouterr().err


def test_a_missing_config_names_its_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """E17."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config.yaml").write_text("")
    assert run(["create", "--config", str(tmp_path / "confg.yaml")]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_the_version_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts."""
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == "0.1.0\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_nnictl(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One script for each shell."""
    assert run(["completion", shell]) == 0
    assert "_NNICTL_COMPLETE" in capsys.readouterr().out
