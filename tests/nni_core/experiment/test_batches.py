"""Any trial_concurrency: the tuner is asked in batches, and no more is created than can be run or waits already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nni_core.api import AttemptStatus, TrialSpec
from nni_core.experiment.slots import BATCH
from nni_core.model import ExperimentState
from nni_core.testing.clock import settle
from nni_core.testing.experiment import CountingTuner, ExperimentKit

#: as much as nobody has
HUGE = 100_000_000


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[ExperimentKit]:
    kit = ExperimentKit(**options)
    await kit.start()
    try:
        yield kit
    finally:
        await kit.stop()


def asked(kit: ExperimentKit) -> list[int]:
    return [call["count"] for call in kit.tuner.calls if call["op"] == "ask"]


async def until_created(kit: ExperimentKit, number: int) -> None:
    for _ in range(100):
        if len(kit.trials) >= number:
            return
        await settle()
    raise AssertionError(f"{len(kit.trials)} trials were created, and not {number}")


async def test_many_trials_are_asked_for_in_batches() -> None:
    """As many as there is room for, each batch durable and running before the next is asked for."""
    async with running(concurrency=HUGE, max_trials=2 * BATCH + 10) as kit:
        await until_created(kit, 2 * BATCH + 10)
        assert asked(kit) == [BATCH, BATCH, 10]
        assert len(kit.service.submitted) == 2 * BATCH + 10
        assert [trial.parameters["x"] for trial in kit.trials] == list(range(2 * BATCH + 10))
        assert kit.state is ExperimentState.NO_MORE_TRIAL


async def test_what_waits_for_room_is_bounded() -> None:
    """A service that takes nothing is not handed an endless queue; when it takes some, as many are created."""
    kit = ExperimentKit(concurrency=HUGE)
    kit.service.no_room = "full"
    await kit.start()
    await until_created(kit, BATCH)
    for _ in range(5):
        await kit.clock.advance(1)
    assert (len(kit.trials), asked(kit)) == (BATCH, [BATCH])
    kit.service.no_room = None

    def fill(_: TrialSpec) -> None:
        kit.service.no_room = "full" if len(kit.service.submitted) == 10 else None

    kit.service.on_submit = fill
    await kit.clock.advance(1)
    await until_created(kit, 2 * BATCH)
    assert len(kit.service.submitted) == 10
    await kit.stop()


async def test_what_a_user_does_is_done_between_batches() -> None:
    """An experiment that could create trials for ever can be changed at any time."""
    kit = ExperimentKit(concurrency=HUGE)
    await kit.engine.start()
    await settle(5)
    await kit.engine.change({"trialConcurrency": 1})
    await settle(5)
    created = len(kit.trials)
    await settle()
    assert len(kit.trials) == created < 10 * BATCH
    await kit.stop()


async def test_a_resume_tells_the_batches_as_they_were_asked() -> None:
    """One question each, with its own first id, and the same answers."""
    first = ExperimentKit(concurrency=HUGE, max_trials=2 * BATCH)
    await first.start()
    await until_created(first, 2 * BATCH)
    await first.store.flush()
    await first.stop()
    second = ExperimentKit(concurrency=HUGE, max_trials=2 * BATCH, log=first.log)
    second.service.found = {trial.attempt_id: AttemptStatus.RUNNING for trial in first.trials}
    await second.start()
    told = [call for call in second.tuner.calls if call["op"] == "replay_ask"]
    assert [(call["first_id"], call["count"], len(call["answers"])) for call in told] == [
        (0, BATCH, BATCH),
        (BATCH, BATCH, BATCH),
    ]
    assert isinstance(second.tuner.tuner, CountingTuner)
    assert second.tuner.tuner.next == 2 * BATCH
    await second.stop()
