"""Stops at awkward moments: twice at once, after a death in the middle of one, before the experiment has begun."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

#: a trial that takes its time to end, so that a stop can be caught in the middle
STUBBORN = """
import nni, pathlib, signal, sys, time
def linger(*_):
    pathlib.Path("asked").touch()
    time.sleep(4)
    sys.exit(0)
signal.signal(signal.SIGTERM, linger)
nni.get_next_parameter()
pathlib.Path("ready").touch()
time.sleep(60)
"""

HANGING = """
import time
from nni.tuner import Tuner
class Hanging(Tuner):
    def __init__(self):
        time.sleep(1000)
    def update_search_space(self, search_space): ...
    def generate_parameters(self, parameter_id, **kwargs): ...
"""


def until(condition: Callable[[], bool], timeout: float = 30) -> None:
    limit = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


def stubborn(user: Any) -> Any:
    """A running experiment with one trial that needs seconds to end."""
    experiment = user.create(user.config(trial=STUBBORN, concurrency=1))
    until((user.work / "ready").exists)
    return experiment


def test_two_stops_at_once_leave_nothing(user: Any) -> None:
    """The second one waits as the first does; neither cuts the trials' end short."""
    experiment = stubborn(user)
    first = user.start("stop", experiment.id)
    until((user.work / "asked").exists)
    second = user.nnictl("stop", experiment.id)
    assert experiment.processes() == []
    first.communicate(timeout=30)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "SYS_CANCELED" in user.nnictl("trial", "ls", experiment.id).stdout


def test_a_stop_does_the_duty_of_a_manager_that_dies_in_the_middle_of_it(user: Any) -> None:
    """kill -9 while the trials are being ended: the stop that waits ends them itself."""
    experiment = stubborn(user)
    stop = user.start("stop", experiment.id)
    until((user.work / "asked").exists)
    os.kill(experiment.manager["pid"], signal.SIGKILL)
    _, errors = stop.communicate(timeout=60)
    assert stop.returncode == 0, errors
    assert experiment.processes() == []
    assert "SYS_CANCELED" in user.nnictl("trial", "ls", experiment.id).stdout


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.2])
def test_a_stop_beside_a_resume_ends_the_experiment(delay: float, user: Any) -> None:
    """Whichever of the two takes charge first."""
    experiment = user.create(user.config(trial="import nni, time\nnni.get_next_parameter()\ntime.sleep(60)\n"))
    os.kill(experiment.manager["pid"], signal.SIGKILL)
    resume = user.start("resume", experiment.id, "--port", "0")
    time.sleep(delay)
    stop = user.start("stop", experiment.id)
    _, errors = stop.communicate(timeout=60)
    resume.communicate(timeout=60)
    assert stop.returncode == 0, errors
    if resume.returncode == 0:
        # It may have come after the stop; then it is another that ends it.
        user.nnictl("stop", experiment.id)
    assert experiment.processes() == []


def test_a_stop_that_cannot_end_the_trials_says_so(user: Any) -> None:
    """The manager is dead and its log cannot be written: no success is claimed, and the next stop does it."""
    experiment = stubborn(user)
    os.kill(experiment.manager["pid"], signal.SIGKILL)
    with closing(sqlite3.connect(experiment.folder / "experiment.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        refused = user.nnictl("stop", experiment.id)
    assert refused.returncode != 0
    assert "experiment.sqlite is in use" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert user.nnictl("stop", experiment.id).returncode == 0
    assert experiment.processes() == []


def hanging(user: Any) -> subprocess.Popen[str]:
    """``nnictl create`` with a tuner that is never built."""
    user.write("hanging.py", HANGING)
    config = user.config()
    named = "name: TPE\n  class_args: {optimize_mode: maximize}"
    config.write_text(config.read_text().replace(named, "class_name: hanging.Hanging"))
    create = user.start("create", "-c", "config.yaml", "-p", "0")
    experiments = user.home / "nni-experiments"
    until(lambda: any(experiments.glob("*/experiment.sqlite")))
    return create


def test_ctrl_c_ends_a_start_that_hangs(user: Any) -> None:
    """A tuner whose constructor never returns: it is said, and after one Ctrl-C nothing is left."""
    create = hanging(user)
    time.sleep(10.5)
    create.send_signal(signal.SIGINT)
    _, errors = create.communicate(timeout=20)
    assert create.returncode == 130, errors
    assert "Still starting after 10 s. Most often a tuner" in errors
    assert list((user.home / "nni-experiments").iterdir()) == []


def test_stop_ends_a_start_that_hangs(user: Any) -> None:
    """``nnictl stop`` reaches a manager that is not ready; the list shows it as starting."""
    create = hanging(user)
    listed = user.nnictl("experiment", "list")
    assert "STARTING" in listed.stdout, listed.stdout
    assert "unreadable" not in listed.stdout
    stopped = user.nnictl("stop", "--all", timeout=30)
    assert stopped.returncode == 0, stopped.stderr
    _, errors = create.communicate(timeout=20)
    assert create.returncode == 2
    assert "was stopped while it was starting" in errors


def waiting(user: Any) -> tuple[subprocess.Popen[str], Any]:
    """``nnictl create --wait`` with a trial that takes its time."""
    user.config(trial=STUBBORN, concurrency=1)
    create = user.start("create", "-c", "config.yaml", "-p", "0", "--wait")
    until(lambda: (user.work / "ready").exists() or create.poll() is not None)
    assert create.poll() is None, create.communicate()
    # A trial may be ready before its manager is.
    said = b""
    while b"To stop experiment" not in said:
        said += os.read(create.stdout.fileno(), 4096)
    return create, user.experiment()


def test_who_waits_for_an_experiment_that_is_stopped_elsewhere_is_told(user: Any) -> None:
    """STOPPED, by its name, and no complaint about a manager that does not answer."""
    create, experiment = waiting(user)
    assert user.nnictl("stop", experiment.id).returncode == 0
    shown, errors = create.communicate(timeout=30)
    assert create.returncode == 1, errors
    assert "STOPPED: 1/3 trials" in shown
    assert errors == ""


def test_who_waits_for_a_manager_that_is_killed_is_told_what_can_be_done(user: Any) -> None:
    """Its trials are left as they are, for a resume."""
    create, experiment = waiting(user)
    os.kill(experiment.manager["pid"], signal.SIGKILL)
    _, errors = create.communicate(timeout=30)
    assert create.returncode == 1
    assert f"nnictl resume {experiment.id} goes on with it" in errors
    assert experiment.processes() != []
    assert user.nnictl("stop", experiment.id).returncode == 0
    assert experiment.processes() == []


def test_a_second_ctrl_c_says_what_is_left(user: Any) -> None:
    """Who does not wait for the trials' end learns how to bring it about."""
    create, experiment = waiting(user)
    create.send_signal(signal.SIGINT)
    until((user.work / "asked").exists)
    create.send_signal(signal.SIGINT)
    _, errors = create.communicate(timeout=30)
    assert create.returncode == 130
    assert f"nnictl stop {experiment.id} ends its trials" in errors
    assert user.nnictl("stop", experiment.id).returncode == 0
    assert experiment.processes() == []


#: a plugin that keeps the manager from being ready, as a very busy machine does
BUSY = """
import pathlib, sys, time
class Busy:
    def find_spec(self, name, path=None, target=None):
        while name == "nni_core.manager.web" and not pathlib.Path(%r).exists():
            time.sleep(0.05)
sys.meta_path.insert(0, Busy())
"""


def starting(user: Any) -> tuple[subprocess.Popen[str], Any]:
    """``nnictl create --wait`` whose trial runs before its manager is ready, which it will be when ``go`` exists."""
    user.write("busy.py", BUSY % str(user.work / "go"))
    user.config(trial=STUBBORN, concurrency=1, extra="plugins: [busy.py]\n")
    create = user.start("create", "-c", "config.yaml", "-p", "0", "--wait")
    until(lambda: (user.work / "ready").exists() or create.poll() is not None)
    assert create.poll() is None, create.communicate()
    return create, user.experiment()


def test_ctrl_c_ends_the_trials_of_a_start(user: Any) -> None:
    """They had begun, so that the experiment stays, and can be resumed."""
    create, experiment = starting(user)
    create.send_signal(signal.SIGINT)
    (user.work / "go").touch()
    create.communicate(timeout=30)
    assert create.returncode == 130
    assert experiment.processes() == []
    assert "SYS_CANCELED" in user.nnictl("trial", "ls", experiment.id).stdout


def test_a_second_ctrl_c_in_a_start_says_what_is_left(user: Any) -> None:
    """As it does later on."""
    create, experiment = starting(user)
    create.send_signal(signal.SIGINT)
    log = experiment.folder / "log" / "nnimanager.log"
    until(lambda: "asked_to_stop" in log.read_text())
    create.send_signal(signal.SIGINT)
    _, errors = create.communicate(timeout=30)
    assert create.returncode == 130
    assert f"nnictl stop {experiment.id} ends its trials" in errors
    assert experiment.processes() != []
    assert user.nnictl("stop", experiment.id).returncode == 0
    assert experiment.processes() == []


def test_the_trials_of_a_manager_that_is_killed_in_its_start_can_be_ended(user: Any) -> None:
    """Its folder is what leads to them."""
    create, experiment = starting(user)
    os.kill(int((experiment.folder / "manager.lock").read_text()), signal.SIGKILL)
    _, errors = create.communicate(timeout=30)
    assert create.returncode == 3, errors
    assert f"nnictl resume {experiment.id} goes on with it, nnictl stop {experiment.id} ends its trials" in errors
    assert user.nnictl("stop", experiment.id).returncode == 0
    assert experiment.processes() == []


def test_an_experiment_whose_folder_is_deleted_ends_itself(user: Any) -> None:
    """Nobody could see or stop it from outside any more."""
    experiment = user.create(user.config(trial="import time\ntime.sleep(60)\n"))
    until(lambda: any(one["status"] == "RUNNING" for one in experiment.trials()))
    shutil.rmtree(experiment.folder)
    until(lambda: experiment.processes() == [])


def test_log_level_says_what_is_written(user: Any) -> None:
    """At `error` an ordinary run says nothing once its config is read."""
    experiment = user.create(user.config(trials=1, extra="log_level: error\n"))
    experiment.wait("DONE")
    lines = (experiment.folder / "log" / "nnimanager.log").read_text().splitlines()
    assert [line for line in lines if "level=info" in line] == []
