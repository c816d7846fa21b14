"""No trial is handed to a training service before the log knows of it, as surely as the service's own trials need."""

from __future__ import annotations

import pytest

from nni_core.api import Capabilities, TrialSpec
from nni_core.experiment.tuner_messages import Failure
from nni_core.model import ExperimentState
from nni_core.store import events as ev
from nni_core.store.base import StoreError
from nni_core.testing.clock import settle
from nni_core.testing.experiment import LINE, ExperimentKit


async def promises_at_submission(monkeypatch: pytest.MonkeyPatch, capabilities: Capabilities) -> list[str]:
    """What the store promised last when each trial was handed on, and that it knew of the trial."""
    kit = ExperimentKit(concurrency=1, max_trials=3)
    kit.service.capabilities = capabilities
    promised: list[str] = []
    flush = kit.store.flush

    async def write() -> None:
        await flush()
        promised.append("written")

    async def flushed() -> None:
        await flush()
        promised.append("durable")

    monkeypatch.setattr(kit.store, "write", write)
    monkeypatch.setattr(kit.store, "flush", flushed)
    found: list[str] = []

    def look(spec: TrialSpec) -> None:
        assert any(getattr(event.body, "trial_id", None) == spec.trial_id for event in kit.store.replay())
        found.append(promised[-1])

    kit.service.on_submit = look
    await kit.start()
    for number in range(3):
        await kit.succeed(number, 1.0)
    await kit.stop()
    return found


async def test_on_the_same_machine_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that loses its power ends the trial, too; nobody waits for the disk."""
    found = await promises_at_submission(monkeypatch, Capabilities(same_machine=True))
    assert found == ["written"] * 3


async def test_a_trial_that_runs_again_is_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of its next attempt has a number that the next manager would give again."""
    kit = ExperimentKit(concurrency=1, max_trials=1, search={"onFailure": {"default": {"retry": 1}}})
    kit.service.capabilities = Capabilities(same_machine=True)
    flushed: list[str] = []
    flush = kit.store.flush

    async def noted() -> None:
        await flush()
        flushed.append("durable")

    await kit.start()
    monkeypatch.setattr(kit.store, "flush", noted)
    monkeypatch.setattr(kit.store, "write", flush)
    await kit.fail(0)
    assert ([trial.attempt for trial in kit.trials], flushed) == ([2], ["durable"])
    await kit.stop()


async def test_a_disk_that_fails_in_the_background_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although nobody writes anything: a trial may run for hours."""
    kit = ExperimentKit(concurrency=1, max_trials=1)
    await kit.start()
    await kit.begin(0)

    async def broken() -> None:
        raise StoreError("the disk has failed")

    monkeypatch.setattr(kit.store, "write", broken)
    await kit.clock.advance(2)
    assert (kit.state, "the disk has failed" in (kit.ledger.reason or "")) == (ExperimentState.ERROR, True)
    await kit.stop()


async def test_elsewhere_it_is_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial on another machine goes on when this one loses its power, and must be found again."""
    found = await promises_at_submission(monkeypatch, Capabilities())
    assert found == ["durable"] * 3


async def test_a_replaced_tuner_hears_what_happens_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing gives everybody else a turn, and what they record then is told after the story, or in it."""
    kit = ExperimentKit(concurrency=1, max_trials=3)
    await kit.start()
    write, changes = kit.store.write, [{"searchSpace": LINE}]

    async def write_and_yield() -> None:
        await write()
        if changes and kit.tuner.failure:
            kit.engine.record(ev.SettingsChanged(changes=changes.pop()))

    monkeypatch.setattr(kit.store, "write", write_and_yield)
    kit.tuner.failure = Failure(message="it was killed")
    kit.tuner.failed.set()
    await settle()
    assert (changes, [call["op"] for call in kit.tuner.calls].count("space")) == ([], 1)
    await kit.stop()
