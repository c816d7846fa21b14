"""Whole experiments that are changed, asked and extended while they run, through the real nnictl."""

from __future__ import annotations

import json

import pytest
from tests.bench.past import Past, write_past

from .conftest import User, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

#: runs until a file says that it may end
PATIENT_TRIAL = """
import pathlib, time, nni
x = nni.get_next_parameter()["x"]
while not pathlib.Path("go").exists():
    time.sleep(0.05)
nni.report_final_result(x)
"""

ONE_IDEA = """
from nni.tuner import Tuner
class OneIdea(Tuner):
    def update_search_space(self, search_space): ...
    def generate_parameters(self, parameter_id, **kwargs):
        return {"x": 0.5}
"""


def test_a_running_experiment_is_changed_and_asked(user: User) -> None:
    """Customised trials wait for their turn and say so, limits let them run, and a killed trial ends."""
    experiment = user.create(user.config(trial=PATIENT_TRIAL, trials=4, concurrency=2))
    until(lambda: [one["status"] for one in experiment.trials()] == ["RUNNING"] * 2, what="two trials to run")
    added = user.nnictl("trial", "add", "--parameters", '{"x": 0.25}', "--json")
    trial_id = json.loads(added.stdout)["id"]
    assert "2 trials run, as many as trial_concurrency allows" in user.nnictl("why", trial_id).stdout
    assert user.nnictl("update", "concurrency", "--value", "3").stdout == "INFO:  Update concurrency success!\n"
    until(lambda: [one["status"] for one in experiment.trials()] == ["RUNNING"] * 3, what="the third to run")
    killed = user.nnictl("trial", "kill", "-T", trial_id, "-T", "0")
    assert (killed.returncode, len(killed.stdout.splitlines())) == (0, 2)
    until(lambda: len([one for one in experiment.trials() if one["status"] == "USER_CANCELED"]) == 2, what="two ends")
    user.write("go", "")
    experiment.wait("DONE")
    best = json.loads(user.nnictl("trial", "ls", "--head", "1", "--json").stdout)
    assert (len(best), best[0]["status"]) == (1, "SUCCEEDED")


def test_results_are_carried_over_and_a_finished_experiment_goes_on(user: User) -> None:
    """What is exported can be imported; one that is DONE is extended, with a manager and without one."""
    first = user.create(user.config(trials=3))
    first.wait("DONE")
    export = user.work / "results.json"
    user.nnictl("experiment", "export", first.id, "--type", "json", "--filename", str(export))
    imported = user.nnictl("experiment", "import", first.id, "--filename", str(export))
    assert imported.stdout == "INFO:  Import data success: 3 results\n", imported.stderr
    extended = user.nnictl("experiment", "extend", "--trials", "2")
    assert extended.stdout == "INFO:  Extend experiment success! max_trial_number is 5 now\n", extended.stderr
    until(lambda: len(first.trials()) == 5, what="two more trials")
    first.wait("DONE")
    user.nnictl("stop", first.id)
    advice = user.nnictl("why", first.id).stdout.partition("help: nnictl ")[2].partition(" gives it more")[0]
    extended = user.nnictl(*advice.split())
    assert extended.stdout.endswith(f"nnictl resume {first.id} goes on with it\n"), extended.stderr
    again = user.resume(first)
    again.wait("DONE")
    assert len(again.trials()) == 15


def test_equal_trials_run_once(user: User) -> None:
    """Side by side or one after the other: the result of one is every equal one's, and no process is spent on it."""
    user.write("one_idea.py", ONE_IDEA)
    config = user.config(trials=4, concurrency=2, extra="duplicates: reuse\n")
    named = "name: TPE\n  class_args: {optimize_mode: maximize}"
    config.write_text(config.read_text().replace(named, "class_name: one_idea.OneIdea"))
    experiment = user.create(config)
    experiment.wait("DONE")
    assert [one["status"] for one in experiment.trials()] == ["SUCCEEDED"] * 4
    assert len([one for one in (experiment.folder / "trials").iterdir() if one.is_dir()]) == 1
    assert "the result of trial 0 was used" in user.nnictl("why", "1").stdout


def test_the_goal_is_changed_at_any_time(user: User) -> None:
    """While it runs, when it is done, and when its manager is gone."""
    experiment = user.create(user.config(trials=50, extra="stop_when: {target: 0}\n"))
    experiment.wait("DONE")
    raised = user.nnictl("update", "stopwhen", "--target", "5", "--no_improvement", "2")
    assert raised.stdout == "INFO:  Update stopWhen success!\n", raised.stderr
    experiment.wait("DONE")
    assert "brought nothing better than trial" in user.nnictl("why").stdout
    user.nnictl("stop", experiment.id)
    number = len(json.loads(user.nnictl("trial", "ls", experiment.id, "--json").stdout))
    assert user.nnictl("update", "stopwhen", experiment.id, "--no_improvement", "9").returncode == 0
    again = user.resume(experiment)
    again.wait("DONE")
    assert len(again.trials()) > number


def test_a_failed_trial_is_tried_again(user: User) -> None:
    """Once what it failed for is mended, in an experiment that is done with everything else."""
    experiment = user.create(user.config(trial="import fixed\n" + PATIENT_TRIAL, trials=1, concurrency=1))
    experiment.wait("DONE")
    assert "No module named 'fixed'" in user.nnictl("why", "0").stdout
    user.write("fixed.py", "")
    user.write("go", "")
    tried = user.nnictl("trial", "retry", "--trial_id", "0")
    assert tried.returncode == 0, tried.stderr
    until(lambda: [one["status"] for one in experiment.trials()] == ["SUCCEEDED"], what="the trial to succeed")
    experiment.wait("DONE")


def test_a_long_experiment_leaves_its_trials_ready_to_be_looked_at(user: User) -> None:
    """As its log tells of them: who looks next need not fold the log, and would see the same."""
    folder = write_past(user.home, "long", Past(trials=1_000, reports=2, remaining=0))
    experiment = user.resume(user.experiment_in(folder.path))
    experiment.wait("DONE")
    assert not folder.trials_file.exists()
    user.nnictl("stop", "long")
    content = folder.trials_file.read_bytes()
    rows = user.nnictl("trial", "ls", "long", "--json").stdout
    assert len(json.loads(rows)) == 1_000
    assert folder.trials_file.read_bytes() == content
    folder.trials_file.unlink()
    assert user.nnictl("trial", "ls", "long", "--json").stdout == rows
    assert folder.trials_file.read_bytes() == content
