"""Trials that fail, and experiments that have what they want, through the real nnictl and processes."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

#: fails in another way at every attempt, and goes on from what the earlier one left
FRAGILE = """
import os, signal, sys, nni
p = nni.get_next_parameter()
checkpoint = nni.get_checkpoint_directory() / "step"
step = int(checkpoint.read_text()) if checkpoint.exists() else 0
checkpoint.write_text(str(step + 1))
if step == 0:
    raise nni.TrialError("the data are not there yet")
if step == 1:
    os.kill(os.getpid(), signal.SIGKILL)
if step == 2:
    sys.exit("a wrong turn")
nni.report_final_result({"loss": p["x"], "step": step})
"""

TWO_GOALS = """
import nni
p = nni.get_next_parameter()
nni.report_final_result({"loss": p["x"], "acc": 10 - p["x"] % 3})
"""

CONFIG = """
search_space: {x: {_type: choice, _value: [0, 1, 2, 3, 4, 5]}}
trial_command: python trial.py
trial_concurrency: 1
max_trial_number: 6
tuner: {name: TPE}
training_service: local
seed: 1
"""


def created(user: Any, trial: str, extra: str) -> Any:
    """A running experiment."""
    user.write("trial.py", trial)
    return user.create(user.write("config.yaml", CONFIG + extra))


def test_a_trial_goes_on_from_its_checkpoint(user: Any) -> None:
    """Each failure is retried by its own rule, in the same checkpoint directory, and takes no further place."""
    rules = "{trial_error: retry, signal: {retry: 1, backoff: 1s}, exit_code: retry}"
    experiment = created(user, FRAGILE, f"on_failure: {rules}\nobjectives: [{{name: loss, direction: minimize}}]\n")
    experiment.wait("DONE", timeout=100)
    trials = experiment.trials()
    assert [(trial["status"], trial.get("message")) for trial in trials] == [("SUCCEEDED", None)] * 6
    details = [experiment.get(f"/api/v1/trials/{trial['trialJobId']}") for trial in trials]
    assert [(one["attempt"], one["final"]["step"]) for one in details] == [(4, 3)] * 6
    best = experiment.get("/api/v1/experiment")["best"]
    assert best["value"] == min(one["final"]["loss"] for one in details) == 0


def test_an_experiment_in_which_everything_fails_ends(user: Any) -> None:
    """With the message of the first, after as many failures as it may have."""
    trial = "import nni\nnni.get_next_parameter()\nraise nni.TrialError('no such layer', retryable=False)\n"
    rules = "{default: {retry: 5}, max_consecutive_failures: 2}"
    experiment = created(user, trial, f"on_failure: {rules}\n")
    experiment.wait("ERROR")
    assert len(experiment.trials()) == 2
    reason = experiment.get("/api/v1/experiment")["reason"]
    assert reason.endswith("the first, trial 0: no such layer")
    assert user.nnictl("stop", experiment.id).returncode == 0
    shown = json.loads(user.nnictl("experiment", "status", experiment.id).stdout)
    assert shown["status"] == "STOPPED"


def test_a_target_ends_the_experiment_and_the_choice_is_shown(user: Any) -> None:
    """The reason and the Pareto set are in the profile, of a running and of a stopped experiment; a resume changes
    nothing, and an extension goes on."""
    goals = "objectives: [{name: loss, direction: minimize}, {name: acc, direction: maximize}]\n"
    experiment = created(user, TWO_GOALS, f"{goals}stop_when: {{target: 4, min_trials: 2}}\n")
    experiment.wait("DONE")
    number = len(experiment.trials())
    live = json.loads(user.nnictl("experiment", "show", experiment.id).stdout)
    assert "the target was reached: loss of trial" in live["reason"]
    values = {choice["sequenceId"]: choice["values"] for choice in live["paretoSet"]}
    assert min(one["loss"] for one in values.values()) <= 4
    assert "the target was reached" in user.nnictl("why", experiment.id).stdout
    user.nnictl("stop", experiment.id)
    stopped = json.loads(user.nnictl("experiment", "show", experiment.id).stdout)
    assert (stopped["paretoSet"], stopped["objectives"]) == (live["paretoSet"], live["objectives"])
    again = user.resume(experiment)
    again.wait("DONE")
    assert len(again.trials()) == number
    assert user.nnictl("experiment", "extend", experiment.id, "--trials", "3").returncode == 0
    again.wait("DONE")
    assert len(again.trials()) > number
