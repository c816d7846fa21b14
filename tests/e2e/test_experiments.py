"""Whole experiments: the tutorial's commands and outputs, exact accounting, stops, crashes, busy machines."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

STAMP = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] "
SLEEPY = "import nni, time\np = nni.get_next_parameter()\ntime.sleep(%s)\nnni.report_final_result(p['x'])\n"


def until(condition: Any, timeout: float = 30) -> None:
    limit = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


def checksum(parameters: dict[str, Any]) -> int:
    return int(hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:12], 16)


def test_create_and_stop_print_the_tutorials_lines(user: Any) -> None:
    """Six lines with the time; both URLs open; the trials succeed; stop prints two lines and leaves nothing."""
    user.config(trials=10)
    port = free_port()
    done = user.nnictl("create", "--config", "config.yaml", "--port", str(port))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    experiment = user.experiment()
    expected = [
        rf"{STAMP}Creating experiment, Experiment ID: {experiment.id}",
        rf"{STAMP}Starting web server\.\.\.",
        rf"{STAMP}Setting up\.\.\.",
        rf"{STAMP}Web portal URLs: http://127\.0\.0\.1:{port}( http://[0-9.]+:{port})?",
        rf'{STAMP}To stop experiment run "nnictl stop {experiment.id}" or "nnictl stop --all"',
        rf"{STAMP}Reference: https://nni\.readthedocs\.io/en/stable/reference/nnictl\.html",
    ]
    assert len(lines) == len(expected)
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(expected, lines, strict=True)), done.stdout
    for url in re.findall(r"http://[0-9.:]+", lines[3]):
        with urllib.request.urlopen(url, timeout=10) as page:
            assert page.status == 200
    experiment.wait("DONE")
    assert [trial["status"] for trial in experiment.trials()] == ["SUCCEEDED"] * 10
    stopped = user.nnictl("stop", experiment.id)
    assert stopped.stdout == f"INFO:  Stopping experiment {experiment.id}\nINFO:  Stop experiment success.\n"
    assert stopped.returncode == 0
    assert experiment.processes() == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def test_every_trial_runs_with_its_own_parameters(user: Any) -> None:
    """200 trials, eight at a time: 200 checksums of 200 belong to the parameters they are stored with."""
    experiment = user.create(user.config(trials=200, concurrency=8))
    experiment.wait("DONE", timeout=150)
    trials = experiment.trials()
    assert len(trials) == 200
    matching = 0
    for trial in trials:
        parameters = json.loads(trial["hyperParameters"][0])["parameters"]
        value = json.loads(json.loads(trial["finalMetricData"][0]["data"]))
        matching += value["checksum"] == checksum(parameters) and value["default"] == parameters["x"]
    assert matching == 200
    assert len({trial["sequenceId"] for trial in trials}) == 200


def test_a_killed_manager_loses_nothing(user: Any) -> None:
    """kill -9 in mid-run, resume: running trials adopted, no metric lost, none run twice, the total exact."""
    ran = user.work / "ran"
    trial = (
        "import nni, os, time\n"
        "p = nni.get_next_parameter()\n"
        f"open({str(ran)!r}, 'a').write(os.environ['NNI_TRIAL_JOB_ID'] + '\\n')\n"
        "for step in range(20):\n"
        "    nni.report_intermediate_result(step)\n"
        "    time.sleep(0.1)\n"
        "nni.report_final_result(p['x'])\n"
    )
    experiment = user.create(user.config(trial=trial, trials=6, concurrency=2))
    until(lambda: sum(one["status"] == "RUNNING" for one in experiment.trials()) == 2)
    time.sleep(0.5)
    before = experiment.trials()
    os.kill(experiment.manager["pid"], signal.SIGKILL)
    time.sleep(1)
    assert experiment.id in user.nnictl("experiment", "list", "--all").stdout
    again = user.resume(experiment)
    again.wait("DONE", timeout=60)
    trials = again.trials()
    assert [one["sequenceId"] for one in trials] == list(range(6))
    assert [one["status"] for one in trials] == ["SUCCEEDED"] * 6
    assert {one["trialJobId"] for one in before} <= {one["trialJobId"] for one in trials}
    assert sorted(ran.read_text().split()) == sorted(one["trialJobId"] for one in trials)
    for one in trials:
        metrics = again.get(f"/api/v1/nni/metric-data/{one['trialJobId']}?type=PERIODICAL")
        assert [json.loads(json.loads(metric["data"])) for metric in metrics] == list(range(20))


def test_resume_after_stop_finishes_the_count(user: Any) -> None:
    """What the stop ended runs again; ten trials mean ten."""
    experiment = user.create(user.config(trial=SLEEPY % 0.4, trials=5))
    until(lambda: any(one["status"] == "SUCCEEDED" for one in experiment.trials()))
    assert user.nnictl("stop").returncode == 0
    assert experiment.processes() == []
    again = user.resume(experiment)
    again.wait("DONE")
    assert [one["status"] for one in again.trials()] == ["SUCCEEDED"] * 5


def test_stop_of_a_dead_manager_ends_its_trials(user: Any) -> None:
    """The manager was killed, its trials run on: stop still leaves nothing."""
    experiment = user.create(user.config(trial=SLEEPY % 60))
    until(lambda: sum(one["status"] == "RUNNING" for one in experiment.trials()) == 2)
    os.kill(experiment.manager["pid"], signal.SIGKILL)
    until(lambda: experiment.processes() != [] and not user.nnictl("experiment", "list", "--json").stdout.strip("[]\n"))
    done = user.nnictl("stop", "--all")
    assert done.returncode == 0, done.stderr
    assert experiment.processes() == []


def test_stop_all_ends_every_experiment(user: Any) -> None:
    """Each by name in the output, nothing left of any."""
    config = user.config(trial=SLEEPY % 60, concurrency=1)
    experiments = [user.create(config) for _ in range(5)]
    done = user.nnictl("stop", "--all")
    assert done.returncode == 0, done.stderr
    assert all(f"Stopping experiment {one.id}" in done.stdout for one in experiments)
    assert all(one.processes() == [] for one in experiments)


def test_stop_by_prefix_star_and_port(user: Any) -> None:
    """NNI's ways to say which."""
    config = user.config(trial=SLEEPY % 60, concurrency=1)
    first, second, third = (user.create(config) for _ in range(3))
    assert user.nnictl("stop").returncode == 2
    assert user.nnictl("stop", first.id[:7]).returncode == 0
    assert user.nnictl("stop", "--port", str(second.manager["port"])).returncode == 0
    assert user.nnictl("stop", f"{third.id[:3]}*").returncode == 0
    missing = user.nnictl("stop", "nosuch")
    assert missing.returncode == 2
    assert "there is no experiment 'nosuch'" in missing.stderr


def test_a_busy_port_names_its_holder_and_creates_nothing(user: Any) -> None:
    """The message offers a port that is free."""
    config = user.config()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = user.nnictl("create", "--config", str(config), "--port", str(port))
    assert done.returncode == 3
    assert f"port {port} on 127.0.0.1 is taken by process {os.getpid()}" in done.stderr
    assert "is free" in done.stderr
    assert not (user.home / "nni-experiments").exists()


def test_wait_ends_with_the_experiment(user: Any) -> None:
    """Exit 0 when a trial succeeded, 1 when none did; nothing is left running."""
    user.config(trials=3)
    done = user.nnictl("create", "--config", "config.yaml", "--port", "0", "--wait")
    assert done.returncode == 0, done.stderr
    assert "DONE: 3/3 trials, best 0." in done.stdout
    assert user.experiment().processes() == []
    user.config(trial="import nosuchmodule\n", trials=2)
    failed = user.nnictl("create", "--config", "config.yaml", "--port", "0", "--wait")
    assert failed.returncode == 1
    assert "No module named 'nosuchmodule'" in failed.stdout


@pytest.mark.parametrize("flag", ["--wait", "--foreground"])
def test_ctrl_c_stops_the_experiment(user: Any, flag: str) -> None:
    """SIGINT to nnictl: the trials and the manager are gone, and the exit code says interrupted."""
    config = user.config(trial=SLEEPY % 60)
    process = user.start("create", "-c", str(config), "-p", "0", flag)
    until(lambda: (user.home / "nni-experiments" / "_latest" / "manager.json").exists())
    experiment = user.experiment()
    until(lambda: any(one["status"] == "RUNNING" for one in experiment.trials()))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert experiment.processes() == []


def test_mistakes_are_shown_all_at_once_and_nothing_starts(user: Any) -> None:
    """Exit 2, places, no traceback, no folder."""
    path = user.write(
        "config.yaml",
        """
        search_space:
          x: {_type: unifrom, _value: [0, 1]}
          y: {_type: uniform, _value: [1, 0]}
        trial_command: "true"
        trial_concurency: 2
        max_trial_number: two
        tuner:
          name: Tpee
        training_service:
          platform: lokal
        """,
    )
    done = user.nnictl("create", "--config", str(path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for place in (
        "config.yaml:2",
        "config.yaml:3",
        "config.yaml:5",
        "config.yaml:6",
        "config.yaml:8",
        "config.yaml:10",
    ):
        assert place in done.stderr, done.stderr
    for word in ("'uniform'", "trial_concurrency", "TPE", "local"):
        assert word in done.stderr
    assert not (user.home / "nni-experiments").exists()


MINE = """
from nni.tuner import Tuner
class Mine(Tuner):
    def __init__(self, luck=True):
        if not luck:
            raise ValueError("no luck")
    def update_search_space(self, search_space): ...
    def generate_parameters(self, parameter_id, **kwargs):
        return {"x": 0.25}
"""


def own_tuner(user: Any, class_args: str) -> Path:
    """A config whose tuner is a class of the user's own."""
    user.write("mine.py", MINE)
    config: Path = user.config(trials=2)
    text = config.read_text().replace("name: TPE", "class_name: mine.Mine\n  code_directory: .")
    config.write_text(text.replace("{optimize_mode: maximize}", class_args))
    return config


def test_a_tuner_that_cannot_be_built_is_a_failure_of_create(user: Any) -> None:
    """The user's own class raises: exit 2, its line, and no experiment is left behind."""
    own_tuner(user, "{luck: false}")
    done = user.nnictl("create", "--config", "config.yaml", "--port", "0")
    assert done.returncode == 2, done.stdout
    assert "no luck" in done.stderr
    assert "mine.py" in done.stderr
    assert list((user.home / "nni-experiments").glob("*")) == []


def test_a_class_of_the_users_own_tunes(user: Any) -> None:
    """class_name and code_directory, as in NNI."""
    experiment = user.create(own_tuner(user, "{}"))
    experiment.wait("DONE")
    assert [json.loads(one["hyperParameters"][0])["parameters"] for one in experiment.trials()] == [{"x": 0.25}] * 2


def tuner_of(experiment: Any) -> int:
    """The process that lives in the folder of the logs."""
    for pid in experiment.processes():
        # A trial may have ended since it was listed.
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink() == experiment.folder / "log":
                return int(pid)
    raise AssertionError("the tuner has no process")


def test_a_killed_tuner_is_replaced(user: Any) -> None:
    """SIGKILL to the tuner's process: the experiment goes on to its end."""
    experiment = user.create(user.config(trial=SLEEPY % 0.2, trials=8))
    until(lambda: any(one["status"] == "SUCCEEDED" for one in experiment.trials()))
    os.kill(tuner_of(experiment), signal.SIGKILL)
    experiment.wait("DONE")
    assert len(experiment.trials()) == 8
    assert any("restarted" in note["message"] for note in experiment.get("/api/v1/experiment")["notes"])


def test_a_busy_machine_delays_and_breaks_nothing(user: Any) -> None:
    """Six busy loops beside it: create, trials and stop succeed."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
    try:
        experiment = user.create(user.config(trials=6))
        experiment.wait("DONE", timeout=100)
        assert user.nnictl("stop").returncode == 0
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert experiment.processes() == []


def test_export_works_with_and_without_a_manager(user: Any) -> None:
    """The same rows from a running and from a stopped experiment."""
    experiment = user.create(user.config(trials=3))
    experiment.wait("DONE")
    user.nnictl("experiment", "export", "-t", "json", "-f", "live.json", "-i")
    user.nnictl("stop")
    done = user.nnictl("experiment", "export", experiment.id, "-t", "json", "-f", "dead.json", "-i")
    assert done.returncode == 0, done.stderr
    rows = json.loads((user.work / "dead.json").read_text())
    assert rows == json.loads((user.work / "live.json").read_text())
    assert len(rows) == 3
    assert rows[0]["intermediate"] == ["0.5"]
    assert user.nnictl("experiment", "export", experiment.id, "-t", "csv", "-f", "all.csv").returncode == 0
    assert (user.work / "all.csv").read_text().splitlines()[0] == "default,checksum,x,trialJobId"
    listed = user.nnictl("trial", "ls", experiment.id)
    assert listed.stdout.count("SUCCEEDED") == 3


PYTHON_API = """
from nni.experiment import Experiment

experiment = Experiment("local")
experiment.config.trial_command = "python trial.py"
experiment.config.trial_code_directory = "."
experiment.config.search_space = {"x": {"_type": "uniform", "_value": [0, 1]}}
experiment.config.tuner.name = "TPE"
experiment.config.tuner.class_args["optimize_mode"] = "maximize"
experiment.config.max_trial_number = 4
experiment.config.trial_concurrency = 2
assert experiment.run(0) is True
assert experiment.get_status() == "DONE"
rows = experiment.export_data()
assert len(rows) == 4
assert all(row.value["default"] == row.parameter["x"] for row in rows)
experiment.stop()
"""


def test_the_python_interface_runs_an_experiment(user: Any) -> None:
    """The quickstart's calls, in a script: it waits, exports, and leaves nothing behind."""
    user.config()
    user.write("main.py", PYTHON_API)
    command = [sys.executable, "main.py"]
    done = subprocess.run(command, cwd=user.work, env=user.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Web portal URLs: http://127.0.0.1:" in done.stdout
    assert user.experiment().processes() == []


@pytest.mark.browser
def test_the_portal_shows_a_real_experiment_to_its_end(user: Any) -> None:
    """In Chromium, live: progress reaches the end without a reload, and the best trial's page shows its parameters."""
    from playwright.sync_api import expect, sync_playwright

    experiment = user.create(user.config(trial=SLEEPY % 0.3, trials=6))
    base = f"http://localhost:{experiment.manager['port']}"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(base)
        expect(page.get_by_text("done", exact=True).first).to_be_visible(timeout=30_000)
        best = experiment.get("/api/v1/experiment")["best"]
        page.goto(f"{base}/trials/{best['trial_id']}")
        expect(page.get_by_role("heading", name=f"Trial #{best['sequence_id']}")).to_be_visible()
        expect(page.get_by_text(f"{best['value']:.5g}"[:6]).first).to_be_visible()
        browser.close()
    assert complaints == []
