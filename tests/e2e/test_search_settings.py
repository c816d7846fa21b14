"""The settings that steer the search, through the real nnictl, tuner and processes."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from .conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

#: leaves a line for each time that it runs
TRIAL = """
import nni, os
p = nni.get_next_parameter()
with open(os.environ["RUNS"], "a") as runs:
    runs.write(f"{os.environ['FLAG']} {os.environ['API_TOKEN']} {os.environ['NNI_TRIAL_SEQ_ID']}\\n")
nni.report_final_result(p["a"] - p["b"])
"""

CONFIG = """
search_space:
  a: {_type: randint, _value: [0, 5]}
  b: {_type: choice, _value: [1, 2, 3]}
trial_command: python trial.py
trial_concurrency: 1
max_trial_number: %(trials)d
env: {FLAG: true, API_TOKEN: hunter2, RUNS: runs.txt}
initial_points: [{a: 4, b: 3}, {a: 0}]
constraints: ["a + b <= 7", "a != 2", "a - b < 3"]
duplicates: %(duplicates)s
tuner: {name: TPE, class_args: {optimize_mode: maximize}}
training_service: local
"""


def written(user: Any, *, trials: int = 8, duplicates: str = "skip", seed: int | None = 11) -> Any:
    """The config file of an experiment."""
    user.write("trial.py", TRIAL)
    (user.work / "runs.txt").unlink(missing_ok=True)
    extra = "" if seed is None else f"seed: {seed}\n"
    return user.write("config.yaml", CONFIG % {"trials": trials, "duplicates": duplicates} + extra)


def parameters_of(experiment: Any) -> list[dict[str, Any]]:
    """What each trial tried, in order."""
    trials = sorted(experiment.trials(), key=lambda trial: trial["sequenceId"])
    return [json.loads(trial["hyperParameters"][0])["parameters"] for trial in trials]


def test_two_experiments_of_one_seed_try_the_same(user: Any) -> None:
    """Initial points first, constraints kept, variables set, one of the two killed and resumed in between."""
    first = user.create(written(user))
    first.wait("DONE")
    tried = parameters_of(first)
    assert tried[0] == {"a": 4, "b": 3}
    assert tried[1]["a"] == 0
    assert all(one["a"] + one["b"] <= 7 and one["a"] != 2 and one["a"] - one["b"] < 3 for one in tried)
    runs = (user.work / "runs.txt").read_text().splitlines()
    assert runs == [f"true hunter2 {number}" for number in range(8)]

    second = user.create(written(user))
    os.kill(second.manager["pid"], signal.SIGKILL)
    again = user.resume(second)
    again.wait("DONE")
    assert parameters_of(again) == tried


#: takes as long as it likes
SLOW = """
import nni, random, time
x = nni.get_next_parameter()["x"]
time.sleep(random.uniform(0, 0.2))
nni.report_final_result((x - 3) ** 2)
"""
ORDERED = """
search_space:
  x: {_type: uniform, _value: [0, 10]}
trial_command: python slow.py
trial_concurrency: %d
max_trial_number: 30
seed: 5
deterministic: 4
tuner: {name: TPE, class_args: {optimize_mode: minimize, tpe_args: {n_startup_jobs: 6}}}
training_service: local
"""


def test_concurrency_and_luck_change_nothing_where_runs_are_deterministic(user: Any) -> None:
    """Four at a time, killed in between, and one at a time: the same trials; and the tuner suggests them again."""
    user.write("slow.py", SLOW)
    alone = user.create(user.write("config.yaml", ORDERED % 1))
    together = user.create(user.write("config.yaml", ORDERED % 4))
    until(lambda: len(together.trials()) > 12)
    os.kill(together.manager["pid"], signal.SIGKILL)
    together = user.resume(together)
    alone.wait("DONE")
    together.wait("DONE")
    assert len(parameters_of(together)) == 30
    assert parameters_of(together) == parameters_of(alone)
    replayed = user.nnictl("replay", together.id)
    assert (replayed.returncode, replayed.stdout) == (0, "tuner TPE suggests the same again: 30 of 30\n")


def test_a_repeated_point_spends_no_process(user: Any) -> None:
    """With ``reuse`` the space is used up, every point of it ran once, and the others took the result."""
    experiment = user.create(written(user, trials=200, duplicates="reuse"))
    experiment.wait("DONE")
    different = {str(one) for one in parameters_of(experiment)}
    runs = (user.work / "runs.txt").read_text().splitlines()
    assert len(runs) == len(different) == 11
    assert len(experiment.trials()) > 11
    results = {one: set() for one in different}
    for trial, one in zip(
        sorted(experiment.trials(), key=lambda t: t["sequenceId"]), parameters_of(experiment), strict=True
    ):
        assert trial["status"] == "SUCCEEDED"
        results[str(one)].add(trial["finalMetricData"][0]["data"])
    assert all(len(values) == 1 for values in results.values())


def test_a_drawn_seed_is_shown_and_a_secret_is_not(user: Any) -> None:
    """``--debug`` prints the seed; the profile and the logs have it, and nothing of the password."""
    config = written(user, trials=1, seed=None)
    done = user.nnictl("create", "-c", str(config), "-p", "0", "--debug")
    assert done.returncode == 0, done.stderr
    experiment = user.experiment()
    experiment.wait("DONE")
    profile = json.loads(user.nnictl("experiment", "show", experiment.id).stdout)
    seed = profile["params"]["seed"]
    assert f"Seed: {seed} (drawn; `seed: {seed}` in the config" in done.stdout
    assert profile["params"]["env"]["API_TOKEN"] == "(hidden)"
    log = "".join(path.read_text() for path in (experiment.folder / "log").iterdir())
    assert f"seed={seed}" in log
    assert "hunter2" not in log + json.dumps(profile) + done.stdout + done.stderr


def test_mistakes_keep_an_experiment_from_starting(user: Any) -> None:
    """Exit 2, each with its column, and no folder is left."""
    text = written(user).read_text().replace("a + b <= 7", "a + c <= 7").replace("FLAG: true", "NNI_EXP_ID: x")
    done = user.nnictl("create", "-c", str(user.write("wrong.yaml", text)), "-p", "0")
    assert done.returncode == 2
    assert "wrong.yaml:7:7: error[NNI241]: 'NNI_EXP_ID' is set by NNI" in done.stderr
    assert "wrong.yaml:9:20: error[NNI130]: the search space has no parameter 'c'" in done.stderr
    assert not (user.home / "nni-experiments").exists() or not list((user.home / "nni-experiments").iterdir())
