"""The engine, with a service worked by hand and time that stands still."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from nni_core.api import Assessor, AssessResult, AttemptStatus, NoMoreTrialError, ServiceEvent
from nni_core.errors import ConflictError
from nni_core.experiment.tuner_messages import Answer
from nni_core.model import ExperimentState, MetricKind, TrialState
from nni_core.testing.clock import settle
from nni_core.testing.experiment import CountingTuner, ExperimentKit


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[ExperimentKit]:
    kit = ExperimentKit(**options)
    await kit.start()
    try:
        yield kit
    finally:
        await kit.stop()


def told(kit: ExperimentKit) -> CountingTuner:
    assert isinstance(kit.tuner.tuner, CountingTuner)
    return kit.tuner.tuner


def nested(levels: int) -> Any:
    """A dict in a dict in a dict."""
    value: Any = 1
    for _ in range(levels):
        value = {"default": value}
    return value


async def test_n_trials_means_n() -> None:
    """Exactly max_trial_number trials are created, never more than trial_concurrency at a time, then it is DONE."""
    async with running(concurrency=3, max_trials=7) as kit:
        for number in range(7):
            assert len(kit.ledger.live) == min(3, 7 - number)
            await kit.succeed(number, number)
        assert kit.state is ExperimentState.DONE
        assert kit.states() == [TrialState.SUCCEEDED] * 7
        assert [result[2] for result in told(kit).results] == list(range(7))


async def test_parameters_stay_with_their_trial_whatever_the_order_of_ends() -> None:
    """Each trial's result reaches the tuner with the parameters in that trial's own parameter file."""
    async with running(concurrency=4, max_trials=4) as kit:
        for number in (2, 0, 3, 1):
            await kit.succeed(number, kit.service.parameters(kit.attempt(number))["x"] * 10)
        assert all(value == parameters["x"] * 10 for _, parameters, value in told(kit).results)
        assert [trial.final.value for trial in kit.trials if trial.final] == [0, 10, 20, 30]


async def test_a_result_after_the_trials_end_changes_nothing() -> None:
    """What a service reports of an execution that is over is ignored."""
    async with running(max_trials=1) as kit:
        attempt = kit.attempt(0)
        await kit.succeed(0, 1)
        kit.service.report(attempt, 2, parameter_id=0)
        kit.service.exit(attempt, 1)
        await settle()
        assert kit.states() == [TrialState.SUCCEEDED]
        assert told(kit).results == [(0, {"x": 0.0}, 1)]


async def test_the_first_of_two_final_results_counts() -> None:
    """A second final result is noted for the user and taught to nobody."""
    async with running(max_trials=1) as kit:
        await kit.begin(0)
        await kit.report(0, 1)
        await kit.report(0, 2)
        await kit.exit(0)
        assert told(kit).results == [(0, {"x": 0.0}, 1)]
        assert "second final result" in kit.ledger.notes[0].message


async def test_a_trial_that_reports_after_it_was_killed_ends_as_killed() -> None:
    """Cancel, then a final result: USER_CANCELED, the value is kept, the tuner learns nothing."""
    async with running(max_trials=1) as kit:
        await kit.begin(0)
        await kit.engine.cancel(kit.trials[0].id, TrialState.USER_CANCELED, "a user killed it")
        await kit.report(0, 5)
        await kit.exit(0)
        assert kit.states() == [TrialState.USER_CANCELED]
        assert kit.trials[0].final is not None
        assert told(kit).results == []
        assert told(kit).ends == [(0, False)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"accuracy": 1}, "0.9", None, [1]])
async def test_a_result_that_is_no_number_teaches_nothing_and_hangs_nothing(value: Any) -> None:
    """The trial succeeds, the user is told, the next trial starts."""
    async with running(max_trials=2) as kit:
        await kit.succeed(0, value)
        await kit.succeed(1, 1)
        assert kit.state is ExperimentState.DONE
        assert kit.states() == [TrialState.SUCCEEDED] * 2
        assert [one[2] for one in told(kit).results] == [1]
        assert "not a finite number" in kit.ledger.notes[0].message


async def test_a_dict_with_default_is_taught_whole() -> None:
    """The tuner receives the dict as it was reported."""
    async with running(max_trials=1) as kit:
        await kit.succeed(0, {"default": 0.5, "loss": 2})
        assert told(kit).results[0][2] == {"default": 0.5, "loss": 2}


async def test_all_trials_failing_ends_done_and_says_so() -> None:
    """The experiment ends, and its reason names the first failure."""
    async with running(max_trials=3) as kit:
        kit.service.stderr = b"Traceback\nModuleNotFoundError: No module named 'torch'\n"
        for number in range(3):
            await kit.exit(number, 1)
        assert kit.state is ExperimentState.DONE
        assert kit.states() == [TrialState.FAILED] * 3
        assert "No module named 'torch'" in kit.ledger.reason


async def test_death_by_signal_is_a_failure_with_its_name() -> None:
    """NNI called it USER_CANCELED."""
    async with running(max_trials=1) as kit:
        await kit.exit(0, None, signal=11)
        assert kit.states() == [TrialState.FAILED]
        assert kit.trials[0].message == "killed by SIGSEGV"


async def test_success_without_a_result_says_which_call_is_missing() -> None:
    """Exit 0 without a final result is SUCCEEDED, taught as a failure."""
    async with running(max_trials=1) as kit:
        await kit.exit(0)
        assert kit.states() == [TrialState.SUCCEEDED]
        assert "nni.report_final_result" in (kit.trials[0].message or "")
        assert told(kit).ends == [(0, False)]


async def test_a_time_limit_ends_a_trial_as_early_stopped_and_teaches_its_latest_result() -> None:
    """max_trial_duration is not a user's cancel."""
    async with running(max_trials=1) as kit:
        await kit.begin(0)
        await kit.report(0, 0.25, kind=MetricKind.PERIODICAL)
        kit.service.exit(kit.attempt(0), None, signal=15, timed_out=True)
        await settle()
        assert kit.states() == [TrialState.EARLY_STOPPED]
        assert told(kit).results == [(0, {"x": 0.0}, 0.25)]


class _StopAtTwo(Assessor):
    def assess_trial(self, trial_job_id: str, trial_history: Any) -> AssessResult:
        return AssessResult.Bad if len(trial_history) >= 2 else AssessResult.Good


async def test_an_assessor_ends_a_trial_early() -> None:
    """Bad: the service is asked to end it, it becomes EARLY_STOPPED, its latest result teaches the tuner."""
    async with running(max_trials=1, assessor=_StopAtTwo) as kit:
        await kit.begin(0)
        await kit.report(0, 1, kind=MetricKind.PERIODICAL)
        assert not kit.service.cancelled
        await kit.report(0, 2, kind=MetricKind.PERIODICAL, sequence=1)
        assert kit.service.cancelled == [kit.attempt(0)]
        await kit.exit(0, None, signal=15)
        assert kit.states() == [TrialState.EARLY_STOPPED]
        assert told(kit).results[0][2] == 2


async def test_a_finite_space_is_tried_once_each_and_ends_cleanly() -> None:
    """A tuner that repeats itself for ever still tries every point once, then the experiment is DONE."""
    space = {"a": {"_type": "choice", "_value": [1, 2, 3]}, "b": {"_type": "randint", "_value": [0, 2]}}

    class Stubborn(CountingTuner):
        def generate_parameters(self, parameter_id: int, **_: Any) -> Any:
            return {"a": 1, "b": 0}

    async with running(concurrency=2, tuner=Stubborn, search_space=space) as kit:
        for number in range(6):
            await kit.succeed(number)
        assert kit.state is ExperimentState.DONE
        assert len({str(trial.parameters) for trial in kit.trials}) == len(kit.trials) == 6
        assert "all 6 points" in kit.ledger.reason


async def test_a_tuner_with_nothing_left_ends_the_experiment_when_its_trials_have() -> None:
    """TUNER_NO_MORE_TRIAL while trials run, DONE afterwards."""

    class Three(CountingTuner):
        def generate_parameters(self, parameter_id: int, **_: Any) -> Any:
            if self.next == 3:
                raise NoMoreTrialError
            return super().generate_parameters(parameter_id)

    async with running(concurrency=2, tuner=Three) as kit:
        await kit.succeed(0)
        await kit.succeed(1)
        assert kit.state is ExperimentState.TUNER_NO_MORE_TRIAL
        await kit.succeed(2)
        assert kit.state is ExperimentState.DONE


async def test_a_tuner_that_waits_for_results_is_asked_again() -> None:
    """Nothing to suggest now is not nothing for ever: a generation may wait for the one before it."""

    class Generations(CountingTuner):
        def generate_parameters(self, parameter_id: int, **_: Any) -> Any:
            if self.next - len(self.ends) >= 1:
                raise NoMoreTrialError
            return super().generate_parameters(parameter_id)

    async with running(concurrency=2, max_trials=3, tuner=Generations) as kit:
        for number in range(3):
            assert len(kit.ledger.live) == 1
            await kit.succeed(number)
        assert kit.state is ExperimentState.DONE


async def test_the_duration_limit_lets_running_trials_finish() -> None:
    """NO_MORE_TRIAL at the limit exactly, DONE when the last trial has ended."""
    async with running(max_duration=60) as kit:
        await kit.begin(0)
        await kit.clock.advance(59.5)
        assert kit.state is ExperimentState.RUNNING
        await kit.clock.advance(0.5)
        assert kit.state is ExperimentState.NO_MORE_TRIAL
        await kit.exit(0)
        assert kit.state is ExperimentState.DONE
        assert len(kit.trials) == 1


async def test_raising_the_limit_goes_on_from_done() -> None:
    """DONE is not for ever."""
    async with running(max_trials=1) as kit:
        await kit.succeed(0)
        assert kit.state is ExperimentState.DONE
        await kit.engine.change({"maxTrialNumber": 2})
        await settle()
        assert len(kit.ledger.live) == 1
        await kit.succeed(1)
        assert kit.state is ExperimentState.DONE


async def test_more_concurrency_starts_more_trials_at_once() -> None:
    """The scheduler looks again when a setting changes."""
    async with running(concurrency=1) as kit:
        await kit.engine.change({"trialConcurrency": 4})
        await settle()
        assert len(kit.ledger.live) == 4


async def test_a_customised_trial_counts_and_teaches() -> None:
    """It takes a sequence id and a parameter id of its own, and the tuner hears of its result."""
    async with running(concurrency=2, max_trials=3) as kit:
        assert await kit.engine.add_trial({"x": 7.5}) == 2
        await settle()
        await kit.succeed(0)
        await kit.succeed(1)
        await kit.succeed(2, 9)
        assert kit.state is ExperimentState.DONE
        assert told(kit).results[-1] == (2, {"x": 7.5}, 9)
        with pytest.raises(ConflictError, match="takes no more trials"):
            await kit.engine.add_trial({"x": 8.5})


async def test_customised_trials_wait_for_their_turn() -> None:
    """However many are queued, no more trials run than trial_concurrency, and none of the tuner's goes before them."""
    async with running(concurrency=2) as kit:
        for x in (5.5, 6.5, 7.5):
            await kit.engine.add_trial({"x": x})
        await settle()
        assert len(kit.service.submitted) == 2
        for number in range(3):
            await kit.succeed(number)
        assert [trial.parameters["x"] for trial in kit.trials] == [0, 1, 5.5, 6.5, 7.5]
        await kit.succeed(3)
        assert [trial.parameters["x"] for trial in kit.trials[5:]] == [2]


async def test_a_waiting_trial_says_why_and_starts_when_there_is_room() -> None:
    """NoCapacity is a state with a reason, not silence."""
    kit = ExperimentKit(max_trials=1)
    kit.service.no_room = "GPU 0 busy: pid 2950 (gnome-shell)"
    await kit.start()
    assert kit.trials[0].state is TrialState.WAITING
    assert kit.trials[0].message == "GPU 0 busy: pid 2950 (gnome-shell)"
    kit.service.no_room = None
    await kit.clock.advance(1)
    await kit.succeed(0)
    assert kit.state is ExperimentState.DONE
    await kit.stop()


async def test_killing_a_waiting_trial_needs_no_service() -> None:
    """A trial that was never submitted ends at once."""
    kit = ExperimentKit(max_trials=1)
    kit.service.no_room = "full"
    await kit.start()
    await kit.engine.cancel(kit.trials[0].id, TrialState.USER_CANCELED, "a user killed it")
    await settle()
    assert kit.states() == [TrialState.USER_CANCELED]
    assert kit.service.cancelled == []
    await kit.stop()


async def test_a_lost_trial_is_tried_once_more() -> None:
    """Its second execution has a new attempt id; a second loss is a failure."""
    async with running(max_trials=1) as kit:
        first = kit.attempt(0)
        await kit.begin(0)
        kit.service.lose(first)
        await settle()
        assert kit.attempt(0) != first
        assert kit.trials[0].attempt == 2
        kit.service.lose(kit.attempt(0))
        await settle()
        assert kit.states() == [TrialState.FAILED]
        assert kit.state is ExperimentState.DONE


async def test_stop_ends_every_trial_first() -> None:
    """STOPPED only when no trial is left."""
    kit = ExperimentKit(concurrency=2)
    await kit.start()
    kit.service.on_submit = lambda _: None
    stopping = asyncio.create_task(kit.engine.stop())
    await settle()
    assert kit.state is ExperimentState.STOPPING
    assert len(kit.service.cancelled) == 2
    for number in range(2):
        await kit.exit(number, None, signal=15)
    await stopping
    assert kit.state is ExperimentState.STOPPED
    assert kit.states() == [TrialState.SYS_CANCELED] * 2
    await kit.engine.stop()


async def test_what_the_tuner_suggests_during_a_stop_is_not_tried() -> None:
    """The stop has seen all trials that it ends."""
    kit = ExperimentKit(concurrency=2)
    await kit.start()
    answer = asyncio.Event()
    ask = kit.tuner.ask

    async def slowly(count: int, first_id: int) -> Answer:
        await answer.wait()
        return await ask(count, first_id)

    kit.tuner.ask = slowly  # type: ignore[method-assign]
    await kit.succeed(0)
    stopping = asyncio.create_task(kit.engine.stop())
    await settle()
    answer.set()
    await settle()
    assert kit.state is ExperimentState.STOPPING
    assert len(kit.trials) == 2
    await kit.exit(1, None, signal=15)
    await stopping
    assert kit.states() == [TrialState.SUCCEEDED, TrialState.SYS_CANCELED]


async def test_a_trial_that_a_stopped_experiment_was_left_with_is_ended() -> None:
    """An earlier version may have begun it too late."""
    kit = ExperimentKit(concurrency=1)
    await kit.start()
    kit.ledger.state = ExperimentState.STOPPED
    stopping = asyncio.create_task(kit.engine.stop())
    await settle()
    await kit.exit(0, None, signal=15)
    await stopping
    assert kit.states() == [TrialState.SYS_CANCELED]


def failing(kit: ExperimentKit, failures: Iterator[Exception]) -> None:
    """Let the service raise instead of telling of what happens, as often as there are failures."""
    events = kit.service.events

    async def failing_events() -> AsyncIterator[ServiceEvent]:
        async for event in events():
            for failure in failures:
                raise failure
            yield event

    kit.service.events = failing_events  # type: ignore[method-assign]


async def test_a_service_that_has_failed_is_listened_to_again() -> None:
    """The experiment ends with its reason; trials that run are seen to their end."""
    kit = ExperimentKit(concurrency=2)
    failing(kit, iter([RuntimeError("the cluster is gone")]))
    await kit.start()
    await kit.begin(0)
    assert kit.state is ExperimentState.ERROR
    assert "the cluster is gone" in kit.ledger.reason
    await kit.clock.advance(1.0)
    await kit.succeed(0)
    stopping = asyncio.create_task(kit.engine.stop())
    await settle()
    await kit.exit(1, None, signal=15)
    await stopping
    assert kit.states() == [TrialState.SUCCEEDED, TrialState.SYS_CANCELED]


async def test_a_service_that_goes_on_failing_keeps_nobody_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its trials are given up."""
    monkeypatch.setattr("nni_core.experiment.engine.GRACE", 0.05)
    kit = ExperimentKit(concurrency=1)
    failing(kit, itertools.repeat(RuntimeError("the cluster is gone")))
    await kit.start()
    await kit.begin(0)
    await kit.engine.stop()
    assert kit.state is ExperimentState.STOPPED
    assert kit.states() == [TrialState.SYS_CANCELED]
    assert "whether it still runs is not known" in (kit.trials[0].message or "")


@pytest.mark.parametrize(("value", "sequence"), [(1, 2**63), (nested(66), 0)])
async def test_a_report_that_cannot_be_kept_is_refused_with_a_note(value: Any, sequence: int) -> None:
    """A trial may write into its spool what it likes."""
    async with running(max_trials=1) as kit:
        await kit.begin(0)
        await kit.report(0, value, kind=MetricKind.PERIODICAL, sequence=sequence)
        await kit.report(0, 3)
        await kit.exit(0)
        assert kit.states() == [TrialState.SUCCEEDED]
        assert "cannot be read" in kit.ledger.notes[0].message


async def test_a_stop_that_its_manager_did_not_survive_is_finished_by_the_next() -> None:
    """STOPPING is what the log ends with: the trials are ended all the same."""
    first = ExperimentKit(concurrency=2)
    await first.start()
    stopping = asyncio.create_task(first.engine.stop())
    await settle()
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    await first.store.flush()
    await first.stop()
    second = ExperimentKit(concurrency=2, log=first.log)
    second.service.found = {first.attempt(number): AttemptStatus.RUNNING for number in range(2)}
    ending = asyncio.create_task(second.engine.take_down())
    await settle()
    assert len(second.service.cancelled) == 2
    for number in range(2):
        await second.exit(number, None, signal=15)
    await ending
    assert second.state is ExperimentState.STOPPED
    assert second.states() == [TrialState.SYS_CANCELED] * 2
