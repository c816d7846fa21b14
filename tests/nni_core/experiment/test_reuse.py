"""``duplicates: reuse`` while the trial of the same parameters still runs: the second one waits for its result."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.api import AttemptStatus
from nni_core.experiment.live_control import LiveControl
from nni_core.experiment.profile import profile_of
from nni_core.experiment.why import Why
from nni_core.model import ExperimentState, Trial, TrialState
from nni_core.testing.clock import settle
from nni_core.testing.experiment import CountingTuner, ExperimentKit

REUSE = {"duplicates": "reuse"}


class Stubborn(CountingTuner):
    """Has one idea."""

    def generate_parameters(self, parameter_id: int, **_: Any) -> Mapping[str, Any]:
        return {"x": 0.5}


class Twice(CountingTuner):
    """Suggests everything two times."""

    def generate_parameters(self, parameter_id: int, **_: Any) -> Mapping[str, Any]:
        self.next += 1
        return {"x": float((self.next - 1) // 2)}


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[ExperimentKit]:
    kit = ExperimentKit(search=REUSE, **options)
    await kit.start()
    try:
        yield kit
    finally:
        await kit.stop()


async def test_the_second_of_two_equal_trials_takes_the_result_of_the_first() -> None:
    """It waits in its place, runs nothing, and the tuner learns of both."""
    async with running(tuner=Twice, concurrency=2, max_trials=3) as kit:
        assert (kit.states(), len(kit.service.submitted)) == ([TrialState.WAITING] * 2, 1)
        assert kit.trials[1].same_as == kit.trials[0].id
        await kit.succeed(0, {"default": 3})
        assert kit.states()[:2] == [TrialState.SUCCEEDED] * 2
        assert kit.trials[1].final is not None
        assert kit.trials[1].final.value == {"default": 3}
        assert kit.trials[1].message == "the result of trial 0 was used, which had the same parameters"
        assert isinstance(kit.tuner.tuner, CountingTuner)
        assert [one[0] for one in kit.tuner.tuner.results] == [0, 1]
        await kit.succeed(2)
        assert (kit.state, len(kit.service.submitted)) == (ExperimentState.DONE, 2)


async def test_when_the_first_fails_the_second_runs_and_the_third_waits_for_it() -> None:
    """There is no result to take until one succeeds."""
    async with running(tuner=Stubborn, concurrency=3, max_trials=3) as kit:
        assert [trial.same_as for trial in kit.trials] == [None, kit.trials[0].id, kit.trials[1].id]
        await kit.fail(0)
        assert len(kit.service.submitted) == 2
        assert kit.trials[1].same_as is None
        await kit.succeed(1, 7)
        assert kit.states() == [TrialState.FAILED, TrialState.SUCCEEDED, TrialState.SUCCEEDED]
        assert kit.trials[2].final is not None
        assert (kit.trials[2].final.value, kit.state) == (7, ExperimentState.DONE)


async def test_a_trial_of_the_users_is_waited_for_as_well() -> None:
    """So is an initial point, whoever thought of it first."""
    kit = ExperimentKit(tuner=Stubborn, concurrency=2, max_trials=2, search={**REUSE, "initialPoints": [{"x": 0.5}]})
    await kit.start()
    assert len(kit.service.submitted) == 1
    await kit.succeed(0, 2)
    assert kit.states() == [TrialState.SUCCEEDED] * 2
    await kit.stop()


async def test_who_waits_for_a_result_is_ended_without_the_service() -> None:
    """The one it waits for goes on."""
    async with running(tuner=Stubborn, concurrency=2, max_trials=2) as kit:
        await kit.engine.cancel(kit.trials[1].id, TrialState.USER_CANCELED, "a user killed it")
        await kit.succeed(0)
        assert kit.states() == [TrialState.SUCCEEDED, TrialState.USER_CANCELED]


async def test_when_the_user_kills_the_first_the_second_runs() -> None:
    """A trial that was ended has no result."""
    async with running(tuner=Stubborn, concurrency=2, max_trials=2) as kit:
        await kit.engine.cancel(kit.trials[0].id, TrialState.USER_CANCELED, "a user killed it")
        await kit.exit(0, None, signal=15)
        assert len(kit.service.submitted) == 2
        await kit.succeed(1)
        assert kit.states() == [TrialState.USER_CANCELED, TrialState.SUCCEEDED]


async def test_a_waiting_trial_keeps_nobody_from_running() -> None:
    """With less concurrency than there are trials, the one whose result is waited for still has its turn."""
    async with running(tuner=Stubborn, concurrency=2, max_trials=2) as kit:
        await kit.engine.change({"trialConcurrency": 1})
        kit.service.lose(kit.attempt(0))
        await settle()
        assert kit.trials[0].attempt == 2
        await kit.succeed(0)
        assert kit.states() == [TrialState.SUCCEEDED] * 2


async def test_a_resume_goes_on_waiting() -> None:
    """After a death of the manager, and after a stop."""
    first = ExperimentKit(tuner=Stubborn, concurrency=2, max_trials=2, search=REUSE)
    await first.start()
    await first.store.flush()
    await first.stop()
    second = ExperimentKit(tuner=Stubborn, concurrency=2, log=first.log, search=REUSE)
    second.service.found = {first.attempt(0): AttemptStatus.RUNNING}
    await second.start()
    assert second.service.submitted == {}
    stopping = asyncio.create_task(second.engine.stop())
    await settle()
    second.service.exit(first.attempt(0), None, signal=15)
    await stopping
    assert second.states() == [TrialState.SYS_CANCELED] * 2
    third = ExperimentKit(tuner=Stubborn, concurrency=2, log=first.log, search=REUSE)
    await third.start()
    assert len(third.service.submitted) == 1
    await third.succeed(0)
    assert (third.states(), third.state) == ([TrialState.SUCCEEDED] * 2, ExperimentState.DONE)
    await third.stop()


async def test_a_result_that_came_with_the_managers_last_breath_is_taken_by_the_next() -> None:
    """The trial ended, and nothing more was written."""
    first = ExperimentKit(tuner=Stubborn, concurrency=2, max_trials=2, search=REUSE)
    await first.start()
    await first.succeed(0)
    await first.store.flush()
    await first.stop()
    del first.log.entries[-4:]  # the second one's life, and the end
    second = ExperimentKit(tuner=Stubborn, concurrency=2, log=first.log, search=REUSE)
    assert second.states() == [TrialState.SUCCEEDED, TrialState.WAITING]
    await second.start()
    assert (second.states(), second.state) == ([TrialState.SUCCEEDED] * 2, ExperimentState.DONE)
    await second.stop()


async def test_why_it_waits() -> None:
    """It names the trial whose result it waits for, and is not counted among those that run."""
    async with running(tuner=Twice, concurrency=2) as kit:
        control = LiveControl(
            engine=kit.engine,
            store=kit.store,
            service=kit.service,
            profile=lambda: profile_of(kit.ledger, directory=Path("kit"), duration=0),
            request_stop=lambda: None,
        )
        await kit.begin(0)
        assert Why(control).trial(kit.trials[1]).reason == (
            "it waits for the result of trial 0, which has the same parameters"
        )


class Few(CountingTuner):
    """Draws one of three ideas."""

    def __init__(self) -> None:
        super().__init__()
        self.random = random.Random(5)

    def generate_parameters(self, parameter_id: int, **_: Any) -> Mapping[str, Any]:
        return {"x": float(self.random.randrange(3))}


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, 20))
async def test_equal_trials_never_run_at_the_same_time_nor_after_a_success(seed: int, cut: int) -> None:
    """Whatever order trials end in, and how; a manager that dies on the way changes nothing about it."""
    script = random.Random(seed)
    kit = ExperimentKit(tuner=Few, concurrency=4, max_trials=20, search=REUSE)
    await kit.start()
    for step in range(40):
        running = [trial for trial in kit.trials if not trial.state.is_terminal and trial.same_as is None]
        parameters = [trial.parameters["x"] for trial in running]
        done = {t.parameters["x"] for t in kit.trials if t.state is TrialState.SUCCEEDED}
        assert len(set(parameters)) == len(parameters)
        assert not done & set(parameters)
        if step == cut:
            kit = await after_a_death(kit, running)
        elif running:
            chosen = script.choice(running).sequence_id
            await (kit.succeed(chosen) if script.random() < 0.3 else kit.fail(chosen))
    assert kit.state is ExperimentState.DONE
    assert {trial.state for trial in kit.trials} <= {TrialState.SUCCEEDED, TrialState.FAILED}
    await kit.stop()


async def after_a_death(kit: ExperimentKit, running: list[Trial]) -> ExperimentKit:
    """The experiment under its next manager."""
    await kit.store.flush()
    await kit.stop()
    later = ExperimentKit(tuner=Few, log=kit.log, search=REUSE)
    later.service.found = {trial.attempt_id: AttemptStatus.RUNNING for trial in running}
    later.service.submitted.update(kit.service.submitted)
    await later.start()
    return later
