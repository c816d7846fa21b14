"""Commands that need a terminal, a running trial or a whole experiment to be seen at work."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import pytest

from .conftest import NNICTL, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WAITING = """
import nni, os, time
parameters = nni.get_next_parameter()
print("started", flush=True)
nni.report_intermediate_result(0.25)
while not os.path.exists("GO"):
    time.sleep(0.05)
print("goes on", flush=True)
nni.report_final_result(parameters["x"])
"""


def test_the_example_of_hello_runs_as_it_is(user: Any) -> None:
    """Twenty trials, every one of which teaches something."""
    assert user.nnictl("hello").returncode == 0
    user.work = user.work / "nni_hello_hpo"
    done = user.nnictl("create", "--config", "config.yaml", "--port", "0", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^DONE: 20/20 trials, best 0\.[6-9]", done.stdout, re.MULTILINE)


class Terminal:
    """A command in a terminal of 80 by 24."""

    def __init__(self, user: Any, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**user.environment, "COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
        streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        self.process = subprocess.Popen([str(NNICTL), *arguments], cwd=user.work, env=environment, **streams)  # type: ignore[call-overload]
        os.close(theirs)
        self.shown = ""

    def read_until(self, text: str) -> None:
        while text not in self.shown:
            self.shown += os.read(self._ours, 4096).decode(errors="replace")

    def hit(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def interrupt(self) -> None:
        """What a terminal does for Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.mark.parametrize("way", ["q", "Ctrl-C"])
def test_top_shows_what_runs_until_one_has_seen_enough(user: Any, way: str) -> None:
    """And that is no failure."""
    experiment = user.create(user.config(trial=WAITING, trials=2))
    until(lambda: sum(one["status"] == "RUNNING" for one in experiment.trials()) == 2)
    with Terminal(user, "top", "--time", "0.2") as terminal:
        terminal.read_until("2 running")
        assert experiment.id in terminal.shown
        if way == "q":
            terminal.hit("q")
        else:
            terminal.interrupt()
        assert terminal.process.wait(timeout=20) == 0
    assert len(experiment.trials()) == 2


def test_following_a_trials_output_ends_with_the_trial(user: Any) -> None:
    """What it writes last is shown, too."""
    experiment = user.create(user.config(trial=WAITING, trials=1))
    until(lambda: [one["status"] for one in experiment.trials()] == ["RUNNING"])
    command = [str(NNICTL), "log", "trial", "--trial_id", "0", "--follow"]
    with subprocess.Popen(command, cwd=user.work, env=user.environment, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "started\n"
        (user.work / "GO").touch()
        assert following.stdout.read() == "goes on\n"
        assert following.wait(timeout=20) == 0


STEADY = """
from nni.tuner import Tuner

class Steady(Tuner):
    def __init__(self, first=0.5): self.next = first
    def update_search_space(self, search_space): pass
    def generate_parameters(self, parameter_id, **_):
        self.next = self.next + 0.01
        return {"x": round(self.next, 2)}
"""


def test_a_registered_tuner_runs_experiments(user: Any) -> None:
    """From anywhere, with its arguments, in a process of its own, and after a resume."""
    code = user.home / "elsewhere"
    code.mkdir()
    (code / "steady.py").write_text(STEADY)
    meta = {"algoType": "tuner", "builtinName": "Steady", "className": "steady.Steady"}
    (code / "meta.yml").write_text(json.dumps(meta))
    done = user.nnictl("algo", "register", "--meta_path", str(code / "meta.yml"))
    assert done.returncode == 0, done.stderr
    config = user.config(trials=3, concurrency=1)
    config.write_text(
        re.sub(r"tuner:\n.*\n.*\n", "tuner: {name: steady, class_args: {first: 0.1}}\n", config.read_text())
    )
    experiment = user.create(config)
    experiment.wait("DONE")
    found = [json.loads(one["hyperParameters"][0])["parameters"]["x"] for one in experiment.trials()]
    assert found == [0.11, 0.12, 0.13]
    user.nnictl("stop")
    assert user.resume(experiment).state == "DONE"


def test_the_doctor_finds_what_a_killed_manager_left(user: Any) -> None:
    """And what it advises mends it; then the experiment can be deleted, and nothing is left of it."""
    experiment = user.create(user.config(trial=WAITING, trials=1))
    until(lambda: [one["status"] for one in experiment.trials()] == ["RUNNING"])
    os.kill(experiment.manager["pid"], signal.SIGKILL)
    until(lambda: "its manager is gone" in user.nnictl("doctor").stdout)
    assert user.nnictl("experiment", "delete", experiment.id, "--yes").returncode == 2
    assert user.nnictl("stop", experiment.id).returncode == 0
    assert user.nnictl("experiment", "delete", experiment.id, "--yes").returncode == 0
    assert list((user.home / "nni-experiments").iterdir()) == []


def test_a_list_of_many_experiments_is_quick(user: Any) -> None:
    """Two hundred, of which every log was read once before; half a second is a busy machine's."""
    experiment = user.create(user.config(trials=3), "--wait")
    for number in range(200):
        copy_of(experiment.folder, f"copy{number:04}")
    assert user.nnictl("experiment", "list", "--all").stdout.count("\n") == 202
    program = (
        "import time; t = time.monotonic(); from nni_core.cli.main import run; run(['experiment', 'list', '--all'])"
    )
    timed = f"{program}; import sys; print(time.monotonic() - t, file=sys.stderr)"
    environment = {**user.environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", timed], env=environment, capture_output=True, text=True, check=True)
    assert float(done.stderr) < 2.0


def copy_of(folder: Path, name: str) -> None:
    """What a list reads of an experiment, under another id."""
    made = folder.with_name(name)
    made.mkdir()
    (made / "experiment.sqlite").write_bytes((folder / "experiment.sqlite").read_bytes())
