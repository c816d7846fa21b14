"""A tuner may crash, raise, hang or return rubbish: the experiment goes on, or ends with a named reason."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from nni_core.experiment.clock import SystemClock
from nni_core.experiment.tuner_host import TunerHost
from nni_core.experiment.tuner_messages import AlgorithmRef, TunerSetup
from nni_core.experiment.tuner_process import TunerFailedError, TunerLimits
from nni_core.model import ExperimentState
from nni_core.testing.clock import settle
from nni_core.testing.experiment import LINE, CountingTuner, ExperimentKit

HOSTILE = """
import os, subprocess, sys, time
from nni_core.api import Tuner

class Base(Tuner):
    def __init__(self, mode="good"):
        self.mode, self.told = mode, []
        if mode == "refuses":
            raise ValueError("I will not")
    def update_search_space(self, space):
        pass
    def generate_parameters(self, parameter_id, **kwargs):
        print("noise on stdout")
        if self.mode == "raises":
            raise RuntimeError("out of ideas")
        if self.mode == "exits":
            os._exit(3)
        if self.mode == "segfaults":
            os.kill(os.getpid(), 11)
        if self.mode == "hangs":
            time.sleep(1000)
        if self.mode == "chatters" or self.mode == "mimics":
            # Whatever descriptor it is, a line that is no answer gets into the manager's.
            for descriptor in range(3, 64):
                try:
                    os.write(descriptor, b"1\\n" if self.mode == "chatters" else b"{}\\n")
                except OSError:
                    pass
        if self.mode == "breeds":
            subprocess.Popen(["sleep", "60"])
            os._exit(3)
        if self.mode == "system_exit":
            sys.exit(0)
        answers = {"list": [1], "none": None, "outside": {"x": -1}, "missing": {}, "nan": {"x": float("nan")}}
        return answers.get(self.mode, {"x": float(parameter_id)})
    def receive_trial_result(self, parameter_id, parameters, value, **kwargs):
        self.told.append(parameter_id)
        if self.mode.startswith("waits for "):
            open(self.mode.removeprefix("waits for ")).read()
"""


def host(directory: Path, mode: str, **limits: float) -> TunerHost:
    (directory / "hostile.py").write_text(HOSTILE)
    ref = AlgorithmRef(class_name="hostile.Base", code_directory=str(directory), class_args={"mode": mode})
    return TunerHost(
        setup=TunerSetup(tuner=ref, assessor=None, search_space=LINE),
        log_file=directory / "dispatcher.log",
        clock=SystemClock(),
        limits=TunerLimits(**limits),  # type: ignore[arg-type]
        environment={},
    )


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("raises", "raised RuntimeError in generate_multiple_parameters: out of ideas"),
        ("exits", "the process of tuner hostile.Base exited with code 3"),
        ("segfaults", "the process of tuner hostile.Base was killed by SIGSEGV"),
        ("system_exit", "raised SystemExit"),
        ("list", r"returned \[1\]"),
        ("none", "returned None"),
        ("outside", "left the search space"),
        ("missing", "left the search space"),
        ("nan", "left the search space"),
        ("chatters", "answered what is no answer"),
        ("mimics", "answered what is no answer"),
    ],
)
async def test_every_fault_has_a_name(tmp_path: Path, mode: str, reason: str) -> None:
    """What went wrong reaches the manager in words, and it lives on."""
    tuner = host(tmp_path, mode)
    await tuner.start()
    with pytest.raises(TunerFailedError, match=reason):
        await tuner.ask(1, 0)
    assert tuner.may_restart()
    await tuner.stop()


async def test_a_hanging_call_is_given_up_at_its_deadline(tmp_path: Path) -> None:
    """Its process is killed."""
    tuner = host(tmp_path, "hangs", deadline=0.3)
    await tuner.start()
    with pytest.raises(TunerFailedError, match=r"gave no answer in 0\.3 s"):
        await tuner.ask(1, 0)
    await tuner.stop()


async def test_a_long_story_is_not_waited_for(tmp_path: Path) -> None:
    """The tuner is there at once, and questions are answered after the story."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    tuner = host(tmp_path, f"waits for {gate}")
    end = {"op": "end", "parameter_id": 0, "parameters": {"x": 0}, "trial_id": "T", "value": 1, "success": True}
    await tuner.start([{**end, "customized": False}])
    question = asyncio.ensure_future(tuner.ask(1, 5))
    assert tuner.thinking_for > 0
    await asyncio.to_thread(gate.write_text, "go on")
    assert (await question).suggestions[0].parameters == {"x": 5.0}
    await tuner.stop()


async def test_a_class_that_cannot_be_built_is_a_permanent_failure(tmp_path: Path) -> None:
    """create reports it with its place; nobody tries again."""
    tuner = host(tmp_path, "refuses")
    with pytest.raises(TunerFailedError, match="I will not") as caught:
        await tuner.start()
    assert caught.value.failure.permanent
    assert caught.value.failure.key_path[0] == "tuner"
    assert not tuner.may_restart()


ASSESSORS = """
from nni.assessor import Assessor
class Cross(Assessor):
    def assess_trial(self, trial_job_id, trial_history):
        raise ValueError("not again")
"""


async def test_a_fault_of_the_assessor_is_not_blamed_on_the_tuner(tmp_path: Path) -> None:
    """They share a process, not a name."""
    (tmp_path / "cross.py").write_text(ASSESSORS)
    ref = AlgorithmRef(class_name="cross.Cross", code_directory=str(tmp_path), class_args={})
    tuner = host(tmp_path, "good")
    tuner._setup = evolve(tuner._setup, assessor=ref)
    await tuner.start()
    (answer,) = tuner.tell([{"op": "report", "trial_id": "a", "value": 1.0}])
    with pytest.raises(TunerFailedError, match=r"^assessor cross\.Cross raised ValueError in assess_trial: not again"):
        await answer
    await tuner.stop()


async def test_a_kill_between_calls_is_noticed_at_once(tmp_path: Path) -> None:
    """Nobody has to ask first."""
    tuner = host(tmp_path, "good")
    await tuner.start()
    assert tuner._process is not None
    assert tuner._process._process is not None
    tuner._process._process.kill()
    async with asyncio.timeout(5):
        await tuner.failed.wait()
    assert tuner.failure is not None
    assert "SIGKILL" in tuner.failure.message
    await tuner.stop()


async def test_what_a_dead_tuner_started_dies_too(tmp_path: Path) -> None:
    """A tuner that crashes leaves no process of its group behind."""
    tuner = host(tmp_path, "breeds")
    await tuner.start()
    assert tuner._process is not None
    assert tuner._process._process is not None
    group = tuner._process._process.pid
    with pytest.raises(TunerFailedError, match="exited with code 3"):
        await tuner.ask(1, 0)
    # The group was signalled before the failure was told; what is left of it is on its way out.
    await asyncio.to_thread(_wait_for_end_of, group)
    await tuner.stop()


def _wait_for_end_of(group: int) -> None:
    limit = time.monotonic() + 5
    while _lives(group):
        assert time.monotonic() < limit, f"process group {group} lives on"
        time.sleep(0.01)


def _lives(group: int) -> bool:
    """Whether a process of a group does anything yet; one that is dead and not collected does not."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, member_of = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(member_of) == group and state != "Z":
            return True
    return False


async def test_stop_may_come_twice_and_early(tmp_path: Path) -> None:
    """Stopping what was never started does nothing."""
    tuner = host(tmp_path, "good")
    await tuner.stop()
    await tuner.start()
    await tuner.stop()
    await tuner.stop()


class FailsAt(CountingTuner):
    """Raises in its n-th suggestion, once in the life of the test."""

    failures_left = 1

    def generate_parameters(self, parameter_id: int, **_: Any) -> Mapping[str, Any]:
        if self.next == 2 and FailsAt.failures_left:
            FailsAt.failures_left -= 1
            raise RuntimeError("a passing fault")
        return super().generate_parameters(parameter_id)


async def test_a_restarted_tuner_goes_on_exactly_where_it_was() -> None:
    """The new process is told the same story: same suggestions, same results, nothing twice."""
    FailsAt.failures_left = 1
    kit = ExperimentKit(concurrency=2, max_trials=6, tuner=FailsAt)
    await kit.start()
    for number in range(6):
        await kit.succeed(number, number)
    assert kit.state is ExperimentState.DONE
    assert [trial.parameters["x"] for trial in kit.trials] == [0, 1, 2, 3, 4, 5]
    assert isinstance(kit.tuner.tuner, FailsAt)
    assert [one[2] for one in kit.tuner.tuner.results] == list(range(6))
    assert "a passing fault" in kit.ledger.notes[0].message
    await kit.stop()


class AlwaysFails(CountingTuner):
    def generate_parameters(self, parameter_id: int, **_: Any) -> Mapping[str, Any]:
        raise RuntimeError("no idea at all")


async def test_a_tuner_that_keeps_failing_ends_the_experiment_with_its_reason() -> None:
    """Never RUNNING with a dead tuner."""
    kit = ExperimentKit(tuner=AlwaysFails, tuner_restarts=2)
    await kit.start()
    await settle(300)
    assert kit.state is ExperimentState.ERROR
    assert "no idea at all" in kit.ledger.reason
    await kit.stop()


class RaisesWhenTold(CountingTuner):
    def receive_trial_result(self, *_: Any, **__: Any) -> None:
        raise KeyError(0)


async def test_running_trials_finish_when_the_tuner_is_given_up() -> None:
    """Their results are recorded; no new ones start; the state names the tuner's fault."""
    kit = ExperimentKit(concurrency=2, tuner=RaisesWhenTold, tuner_restarts=1)
    await kit.start()
    await kit.succeed(0, 1)
    await settle(300)
    assert kit.state is ExperimentState.ERROR
    assert "raised KeyError in receive_trial_result" in kit.ledger.reason
    await kit.succeed(1, 2)
    assert kit.trials[1].final is not None
    assert not kit.ledger.live
    await kit.stop()


LAST_WORDS = """
from pathlib import Path
from nni.tuner import Tuner

class Polite(Tuner):
    def update_search_space(self, space):
        pass
    def generate_parameters(self, parameter_id, **kwargs):
        if parameter_id == 1:
            raise RuntimeError("enough")
        return {"outside": [parameter_id]}
    def _on_exit(self):
        Path(__file__).with_name("last").write_text("exit")
    def _on_error(self):
        Path(__file__).with_name("last").write_text("error")
"""


@pytest.mark.parametrize(("asked", "words"), [([0], "exit"), ([0, 1], "error")])
async def test_a_tuner_written_for_nni_has_its_last_words(tmp_path: Path, asked: list[int], words: str) -> None:
    """At a stop and after a failure; what it suggests is its own business."""
    (tmp_path / "polite.py").write_text(LAST_WORDS)
    tuner = host(tmp_path, "good")
    ref = AlgorithmRef(class_name="polite.Polite", code_directory=str(tmp_path), class_args={})
    tuner._setup = evolve(tuner._setup, tuner=ref, search_space={"x": [1, 2]})
    await tuner.start()
    answer = await tuner.ask(1, asked[0])
    assert answer.suggestions[0].parameters == {"outside": [0]}
    for parameter_id in asked[1:]:
        with pytest.raises(TunerFailedError, match="enough"):
            await tuner.ask(1, parameter_id)
    await tuner.stop()
    assert (tmp_path / "last").read_text() == words
