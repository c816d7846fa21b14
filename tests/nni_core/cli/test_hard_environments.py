"""nnictl where something that one takes for granted is missing: a home, a locale, file descriptors, privileges."""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nni_core.cli.main import run
from nni_core.client import addresses, diagnosis
from nni_core.config.paths import directory_problem
from nni_core.errors import UserError

NNICTL = str(Path(sys.executable).with_name("nnictl"))
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

CONFIG = """\
search_space: {größe: {_type: uniform, _value: [0, 1]}}
trial_command: "true"
trial_concurrency: 1
tuner: {name: TPE, class_args: {optimize_mode: maximize}}
training_service: local
"""


def nnictl(*arguments: str, folder: Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A command with these variables and no others."""
    command = [NNICTL, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_without_a_home_the_account_s_is_taken(folder: Path) -> None:
    """E34: as the shell would."""
    done = nnictl("validate", "-c", "config.yaml", folder=folder, env={"PATH": PATH})
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


@pytest.mark.parametrize("locale", ["C", "POSIX", "nosuch"])
def test_any_locale_will_do(folder: Path, locale: str) -> None:
    """E39: files are UTF-8 whatever the terminal is, and what it cannot show is no fault."""
    environment = {"PATH": PATH, "HOME": str(folder), "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = nnictl("validate", "-c", "config.yaml", folder=folder, env=environment)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    broken = folder / "broken.yaml"
    broken.write_text(CONFIG.replace("uniform", "größer"), encoding="utf-8")
    refused = nnictl("validate", "-c", "broken.yaml", folder=folder, env=environment)
    assert (refused.returncode, b"Traceback" in refused.stderr) == (2, False), refused.stderr


def test_few_file_descriptors_are_enough_to_look(folder: Path) -> None:
    """E36: what more takes is the doctor's to say."""

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))

    done = nnictl("experiment", "list", folder=folder, env={"PATH": PATH, "HOME": str(folder)}, preexec_fn=few)
    assert (done.returncode, done.stdout) == (0, b"there are no experiments yet\n"), done.stderr


def test_a_port_that_needs_privileges_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """E15: and which do not."""

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(UserError, match="port 80 needs privileges") as caught:
        addresses.bind(["127.0.0.1"], 80)
    assert caught.value.problems[0].help == "choose a port above 1023"


@pytest.mark.parametrize(("account", "told"), [(0, "warn"), (1000, "ok")])
def test_the_doctor_remarks_root(monkeypatch: pytest.MonkeyPatch, account: int, told: str) -> None:
    """E37: trials would run as root, too."""
    monkeypatch.setattr(os, "geteuid", lambda: account)
    assert [finding.status for finding in diagnosis.user()] == [told]


def test_code_that_may_not_be_read_names_its_mode_and_owner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B39: root may read everything, so the answer of the system is pretended."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    problem = directory_problem(folder, ("trial_code_directory",))
    assert problem is not None
    assert re.search("may not be read: its mode is d[rwx-]{9}, its owner .", problem.message)


def test_nobody_turns_the_guard_off(capsys: pytest.CaptureFixture[str]) -> None:
    """E27: there is no such option, and the portal asks everybody from elsewhere for the token."""
    assert run(["create", "--config", "config.yaml", "--portal-auth", "none", "--host", "0.0.0.0"]) == 2
    assert "No such option '--portal-auth'" in capsys.readouterr().err


def test_an_experiment_that_runs_is_not_resumed(folder: Path) -> None:
    """E23: where it can be looked at, and what ends it."""
    environment = {"PATH": PATH, "HOME": str(folder)}
    started = nnictl("create", "-c", "config.yaml", "-p", "0", folder=folder, env=environment)
    try:
        assert started.returncode == 0, started.stderr
        experiment = (folder / "nni-experiments" / "_latest").resolve().name
        refused = nnictl("resume", experiment, folder=folder, env=environment)
        assert refused.returncode == 2
        for told in (f"{experiment} is running", f"nnictl webui url {experiment}", f"nnictl stop {experiment}"):
            assert told in refused.stderr.decode()
    finally:
        nnictl("stop", "--all", folder=folder, env=environment)
