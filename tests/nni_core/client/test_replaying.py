"""A tuner that is told an experiment's results again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from nni_core.cli.main import run
from nni_core.client.replaying import replay
from nni_core.errors import MachineError
from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentState
from nni_core.store import events as ev
from nni_core.store.sqlite import create_store
from nni_core.testing.experiment import ExperimentKit
from nni_tuner_tpe.tpe import TpeTuner

SPACE = {"x": {"_type": "uniform", "_value": [0, 1]}, "c": {"_type": "choice", "_value": ["a", "b"]}}
CLASS_ARGS = {"optimize_mode": "minimize", "seed": 3}


async def recorded(home: Path, tuner: dict[str, Any], *, changed: bool = False) -> ExperimentFolder:
    """An experiment that TPE has run, three trials at a time; ``changed`` puts another suggestion in its log."""
    kit = ExperimentKit(concurrency=3, max_trials=25, search_space=SPACE, tuner=lambda: TpeTuner(**CLASS_ARGS))
    await kit.start()
    source = random.Random(1)
    for _ in range(25):
        number = source.choice(sorted(kit.ledger.trials[one].sequence_id for one in kit.ledger.live))
        await kit.succeed(number, source.random())
    assert kit.state is ExperimentState.DONE
    bodies = [event.body for event in kit.store.replay()]
    await kit.stop()
    folder = ExperimentFolder(home / "nni-experiments" / "again")
    folder.logs.mkdir(parents=True)
    store = create_store(folder.database, network=False)
    for body in bodies:
        if isinstance(body, ev.ExperimentCreated):
            body = evolve(body, config={**body.config, "tuner": tuner, "searchSpace": SPACE, "seed": 0})
        if changed and isinstance(body, ev.TrialCreated) and body.sequence_id == 20:
            body = evolve(body, parameters={"x": 0.123, "c": "a"})
        store.submit([body], timestamp=1)
    await store.close()
    return folder


TPE = {"name": "TPE", "classArgs": CLASS_ARGS}


async def test_the_same_tuner_suggests_the_same(tmp_path: Path) -> None:
    """Results in whatever order they came in."""
    found = replay(await recorded(tmp_path, TPE))
    assert (found.tuner, found.same, found.difference) == ("TPE", 25, None)


async def test_the_first_other_suggestion_is_told(tmp_path: Path) -> None:
    """By the number of its trial, with both."""
    found = replay(await recorded(tmp_path, TPE, changed=True))
    assert found.difference is not None
    assert (found.same, found.difference.sequence_id) == (20, 20)
    assert found.difference.recorded == {"x": 0.123, "c": "a"}
    assert found.difference.suggested not in (None, {"x": 0.123, "c": "a"})


async def test_another_seed_suggests_something_else_at_once(tmp_path: Path) -> None:
    """It is the seed that makes it the same."""
    found = replay(await recorded(tmp_path, {"name": "TPE", "classArgs": {**CLASS_ARGS, "seed": 4}}))
    assert (found.same, found.difference and found.difference.sequence_id) == (0, 0)


async def test_a_tuner_that_raises_is_named(tmp_path: Path) -> None:
    """With what it raised, and where."""
    (tmp_path / "broken_again.py").write_text(
        "from nni.tuner import Tuner\n"
        "class Broken(Tuner):\n"
        "    def update_search_space(self, search_space): pass\n"
        "    def generate_parameters(self, parameter_id, **_): raise RuntimeError('not today')\n"
    )
    own = {"className": "broken_again.Broken", "codeDirectory": str(tmp_path), "classArgs": {}}
    folder = await recorded(tmp_path, own)
    with pytest.raises(MachineError, match=r"broken_again\.Broken raised RuntimeError .*not today"):
        replay(folder)


async def test_the_command_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exits with 1 when there is a difference."""
    monkeypatch.setenv("HOME", str(tmp_path))
    await recorded(tmp_path, TPE, changed=True)
    capsys.readouterr()
    assert run(["replay", "again"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("tuner TPE suggests the same 20 times, and for trial 20 another:\n")
    assert '"x": 0.123' in told
