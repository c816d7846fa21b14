"""Commands that change a running experiment: each asks a manager, here one with an experiment that the test feeds."""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import CompletionItem

from nni_core.cli.main import run
from nni_core.http.access import Policy
from nni_core.http.app import create_app
from nni_core.http.auth import Guard
from nni_core.http.server import make_server
from nni_core.model import ExperimentState, MetricKind, TrialState
from nni_core.testing.control import FakeControl

SPACE = {"x": {"_type": "choice", "_value": [1, 2]}}


class Manager(threading.Thread):
    """A manager's web server in a loop of its own, and the folder that tells nnictl of it."""

    def __init__(self, home: Path) -> None:
        super().__init__(name="manager")
        self.folder = home / "nni-experiments" / "fake"
        (self.folder / "log").mkdir(parents=True)
        self.ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()

    def run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()

    def do(self, act: Callable[[FakeControl], Any]) -> Any:
        """Let something happen in the experiment."""

        async def done() -> Any:
            return act(self.control)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)

    async def _serve(self) -> None:
        self.control = FakeControl(self.folder)
        with socket.create_server(("127.0.0.1", 0)) as listening, (self.folder / "manager.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            port = listening.getsockname()[1]
            record = {"pid": 1, "port": port, "urls": [f"http://127.0.0.1:{port}"]}
            (self.folder / "manager.json").write_text(json.dumps(record))
            (self.folder / "experiment.sqlite").touch()
            guard = Guard(Policy(token="a-token-of-enough-length", port=port, addresses=["127.0.0.1"]))
            server = make_server(create_app(self.control, guard=guard, log_directory=self.folder / "log"), guard)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            self.ready.set()
            await self._over.wait()
            server.stop()
            await serving


@pytest.fixture
def manager(home: Path) -> Iterator[Manager]:
    serving = Manager(home)
    serving.start()
    assert serving.ready.wait(30)
    yield serving
    serving.stop()


@pytest.fixture
def nnictl(manager: Manager, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command: its exit code, and what it wrote to stdout and stderr."""

    def nnictl(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        return code, *capsys.readouterr()

    return nnictl


def limits(manager: Manager) -> tuple[Any, ...]:
    config = manager.control.profile().config
    return config["trialConcurrency"], config["maxTrialNumber"], config["maxExperimentDuration"]


def test_limits_are_changed_as_in_nni(manager: Manager, nnictl: Any) -> None:
    """NNI's flags and its lines."""
    assert nnictl("update", "concurrency", "-v", "3") == (0, "INFO:  Update concurrency success!\n", "")
    assert nnictl("update", "trialnum", "fake", "--value", "99")[1] == "INFO:  Update trialnum success!\n"
    assert nnictl("update", "duration", "fake", "-v", "2h")[1] == "INFO:  Update duration success!\n"
    assert limits(manager) == (3, 99, 7200)
    code, shown, _ = nnictl("update", "duration", "-v", "90", "--json")
    assert (code, json.loads(shown)["limits"]["max_experiment_duration"]) == (0, 90)


@pytest.mark.parametrize(
    ("command", "value", "message"),
    [
        ("concurrency", "0", "error[NNI550]: --value must be a whole number from 1 to 1000, got '0'"),
        ("concurrency", "many", "got 'many'"),
        ("trialnum", "1000000000", "from 1 to 999999999"),
        ("duration", "soon", "error[NNI551]: --value must be a duration above zero"),
        ("duration", "1:30", "help: write 1h30m"),
    ],
)
def test_values_that_cannot_be_change_nothing(
    manager: Manager, nnictl: Any, command: str, value: str, message: str
) -> None:
    """Exit code 2, and the bounds in the message."""
    before = limits(manager)
    code, shown, told = nnictl("update", command, "-v", value)
    assert (code, shown, limits(manager)) == (2, "", before)
    assert message in told


@pytest.mark.parametrize(
    ("name", "text"), [("space.json", json.dumps(SPACE)), ("space.yaml", "x: {_type: choice, _value: [1, 2]}")]
)
def test_the_search_space_comes_from_a_file(
    manager: Manager, nnictl: Any, tmp_path: Path, name: str, text: str
) -> None:
    """JSON or YAML."""
    (tmp_path / name).write_text(text)
    assert nnictl("update", "searchspace", "-f", str(tmp_path / name))[1] == "INFO:  Update searchSpace success!\n"
    assert manager.control.profile().config["searchSpace"] == SPACE


def test_a_wrong_space_is_told_by_its_place(manager: Manager, nnictl: Any, tmp_path: Path) -> None:
    """Line, column and the fix, and nothing is changed."""
    file = tmp_path / "space.json"
    file.write_text('{\n  "x": {"_type": "uniform", "_value": [0, "1"]}\n}')
    code, _, told = nnictl("update", "searchspace", "-f", str(file))
    assert (code, manager.control.profile().revision) == (2, 0)
    assert f"{file}:2:" in told
    assert "remove the quotes" in told
    code, _, told = nnictl("update", "searchspace", "-f", str(tmp_path / "spac.json"))
    assert (code, "did you mean" in told) == (2, True)


def test_a_trial_is_added(manager: Manager, nnictl: Any, tmp_path: Path) -> None:
    """From the command line or a file; what lies outside the space is told by its place."""
    assert nnictl("trial", "add", "--parameters", '{"lr": 0.05, "layers": 2}')[1] == "trial 0, custom0, is queued\n"
    (tmp_path / "p.yaml").write_text("lr: 0.01\nlayers: 7\n")
    code, _, told = nnictl("trial", "add", "fake", "--file", str(tmp_path / "p.yaml"))
    assert (code, len(manager.control.trials())) == (2, 1)
    assert "p.yaml:2:9: error[NNI372]" in told
    for arguments, message in (
        (("--parameters", "[1]"), "--parameters:1:1: error[NNI552]"),
        (("--parameters", "{"), "a key in double quotes"),
        ((), "--parameters or with --file"),
    ):
        code, _, told = nnictl("trial", "add", *arguments)
        assert (code, message in told) == (2, True), told


def test_several_trials_are_ended(manager: Manager, nnictl: Any) -> None:
    """By id, beginning or number; one that is over keeps none of the others alive."""
    for name in ("alpha", "beta1", "gamma"):
        manager.do(lambda control, name=name: control.create(name))
    manager.do(lambda control: control.finish("beta1"))
    code, shown, told = nnictl("trial", "kill", "-T", "al", "-T", "beta1", "--trial_id", "2", "--json")
    assert (code, json.loads(shown)) == (2, ["alpha", "gamma"])
    assert "error[NNI705]: trial 'beta1' is over already" in told
    assert [call[1] for call in manager.control.calls] == ["alpha", "gamma"]


def test_an_unknown_trial_ends_none(manager: Manager, nnictl: Any) -> None:
    """Names are looked up before anything is done."""
    manager.do(lambda control: control.create("alpha"))
    code, _, told = nnictl("trial", "kill", "-T", "alpha", "-T", "nope")
    assert (code, manager.control.calls) == (2, [])
    assert "no trial 'nope'" in told


def test_the_best_and_the_worst_trials(manager: Manager, nnictl: Any) -> None:
    """--head is the highest result first, whatever the reports were made of; trials without one are left out."""
    for number, value in enumerate((0.5, {"default": 3}, float("nan"), 2)):
        manager.do(lambda control, number=number: control.create(f"T{number}"))
        manager.do(lambda control, number=number, value=value: control.report(f"T{number}", value, MetricKind.FINAL))
        manager.do(lambda control, number=number: control.finish(f"T{number}"))
    head = json.loads(nnictl("trial", "ls", "--head", "2", "--json")[1])
    assert [one["trialJobId"] for one in head] == ["T1", "T3"]
    assert (list(head[0]) == sorted(head[0]), head[0]["startTime"][4]) == (True, "/")
    assert [line.split()[1] for line in nnictl("trial", "ls", "--tail", "2")[1].splitlines()] == ["id", "T0", "T3"]
    assert nnictl("trial", "ls", "--head", "1", "--tail", "1")[0] == 2
    assert nnictl("trial", "ls", "--status", "failed")[1] == "there are no such trials\n"


def test_why_nothing_happens(manager: Manager, nnictl: Any) -> None:
    """The experiment's reason, those of waiting trials, and that of one trial."""
    for name, state in (("alpha", TrialState.RUNNING), ("beta1", TrialState.RUNNING), ("gamma", TrialState.WAITING)):
        manager.do(lambda control, name=name, state=state: control.create(name, state=state))
    shown = nnictl("why")[1]
    assert "experiment fake, is RUNNING: 3 trials are not over" in shown
    assert "2 trials run, as many as trial_concurrency allows" in shown.splitlines()[-1]
    assert nnictl("why", "gamma")[1].startswith("trial 2, gamma, is WAITING: 2 trials run")
    assert json.loads(nnictl("why", "fake", "0", "--json")[1])["reason"] == "its command runs"
    code, _, told = nnictl("why", "nothing")
    assert (code, "there is no experiment 'nothing'" in told) == (2, True)


def rows(*values: Any) -> list[dict[str, Any]]:
    return [{"parameter": {"lr": 0.01, "layers": 1}, "value": value, "trialJobId": "x"} for value in values]


def test_results_are_imported(manager: Manager, nnictl: Any, tmp_path: Path) -> None:
    """Exports as they are, rows without a result left out, more of them than one request holds."""
    file = tmp_path / "results.json"
    many = rows(*(number / 7 for number in range(9_000)))
    outside = {"parameter": {"lr": 5, "layers": 1}, "value": 1}
    file.write_text(json.dumps([*rows("0.5", '{"default": 0.25}', None, "text"), *many, outside]))
    code, shown, _ = nnictl("experiment", "import", "-f", str(file), "--json")
    assert code == 0
    assert json.loads(shown) == {"imported": 9_003, "left_out": 2, "outside_search_space": 1}
    imported = [row for rows in manager.control.imported_data() for row in rows]
    assert [row["value"] for row in imported[:2]] == [0.5, {"default": 0.25}]
    assert (len(imported), imported[-1]["parameter"]["lr"]) == (9_003, 5)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('[{"parameter": {}, "value": 1},\n {"parameter": 3}]', ":2:16: ", "'parameter' of result 1 must be an object"),
        ('[{"value": 1}]', ":1:2: ", "result 0 has no 'parameter'"),
        ('{"a": 1}', ":1:1: ", "must be a list of results"),
        ("[{]", ":1:3: ", "not valid JSON"),
        ("[" * 100_000, "", "nested too deeply"),
    ],
)
def test_what_is_no_result_is_told_by_its_place(
    manager: Manager, nnictl: Any, tmp_path: Path, text: str, place: str, message: str
) -> None:
    """Before anything is imported."""
    file = tmp_path / "results.json"
    file.write_text(text)
    code, _, told = nnictl("experiment", "import", "fake", "-f", str(file))
    assert (code, manager.control.imported_data()) == (2, [])
    assert f"{file}{place}" in told
    assert message in told


def test_trials_are_completed(manager: Manager) -> None:
    """By the beginning of their ids, with their states."""
    import click

    from nni_core.cli.trial import kill

    manager.do(lambda control: (control.create("alpha"), control.create("beta1")))
    context = click.Context(kill)
    option = next(one for one in kill.params if one.name == "names")
    found: list[CompletionItem] = option.shell_complete(context, "al")
    assert [(one.value, one.help) for one in found] == [("alpha", "WAITING")]


def test_an_experiment_is_extended(manager: Manager, nnictl: Any) -> None:
    """By trials and time, from where its limits are."""
    assert nnictl("experiment", "extend", "--trials", "5")[1].endswith("max_trial_number is 15 now\n")
    shown = nnictl("experiment", "extend", "fake", "-n", "1", "--duration", "1h", "--json")[1]
    assert json.loads(shown)["limits"] == {
        "trial_concurrency": 2, "max_trial_number": 16, "max_experiment_duration": 7200,
    }  # fmt: skip
    for arguments, message in (
        ((), "give --trials, --duration or both"),
        (("--trials", "0"), "--trials must be a whole number"),
        (("--duration", "x"), "--duration must be a duration"),
    ):
        code, _, told = nnictl("experiment", "extend", *arguments)
        assert (code, message in told) == (2, True), told


def test_what_cannot_go_on_is_not_extended(manager: Manager, nnictl: Any) -> None:
    """Nor one in ERROR while its manager is there, nor one that has no limit."""
    manager.do(lambda control: control.become(ExperimentState.ERROR, "the tuner died"))
    code, _, told = nnictl("experiment", "extend", "--trials", "5")
    assert (code, "nnictl stop fake, extend it, and nnictl resume fake" in told) == (2, True)
    manager.do(lambda control: control.become(ExperimentState.RUNNING))
    manager.do(lambda control: control._config.update(maxTrialNumber=None))
    code, _, told = nnictl("experiment", "extend", "--trials", "5")
    assert (code, "max_trial_number is not set" in told) == (2, True)
    assert "it goes on as it is; nnictl update trialnum fake --value N sets a limit" in told


@pytest.mark.parametrize("command", ["trial kill stopped1 -T trial0", "trial add stopped1 --parameters {}"])
def test_trials_of_a_stopped_experiment_need_a_resume_first(
    ended: Any, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """The message says how."""
    ended("stopped1")
    assert run(command.split()) == 3
    assert "help: nnictl resume stopped1 goes on with it" in capsys.readouterr().err


def test_the_goal_is_changed(manager: Manager, nnictl: Any) -> None:
    """What is left out stays as it is; the last condition that is lifted takes the goal with it."""
    assert nnictl("update", "stopwhen", "--target", "0.9", "-n", "5") == (0, "INFO:  Update stopWhen success!\n", "")
    shown = nnictl("update", "stopwhen", "fake", "--target", "none", "--min_trials", "3", "--json")[1]
    assert json.loads(shown)["stop_when"] == {"noImprovement": 5, "minTrials": 3, "running": "finish"}
    assert json.loads(nnictl("update", "stopwhen", "--no_improvement", "none", "--json")[1])["stop_when"] is None
    nnictl("update", "stopwhen", "--target", "-1e3")
    assert manager.control.profile().config["stopWhen"]["target"] == -1000
    nnictl("update", "stopwhen", "--never")
    assert manager.control.profile().config["stopWhen"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "give --target"),
        ("--never --target 1", "give --target"),
        ("--target high", "error[NNI550]: --target must be a number or none, got 'high'"),
        ("--target nan", "error[NNI550]"),
        ("--no_improvement 0", "error[NNI550]: --no_improvement must be a whole number from 1"),
        ("--min_trials none", "error[NNI550]: --min_trials"),
        ("--running now", "'now' is not one of"),
        ("--running cancel", "error[NNI253]"),
    ],
)
def test_goals_that_cannot_be_change_nothing(manager: Manager, nnictl: Any, arguments: str, message: str) -> None:
    """Each says what is wanted."""
    code, _, told = nnictl("update", "stopwhen", *arguments.split())
    assert (code, message in told, manager.control.profile().revision) == (2, True, 0), told


def test_why_a_stopped_experiment_does_nothing(ended: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Its log says it, with what to type."""
    ended("stopped1", (0.5, None))
    assert run(["why", "stopped1"]) == 0
    assert "experiment stopped1, is DONE" in capsys.readouterr().out
    assert run(["why", "stopped1", "1"]) == 0
    assert "nnictl trial retry stopped1 --trial_id trial1 runs it again" in capsys.readouterr().out


def test_trials_are_tried_again(manager: Manager, nnictl: Any) -> None:
    """Those that failed or were ended; a refusal says why."""
    for name, state in (("alpha", TrialState.FAILED), ("beta1", TrialState.SUCCEEDED)):
        manager.do(lambda control, name=name, state=state: control.create(name, state=state))
    assert nnictl("trial", "retry", "-T", "alpha") == (0, "trial alpha is tried again\n", "")
    assert manager.control.trial("alpha").state is TrialState.WAITING
    code, _, told = nnictl("trial", "retry", "fake", "-T", "1")
    assert (code, "error[NNI745]: trial 'beta1' cannot be tried again: it is SUCCEEDED" in told) == (2, True)
