"""A user with a home of their own, who types nnictl commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NNICTL = Path(sys.executable).with_name("nnictl")

#: a trial that reports a checksum of its own parameters
CHECKSUM_TRIAL = """
import hashlib, json, nni
parameters = nni.get_next_parameter()
digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
nni.report_intermediate_result(0.5)
nni.report_final_result({"default": parameters["x"], "checksum": int(digest[:12], 16)})
"""

CONFIG = """
search_space:
  x: {_type: uniform, _value: [0, 1]}
trial_command: "%(python)s trial.py"
trial_concurrency: %(concurrency)d
max_trial_number: %(trials)d
tuner:
  name: TPE
  class_args: {optimize_mode: maximize}
training_service:
  platform: local
"""


class User:
    """Types commands in a folder of experiments."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.work = home / "work"
        self.work.mkdir()
        # Whatever of ours a test needs is on the path of its trials, too.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "HOME": str(home), "PATH": path}
        self._started: list[subprocess.Popen[str]] = []

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.work / name
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def config(self, *, trial: str = CHECKSUM_TRIAL, trials: int = 3, concurrency: int = 2, extra: str = "") -> Path:
        """A config file and its trial."""
        self.write("trial.py", trial)
        filled = CONFIG % {"python": sys.executable, "trials": trials, "concurrency": concurrency}
        return self.write("config.yaml", filled + textwrap.dedent(extra))

    def nnictl(self, *arguments: str, timeout: float = 60, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [str(NNICTL), *arguments],
            cwd=self.work,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run a command without waiting for its end; it ends with the test at the latest."""
        pipe = subprocess.PIPE
        command = [str(NNICTL), *arguments]
        process = subprocess.Popen(command, cwd=self.work, env=self.environment, stdout=pipe, stderr=pipe, text=True)
        self._started.append(process)
        return process

    def leave(self) -> None:
        """End what was started, experiments first."""
        self.nnictl("stop", "--all")
        for process in self._started:
            process.kill()
            with process:  # closes its pipes and waits for it
                pass

    def create(self, config: Path, *arguments: str) -> Experiment:
        """Start an experiment on a free port."""
        done = self.nnictl("create", "--config", str(config), "--port", "0", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.experiment()

    def resume(self, experiment: Experiment) -> Experiment:
        """Go on with an experiment on a free port."""
        done = self.nnictl("resume", experiment.id, "--port", "0")
        assert done.returncode == 0, done.stdout + done.stderr
        return Experiment(self, experiment.folder)

    def experiment(self) -> Experiment:
        """The one that was started last."""
        return self.experiment_in((self.home / "nni-experiments" / "_latest").resolve())

    def experiment_in(self, folder: Path) -> Experiment:
        """The one in a folder."""
        return Experiment(self, folder)


class Experiment:
    """One experiment of the user's, seen from outside."""

    def __init__(self, user: User, folder: Path) -> None:
        self.user = user
        self.folder = folder
        self.id = folder.name

    @property
    def manager(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "manager.json").read_text())
        return found

    def get(self, path: str) -> Any:
        """A JSON document of its HTTP interface."""
        url = f"http://127.0.0.1:{self.manager['port']}{path}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.loads(answer.read())

    @property
    def state(self) -> str:
        return str(self.get("/api/v1/experiment")["state"])

    def trials(self) -> list[dict[str, Any]]:
        """NNI's trial documents."""
        found: list[dict[str, Any]] = self.get("/api/v1/nni/trial-jobs")
        return found

    def wait(self, *states: str, timeout: float = 60) -> None:
        """Until it is in one of these states."""
        until(lambda: self.state in (states or ("DONE",)), timeout=timeout, what=f"{states or 'DONE'}")

    def processes(self) -> list[int]:
        """Every living process that belongs to it: its folder is its own, or named by it."""
        marks = (str(self.folder).encode(), f"NNI_EXP_ID={self.id}".encode())
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                text += os.fsencode((entry / "cwd").readlink())
            except OSError:
                continue
            if any(mark in text for mark in marks):
                found.append(int(entry.name))
        return found


def until(condition: Callable[[], bool], *, timeout: float = 30, what: str = "it") -> None:
    """Look again until it is so."""
    limit = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < limit, f"waited {timeout} s for {what}"
        time.sleep(0.05)


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """Somebody whose experiments all end with the test."""
    someone = User(tmp_path)
    yield someone
    someone.leave()
