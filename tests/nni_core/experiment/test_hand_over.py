"""No trial is handed to a training service before the log knows of it, as surely as the service's own trials need."""

from __future__ import annotations

import pytest

from nni_core.api import Capabilities, TrialSpec
from nni_core.testing.experiment import ExperimentKit


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


async def test_elsewhere_it_is_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial on another machine goes on when this one loses its power, and must be found again."""
    found = await promises_at_submission(monkeypatch, Capabilities())
    assert found == ["durable"] * 3
