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


def nnictl_with(home: Path, arguments: str, redirection: str) -> subprocess.CompletedProcess[str]:
    """Run in a shell that does something to its output."""
    command = f"{sys.executable} -m nni_core.cli.main {arguments} {redirection}"
    return subprocess.run(command, shell=True, env={"HOME": str(home)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", ["plugins list", "experiment list --all", "--help"])
@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| true"])
def test_output_that_nobody_takes_is_no_fault_of_ours(tmp_path: Path, arguments: str, redirection: str) -> None:
    """E38. A closed, full or abandoned output brings no traceback."""
    done = nnictl_with(tmp_path, arguments, redirection)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if redirection == ">/dev/full":
        assert done.returncode == 3
        assert "cannot write the output: No space left on device" in done.stderr


@pytest.mark.parametrize("arguments", ["experiment show", "trial ls", "log trial", "stop"])
def test_a_damaged_log_is_a_message_and_no_traceback(tmp_path: Path, arguments: str) -> None:
    """H16. It says how to rescue what can be read; stop does not claim that nothing runs."""
    folder = tmp_path / "nni-experiments" / "abcd1234"
    folder.mkdir(parents=True)
    (folder / "experiment.sqlite").write_bytes(b"no database at all" * 100)
    done = nnictl_with(tmp_path, f"{arguments} abcd1234", "")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "is damaged" in done.stderr
    assert ".recover" in done.stderr


def test_a_damaged_experiment_is_one_line_of_the_list(tmp_path: Path) -> None:
    """And names the command that says more."""
    folder = tmp_path / "nni-experiments" / "abcd1234"
    folder.mkdir(parents=True)
    (folder / "experiment.sqlite").write_bytes(b"no database" * 100)
    done = nnictl_with(tmp_path, "experiment list --all", "")
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [["abcd1234", "-", "UNREADABLE"]]
    assert "see nnictl experiment show abcd1234" in done.stderr


def test_of_several_that_ended_one_has_to_be_named(tmp_path: Path) -> None:
    """The fix is a name, not a new experiment."""
    for name in ("abcd1234", "efgh5678"):
        folder = tmp_path / "nni-experiments" / name
        folder.mkdir(parents=True)
        (folder / "experiment.sqlite").touch()
    done = nnictl_with(tmp_path, "trial ls", "")
    assert done.returncode == 2
    assert "nnictl experiment list --all" in done.stderr
    assert "nnictl create" not in done.stderr
