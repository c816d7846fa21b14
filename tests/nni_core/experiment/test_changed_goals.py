"""``stop_when`` is changed while an experiment runs, and when it is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from nni_core.model import ExperimentState, Json, TrialState
from nni_core.testing.clock import settle
from nni_core.testing.experiment import ExperimentKit


@asynccontextmanager
async def running(goal: Mapping[str, Json] | None, **options: Any) -> AsyncIterator[ExperimentKit]:
    search = {"stopWhen": goal, **options.pop("search", {})}
    kit = ExperimentKit(search=search, **options)
    await kit.start()
    try:
        yield kit
    finally:
        await kit.stop()


async def test_another_goal_is_judged_by_the_results_there_are() -> None:
    """One that is reached leaves the experiment done, for that reason; one that is not brings it back."""
    async with running({"target": 5}, max_trials=9) as kit:
        await kit.succeed(0, 6)
        await kit.engine.change({"stopWhen": {"target": 6}})
        await settle()
        assert (kit.state, len(kit.trials)) == (ExperimentState.DONE, 1)
        assert kit.ledger.reason == "the target was reached: the result of trial 0 is 6, the target 6"
        await kit.engine.change({"stopWhen": {"target": 8}})
        await settle()
        assert (kit.state, kit.ledger.goal, len(kit.trials)) == (ExperimentState.RUNNING, None, 2)
        await kit.succeed(1, 8)
        assert (kit.state, len(kit.trials)) == (ExperimentState.DONE, 2)


async def test_a_goal_may_be_given_while_trials_run() -> None:
    """It is reached at once by a result of before, and ends them when it says so."""
    async with running(None, concurrency=2, max_trials=9) as kit:
        await kit.succeed(0, 6)
        await kit.engine.change({"stopWhen": {"target": 5, "running": "cancel"}})
        await settle()
        for number in (1, 2):
            await kit.exit(number, None, signal=15)
        assert (kit.state, kit.states()[1:]) == (ExperimentState.DONE, [TrialState.SYS_CANCELED] * 2)
        await kit.engine.change({"stopWhen": None})
        await settle()
        assert (kit.state, kit.states()[1:]) == (ExperimentState.RUNNING, [TrialState.WAITING] * 2)


async def test_a_changed_goal_holds_after_a_resume() -> None:
    """Also when the extension of before had set the first one aside."""
    kit = ExperimentKit(search={"stopWhen": {"target": 5}}, max_trials=5)
    await kit.start()
    await kit.succeed(0, 6)
    await kit.engine.change({"maxTrialNumber": 6})
    await kit.engine.change({"stopWhen": {"target": 7}})
    await settle()
    await kit.store.flush()
    await kit.stop()
    later = ExperimentKit(log=kit.log)
    await later.start()
    assert later.state is ExperimentState.RUNNING
    await later.succeed(1, 7)
    assert (later.state, len(later.trials)) == (ExperimentState.DONE, 2)
    await later.stop()
