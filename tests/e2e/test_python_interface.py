"""Experiments from Python scripts and notebooks, with tuners and assessors that were written for NNI."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

pytestmark = pytest.mark.e2e

BEGIN = """
import asyncio, sys
from nni.experiment import Experiment, RunMode

def make(**config):
    experiment = Experiment("local")
    experiment.config.trial_command = f"{sys.executable} trial.py"
    experiment.config.search_space = {"x": {"_type": "uniform", "_value": [0, 1]}}
    experiment.config.tuner.name = "TPE"
    experiment.config.tuner.class_args["optimize_mode"] = "maximize"
    experiment.config.trial_concurrency = 2
    experiment.config.max_trial_number = 4
    for name, value in config.items():
        setattr(experiment.config, name, value)
    return experiment
"""

#: as NNI's documentation and its tests have them
TUNER = """
import logging, pathlib
from nni.tuner import Tuner
from nni.utils import extract_scalar_reward

logging.getLogger("Mine").info("imported")
here = pathlib.Path(__file__).parent

class Mine(Tuner):
    def __init__(self, optimize_mode):
        self.number = 0
    def update_search_space(self, search_space):
        (here / "space.txt").write_text(str(search_space))
    def generate_parameters(self, parameter_id, **kwargs):
        self.number += 1
        return {"x": self.number, "beyond": [None]}
    def receive_trial_result(self, parameter_id, parameters, value, **kwargs):
        with open(here / "results.txt", "a") as file:
            print(parameters["x"], extract_scalar_reward(value), kwargs["customized"], file=file)
    def _on_exit(self):
        (here / "exit.txt").write_text("tuner")
"""

ASSESSOR = """
from nni.assessor import Assessor, AssessResult

class Strict(Assessor):
    def __init__(self, at):
        self.at = at
    def assess_trial(self, trial_job_id, trial_history):
        return AssessResult.Bad if trial_history[-1]["default"] == self.at else AssessResult.Good
"""

TRIAL = """
import time, nni
x = nni.get_next_parameter()["x"]
nni.report_intermediate_result({"default": x, "other": "text"})
if x == 2:
    time.sleep(60)
nni.report_final_result(x * 2)
"""


@pytest.fixture
def script(user: Any) -> Any:
    """Runs a Python program of the user's, which must succeed; the answer is what it prints."""

    def run(text: str, *, trial: str = "") -> str:
        user.config(**({"trial": trial} if trial else {}))
        user.write("main.py", BEGIN + textwrap.dedent(text))
        done = subprocess.run(
            [sys.executable, "main.py"],
            cwd=user.work,
            env=user.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_script_asks_for_everything(script: Any) -> None:
    """Trials, metrics, metadata and statistics, by NNI's names, while it runs and after it was stopped."""
    shown = script("""
    experiment = make()
    identity = experiment.id
    assert experiment.run(0) is True
    for _ in range(2):
        assert experiment.get_job_statistics() == [{"trialJobStatus": "SUCCEEDED", "trialJobNumber": 4}]
        trials = experiment.list_trial_jobs()
        assert [trial.sequenceId for trial in trials] == [0, 1, 2, 3]
        assert experiment.get_trial_job(trials[0].trialJobId) == trials[0]
        x = trials[0].hyperParameters[0].parameters["x"]
        assert trials[0].finalMetricData[0].data["default"] == x
        metrics = experiment.get_job_metrics(trials[0].trialJobId)[trials[0].trialJobId]
        assert [(one.type, one.sequence) for one in metrics] == [("PERIODICAL", 0), ("FINAL", 0)]
        assert len(experiment.get_job_metrics()) == 4
        assert experiment.get_experiment_metadata(identity)["id"] == identity
        assert [one["id"] for one in experiment.get_all_experiments_metadata()] == [identity]
        assert experiment.get_experiment_metadata("nothing") == {}
        assert experiment.to_pandas().params_x.tolist()[0] == x
        assert identity in experiment._repr_html_()
        experiment.stop()
    """)
    assert "DONE: 4/4 trials, best" in shown


def test_a_running_experiment_is_changed(script: Any) -> None:
    """Limits, concurrency, space and goal, each at once; a trial is ended."""
    script("""
    experiment = make(trial_command="sleep 60", max_trial_number=2, max_experiment_duration="1h")
    experiment.start(0)
    experiment.update_trial_concurrency(3)
    experiment.update_max_trial_number(3)
    experiment.update_max_experiment_duration("2h")
    experiment.update_search_space({"x": {"_type": "uniform", "_value": [2, 3]}})
    experiment.update_stop_when({"target": 9})
    params = experiment.get_experiment_profile()["params"]
    assert (params["trialConcurrency"], params["maxTrialNumber"], params["maxExperimentDuration"]) == (3, 3, 7200)
    assert params["searchSpace"]["x"]["_value"] == [2, 3]
    assert params["stopWhen"]["target"] == 9
    trial = experiment.list_trial_jobs()[0].trialJobId
    experiment.kill_trial_job(trial)
    while experiment.get_trial_job(trial).status != "USER_CANCELED":
        pass
    experiment.stop()
    """)


def test_an_experiment_is_resumed_by_its_id(script: Any) -> None:
    """In the same program and in another, with the config that it has."""
    script("""
    experiment = make(max_trial_number=2, experiment_name="twice")
    experiment.run(0)
    experiment.stop()
    again = Experiment(None, id=experiment.id)
    again.resume(0, wait_completion=False)
    assert again.config.experiment_name == "twice"
    again.update_max_trial_number(4)
    assert Experiment.connect(again.port).id == experiment.id
    again.stop()
    assert Experiment(None, id=experiment.id).run_or_resume(0) is True
    assert [trial.sequenceId for trial in again.list_trial_jobs()] == [0, 1, 2, 3]
    other = make(max_trial_number=1)
    assert other.run_or_resume(0) is True
    other.stop()
    """)


def test_a_stopped_experiment_is_viewed(script: Any) -> None:
    """Its portal answers, read-only, and its port is free afterwards; a running one has a portal already."""
    script("""
    import json, urllib.request
    experiment = make()
    experiment.run(0)
    try:
        experiment.view(0, non_blocking=True)
        raise AssertionError("it runs")
    except Exception as error:
        assert "NNI523" in str(error), error
    experiment.stop()
    for _ in range(2):
        viewed = Experiment(None, id=experiment.id).view(0, non_blocking=True)
        assert viewed.get_status() == "VIEWED"
        assert viewed.config.max_trial_number == 4
        url = f"http://127.0.0.1:{viewed.port}/api/v1/nni"
        assert json.load(urllib.request.urlopen(url + "/check-status"))["status"] == "VIEWED"
        assert len(json.load(urllib.request.urlopen(url + "/trial-jobs"))) == 4
        assert len(viewed.list_trial_jobs()) == 4
        viewed.stop()
    assert viewed.get_status() == "STOPPED"
    """)


def test_everything_works_inside_an_event_loop(script: Any) -> None:
    """As in a notebook; a stopped experiment is read in a loop of its own."""
    script("""
    async def main():
        experiment = make(max_trial_number=1)
        assert experiment.run(0) is True
        experiment.stop()
        assert len(experiment.export_data()) == 1
        assert experiment._repr_html_()
    asyncio.run(main())
    """)


def test_algorithms_written_for_nni_run_unchanged(user: Any, script: Any) -> None:
    """A space and suggestions in forms of their own, metrics as they were reported, logging, and the last call."""
    user.write("mine.py", TUNER)
    user.write("strict.py", ASSESSOR)
    script(
        """
        from nni.experiment import CustomAlgorithmConfig
        experiment = make(
            search_space={"x": [1, 100]},
            tuner=CustomAlgorithmConfig("mine.Mine", class_args={"optimize_mode": "maximize"}),
            assessor=CustomAlgorithmConfig("strict.Strict", class_args={"at": 2}),
            max_trial_number=3,
        )
        assert experiment.run(0) is True
        assert [trial.status for trial in experiment.list_trial_jobs()] == ["SUCCEEDED", "EARLY_STOPPED", "SUCCEEDED"]
        experiment.update_search_space({"x": [1, 1000]})
        experiment.stop()
        """,
        trial=TRIAL,
    )
    assert set((user.work / "results.txt").read_text().splitlines()) >= {"1 2 False", "3 6 False"}
    assert (user.work / "space.txt").read_text() == "{'x': [1, 1000]}"
    assert (user.work / "exit.txt").read_text() == "tuner"
    assert "imported" in (user.experiment().folder / "log" / "dispatcher.log").read_text()


class Notebook:
    """A kernel, worked cell by cell."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(cwd=str(directory), env=environment)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, cell: str) -> list[dict[str, Any]]:
        """What the cell shows."""
        shown: list[dict[str, Any]] = []
        reply = self._client.execute_interactive(textwrap.dedent(cell), output_hook=shown.append, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
        return shown

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


@pytest.fixture
def notebook(user: Any) -> Iterator[Notebook]:
    user.config()
    opened = Notebook(user.work, user.environment)
    yield opened
    opened.close()


def test_a_notebook_shows_the_progress_and_a_summary(notebook: Notebook) -> None:
    """One output that is kept up to date while the cell runs; the experiment itself, as the last expression."""
    shown = notebook.run(BEGIN + "experiment = make()\nassert experiment.run(0) is True")
    html = [one["content"]["data"]["text/html"] for one in shown if one["msg_type"].endswith("display_data")]
    assert [one["msg_type"] for one in shown].count("display_data") == 1
    assert len(html) > 1
    assert "4/4" in html[-1]
    (result,) = [one for one in notebook.run("experiment") if one["msg_type"] == "execute_result"]
    assert "<b>Experiment" in result["content"]["data"]["text/html"]
    notebook.run("experiment.stop()\nassert len(experiment.export_data()) == 4")
