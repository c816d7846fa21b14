"""A new manager over the log of an old one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.api import AttemptStatus
from nni_core.model import ExperimentState, MetricKind, TrialState
from nni_core.testing.clock import settle
from nni_core.testing.experiment import CountingTuner, ExperimentKit


class Learner(CountingTuner):
    """Draws from its seed, and from everything it was told: any call missed, repeated or moved shows."""

    def __init__(self) -> None:
        super().__init__()
        self.random = random.Random(7)

    def generate_parameters(self, parameter_id: int, **_: Any) -> Mapping[str, Any]:
        return {"x": self.random.uniform(0, 1000)}

    def receive_trial_result(self, parameter_id: int, parameters: Any, value: Any, **_: Any) -> None:
        for _turn in range(int(value) % 5 + 1):
            self.random.random()

    def trial_end(self, parameter_id: int, success: bool, **_: Any) -> None:
        if not success:
            self.random.random()


async def killed(kit: ExperimentKit) -> None:
    """The manager is gone; what was not durable is lost."""
    await kit.store.flush()
    await kit.stop()


async def test_running_trials_are_adopted_and_none_runs_twice() -> None:
    """RUNNING ones are found again with what they reported meanwhile; the total stays exact."""
    first = ExperimentKit(concurrency=2, max_trials=4)
    await first.start()
    await first.begin(0)
    await first.report(0, 0.5, kind=MetricKind.PERIODICAL)
    await first.begin(1)
    attempts = [first.attempt(0), first.attempt(1)]
    offset = first.ledger.spool_offsets[first.trials[0].id]
    await killed(first)

    second = ExperimentKit(concurrency=2, max_trials=4, log=first.log)
    second.service.found = dict.fromkeys(attempts, AttemptStatus.RUNNING)
    await second.start()
    assert second.service.submitted == {}
    assert second.service._sizes[attempts[0]] == offset
    second.service.report(attempts[0], 1, parameter_id=0)
    second.service.exit(attempts[0], 0)
    second.service.report(attempts[1], 2, parameter_id=1)
    second.service.exit(attempts[1], 0)
    await settle()
    await second.succeed(2)
    await second.succeed(3)
    assert second.state is ExperimentState.DONE
    assert [trial.sequence_id for trial in second.trials] == [0, 1, 2, 3]
    assert [trial.parameter_id for trial in second.trials] == [0, 1, 2, 3]
    assert second.trials[0].intermediate_count == 1
    await second.stop()


async def test_a_trial_that_was_recorded_and_never_submitted_is_submitted() -> None:
    """The manager died between the record and the start: ABSENT means start it now, under the same id."""
    first = ExperimentKit(max_trials=1)
    first.service.no_room = "full"
    await first.start()
    attempt = first.attempt(0)
    await killed(first)
    second = ExperimentKit(max_trials=1, log=first.log)
    await second.start()
    assert list(second.service.submitted) == [attempt]
    await second.succeed(0)
    assert second.state is ExperimentState.DONE
    await second.stop()


async def test_what_a_stop_ended_is_run_again_after_resume() -> None:
    """max_trial_number counts trials, not executions."""
    first = ExperimentKit(max_trials=2)
    await first.start()
    stopping = asyncio.create_task(first.engine.stop())
    await settle()
    first.service.exit(first.attempt(0), None, signal=15)
    await stopping
    assert first.states() == [TrialState.SYS_CANCELED]

    second = ExperimentKit(max_trials=2, log=first.log)
    await second.start()
    assert second.trials[0].attempt == 2
    await second.succeed(0)
    await second.succeed(1)
    assert second.state is ExperimentState.DONE
    assert second.states() == [TrialState.SUCCEEDED] * 2
    await second.stop()


async def test_the_duration_limit_counts_over_all_managers() -> None:
    """A killed manager's time is counted up to its last event; the rest is left to the next one."""
    first = ExperimentKit(max_duration=60)
    await first.start()
    await first.begin(0)
    await first.clock.advance(40)
    await first.report(0, 1, kind=MetricKind.PERIODICAL)
    attempt = first.attempt(0)
    await killed(first)
    second = ExperimentKit(max_duration=60, log=first.log)
    second.service.found = {attempt: AttemptStatus.RUNNING}
    await second.start()
    assert second.engine.duration == 40
    await second.clock.advance(19.5)
    assert second.state is ExperimentState.RUNNING
    await second.clock.advance(0.5)
    assert second.state is ExperimentState.NO_MORE_TRIAL
    await second.stop()


async def play(kit: ExperimentKit, script: random.Random, steps: int) -> None:
    """Trials end in some order, well or badly."""
    for _ in range(steps):
        if not kit.ledger.live:
            return
        number = script.choice([kit.ledger.trials[one].sequence_id for one in kit.ledger.live])
        if script.random() < 0.3:
            await kit.exit(number, 1)
        else:
            await kit.succeed(number, script.randrange(100))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, 11))
async def test_a_resumed_tuner_suggests_what_it_would_have(seed: int, cut: int) -> None:
    """Interrupted anywhere or not at all: the same suggestions for the same results."""
    whole = ExperimentKit(concurrency=3, max_trials=12, tuner=Learner)
    await whole.start()
    await play(whole, random.Random(seed), 12)
    expected = [trial.parameters for trial in whole.trials]
    await whole.stop()

    script = random.Random(seed)
    first = ExperimentKit(concurrency=3, max_trials=12, tuner=Learner)
    await first.start()
    await play(first, script, cut)
    running = [trial.attempt_id for trial in first.trials if not trial.state.is_terminal]
    submitted = first.service.submitted
    await killed(first)
    second = ExperimentKit(concurrency=3, max_trials=12, tuner=Learner, log=first.log)
    second.service.found = dict.fromkeys(running, AttemptStatus.RUNNING)
    second.service.submitted.update(submitted)
    await second.start()
    await play(second, script, 12 - cut)
    assert [trial.parameters for trial in second.trials] == expected
    await second.stop()


async def test_what_a_stop_was_ending_when_its_manager_died_runs_anew() -> None:
    """The trial still ends, as it was asked to; then it is tried again, so that N trials mean N results."""
    first = ExperimentKit(max_trials=1)
    await first.start()
    await first.begin(0)
    stopping = asyncio.create_task(first.engine.stop())
    await settle()
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    await killed(first)

    second = ExperimentKit(max_trials=1, log=first.log)
    second.service.found = {first.attempt(0): AttemptStatus.RUNNING}
    await second.start()
    await second.exit(0, None, signal=15)
    assert second.trials[0].attempt == 2
    await second.succeed(0)
    assert second.states() == [TrialState.SUCCEEDED]
    assert second.state is ExperimentState.DONE
    await second.stop()
