"""Every command of nnictl in one experiment's life, compared with what it printed when somebody read it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .transcript import Transcript, recorded_commands

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

#: the first two trials end at once, the others when they are told to
TRIAL = """
import nni, os, sys, time
parameters = nni.get_next_parameter()
print("training with", sorted(parameters))
print("careful", file=sys.stderr)
nni.report_intermediate_result(parameters["x"] / 2)
while nni.get_sequence_id() >= 2 and not os.path.exists("GO"):
    time.sleep(0.05)
nni.report_final_result(parameters["x"])
"""

CONFIG = f"""
experiment_name: transcript
search_space:
  x: {{_type: uniform, _value: [0, 1]}}
trial_command: {sys.executable} trial.py
trial_concurrency: 1
max_trial_number: 4
seed: 7
tuner:
  name: TPE
  class_args: {{optimize_mode: maximize, seed: 42}}
training_service:
  platform: local
"""

ALGORITHM = """
from nni.tuner import Tuner

class Steady(Tuner):
    "Suggests the same again and again"
    def __init__(self, at=0.5): self.at = at
    def update_search_space(self, search_space): self.names = list(search_space)
    def generate_parameters(self, parameter_id, **_): return dict.fromkeys(self.names, self.at)
"""


@pytest.fixture
def work(user: Any) -> Path:
    """The files that commands are given."""
    user.write("trial.py", TRIAL)
    user.write("config.yaml", CONFIG)
    user.write("wider.json", json.dumps({"x": {"_type": "uniform", "_value": [0, 2]}}))
    user.write("results.json", json.dumps([{"parameter": {"x": 0.25}, "value": 0.25}]))
    user.write("steady.py", ALGORITHM)
    user.write("meta.yml", "algoType: tuner\nbuiltinName: Steady\nclassName: steady.Steady\n")
    return Path(user.work)


def test_the_life_of_an_experiment(user: Any, work: Path) -> None:
    """From create to delete."""
    told = Transcript(user, "experiment")
    told.run("experiment list --all")
    told.run("validate --config config.yaml")
    told.run("create --config config.yaml --port 0 --host 127.0.0.1")
    experiment = user.experiment()
    told.name(experiment.id, "EXPERIMENT")
    told.name(str(experiment.manager["port"]), "<port>")
    wait_for(experiment, "RUNNING", number=2)
    name_trials(told, experiment)
    look(told)
    change(told, experiment)
    (work / "GO").touch()
    experiment.wait("DONE")
    name_trials(told, experiment)
    told.run("trial retry --trial_id TRIAL2")
    told.run("experiment extend --trials 1")
    experiment.wait("DONE")
    told.run("stop EXPERIMENT")
    afterwards(told, experiment)
    told.check()


def look(told: Transcript) -> None:
    """Every way to look at an experiment that runs."""
    for command in (
        "experiment list",
        "experiment show",
        "experiment status",
        "experiment delete",
        "trial ls",
        "trial ls --head 1",
        "top --once",
        "why",
        "webui url",
        "config show",
        "config show --yaml",
        "log manager --path",
        "log tuner --tail 1",
        "log stdout --path",
        "log stderr --path",
        "log trial",
        "log trial --trial_id TRIAL0",
        "log trial --trial_id 0 --stderr",
    ):
        told.run(command)


def change(told: Transcript, experiment: Any) -> None:
    """Every way to change one."""
    told.run("update concurrency --value 1")
    told.run("update duration --value 1h")
    told.run("update trialnum --value 5")
    told.run("update searchspace --filename wider.json")
    told.run("update stopwhen --target 99 --no_improvement 50")
    told.run("experiment import --filename results.json")
    told.run("""trial add --parameters '{"x": 0.5}'""")
    told.run("trial kill --trial_id TRIAL2")
    wait_for(experiment, "USER_CANCELED", number=2)


def afterwards(told: Transcript, experiment: Any) -> None:
    """What can be done with one that ended."""
    told.run("experiment list")
    told.run("experiment list --all")
    told.run("experiment export EXPERIMENT --type csv --filename results.csv")
    share(told)
    told.run("why EXPERIMENT")
    told.run("analyze EXPERIMENT")
    told.run("replay EXPERIMENT")
    told.run("experiment extend EXPERIMENT --trials 1")
    told.run("resume EXPERIMENT --port 0 --host 127.0.0.1")
    experiment.wait("DONE")
    told.name(str(experiment.manager["port"]), "<port>")
    told.run("stop --all")
    told.run("stop")
    told.run("experiment prune --keep 0 --dry-run")
    told.run("experiment delete EXPERIMENT --yes")
    told.run("experiment show EXPERIMENT")


def share(told: Transcript) -> None:
    """Every way to show one to somebody else."""
    told.run("experiment save EXPERIMENT --saveCodeDir --path bundle.zip")
    told.run("view bundle.zip --port 0 --host 127.0.0.1")
    told.run("experiment list --json", keys=("id", "status"))
    told.run("experiment status")
    told.run("stop")
    told.run("experiment load --path bundle.zip")
    told.run("experiment load --path config.yaml")


def wait_for(experiment: Any, state: str, *, number: int) -> None:
    from .conftest import until

    until(lambda: [one["status"] for one in experiment.trials() if one["sequenceId"] == number] == [state], what=state)


def name_trials(told: Transcript, experiment: Any) -> None:
    for one in experiment.trials():
        told.name(one["trialJobId"], f"TRIAL{one['sequenceId']}")


def test_commands_about_the_machine(user: Any, work: Path) -> None:
    """Those that need no experiment."""
    told = Transcript(user, "machine")
    for command in (
        "",
        "experiment",
        "--version",
        "hello",
        "hello",
        "ss_gen -t 'python main.py'",
        "simulate --config nowhere.yaml",
        "package list",
    ):
        told.run(command)
    told.run("platform clean")
    told.run("algo list", only="^(Name|TPE |Anneal)")
    told.run("algo register --meta_path meta.yml")
    told.run("algo show Steady")
    told.run("plugins list --kind tuner", only="^(name|TPE\t|Steady)")
    told.run("algo unregister Steady")
    told.run("algo unregister Steady")
    told.run("algo reg --meta_path meta.yml")
    told.run("algo unreg Steady")
    told.run("trainingservice list", only="^(name|local)")
    told.run("trainingservice register --package json")
    told.run("trainingservice unregister --package json")
    told.run("doctor", only="^ok    (nni|directory|experiments) ")
    told.run("doctor --json", keys=("check",))
    told.run("completion fish", only="complete --no-files")
    told.run("init drafted.yaml --command 'python trial.py' --space wider.json --yes")
    told.run("schema", keys=("$schema", "title", "type"))
    told.run("explain NNI560")
    told.run("crate")
    told.check()


def test_every_command_is_in_a_transcript() -> None:
    """One that is added has to be shown."""
    import click

    from nni_core.cli.main import COMMANDS, nnictl

    context = click.Context(nnictl)
    wanted = []
    for verb in COMMANDS:
        command = nnictl.get_command(context, verb)
        inner = list(command.commands) if isinstance(command, click.Group) else []
        wanted += [f"nnictl {verb} {name}" for name in inner] or [f"nnictl {verb}"]
    recorded = [f"{command} " for command in recorded_commands()]
    assert [path for path in wanted if not any(line.startswith(f"{path} ") for line in recorded)] == []
