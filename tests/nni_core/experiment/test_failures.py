"""``on_failure``: retries, penalties, and the end of an experiment in which everything fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.experiment.failures import FailurePolicy, FailureRule
from nni_core.experiment.tuner_messages import story
from nni_core.model import ExperimentState, FailureCause, TrialState
from nni_core.store import events as ev
from nni_core.testing.clock import settle
from nni_core.testing.experiment import CountingTuner, ExperimentKit


@asynccontextmanager
async def running(rules: Any, **options: Any) -> AsyncIterator[ExperimentKit]:
    kit = ExperimentKit(search={"onFailure": rules}, **options)
    await kit.start()
    try:
        yield kit
    finally:
        await kit.stop()


def told(kit: ExperimentKit) -> CountingTuner:
    assert isinstance(kit.tuner.tuner, CountingTuner)
    return kit.tuner.tuner


async def stopped(kit: ExperimentKit) -> None:
    """nnictl stop: the one trial is ended, then the experiment."""
    kit.engine.spawn(kit.engine.stop(), "stop")
    await settle()
    kit.service.exit(kit.attempt(0), None, signal=15)
    await kit.engine.finished.wait()


async def test_a_failed_trial_is_retried_and_takes_no_further_place() -> None:
    """Same id, parameters and number, a new attempt; max_trial_number counts trials, and the tuner hears of one end."""
    async with running({"exitCode": {"retry": 2}}, max_trials=1) as kit:
        first = kit.trials[0]
        await kit.fail(0)
        again = kit.trials[0]
        assert (again.state, again.attempt, again.parameters) == (TrialState.WAITING, 2, first.parameters)
        assert again.message == "retry 1 of 2: the command exited with code 1"
        await kit.fail(0)
        await kit.succeed(0, 7)
        assert (kit.states(), kit.trials[0].attempt) == ([TrialState.SUCCEEDED], 3)
        assert told(kit).results == [(0, {"x": 0.0}, 7)]
        assert told(kit).ends == [(0, True)]
        assert kit.state is ExperimentState.DONE


async def test_retries_are_used_up() -> None:
    """Then the trial is FAILED, with what was wrong the last time."""
    async with running("retry", max_trials=1) as kit:
        await kit.fail(0, 3)
        await kit.fail(0, 4)
        assert kit.states() == [TrialState.FAILED]
        assert kit.trials[0].message == "the command exited with code 4"
        assert told(kit).ends == [(0, False)]


async def test_each_cause_has_retries_of_its_own() -> None:
    """An execution that is lost does not use up those for a wrong exit code, nor does a stop and resume."""
    rules = {"exitCode": {"retry": 1}, "lost": {"retry": 1}}
    kit = ExperimentKit(search={"onFailure": rules}, max_trials=1)
    await kit.start()
    await kit.fail(0)
    kit.service.lose(kit.attempt(0))
    await settle()
    await stopped(kit)
    later = ExperimentKit(max_trials=1, log=kit.log)
    await later.start()
    assert (later.states(), later.trials[0].attempt) == ([TrialState.WAITING], 4)
    await later.fail(0)
    assert later.states() == [TrialState.FAILED]
    await later.stop()


async def test_a_lost_execution_is_retried_however_often_it_was_stopped() -> None:
    """Attempts that a stop of the experiment cost are not counted as lost."""
    log = None
    for _ in range(3):
        kit = ExperimentKit(max_trials=1, log=log)
        await kit.start()
        await kit.begin(0)
        await stopped(kit)
        log = kit.log
    kit = ExperimentKit(max_trials=1, log=log)
    await kit.start()
    for state in (TrialState.WAITING, TrialState.FAILED):
        kit.service.lose(kit.attempt(0))
        await settle()
        assert kit.states() == [state]
    await kit.stop()


async def test_a_backoff_leaves_its_place_to_others() -> None:
    """The trial waits for its time, twice as long the second time; meanwhile others run."""
    async with running({"default": {"retry": 2, "backoff": 30}}, max_trials=3) as kit:
        await kit.fail(0)
        assert kit.trials[0].message == "retry 1 of 2 after 30 s: the command exited with code 1"
        await kit.succeed(1)
        await kit.clock.advance(29)
        assert (kit.states()[0], len(kit.service.submitted)) == (TrialState.WAITING, 3)
        await kit.succeed(2)
        await kit.clock.advance(3)
        await kit.fail(0)
        await kit.clock.advance(59)
        assert kit.attempt(0) not in kit.service.submitted
        await kit.clock.advance(2)
        await kit.succeed(0)
        assert kit.states() == [TrialState.SUCCEEDED] * 3
        assert kit.state is ExperimentState.DONE


async def test_a_resting_trial_ends_at_once_when_it_is_killed() -> None:
    """There is nothing to wait for."""
    async with running({"default": {"retry": 1, "backoff": 30}}, max_trials=1) as kit:
        await kit.fail(0)
        await kit.engine.cancel(kit.trials[0].id, TrialState.USER_CANCELED, "a user killed it")
        await settle()
        assert (kit.states(), kit.state) == ([TrialState.USER_CANCELED], ExperimentState.DONE)


@pytest.mark.parametrize(("value", "taught"), [(100.0, 100.0), (None, 2.0)])
async def test_a_penalty_is_taught_in_place_of_a_result(value: float | None, taught: float) -> None:
    """The number in the config, or the worst result so far; the trial is FAILED all the same, and a replay agrees."""
    rule = {"then": "penalise"} if value is None else {"then": "penalise", "value": value}
    async with running({"signal": rule}, max_trials=3) as kit:
        await kit.succeed(0, 2.0)
        await kit.succeed(1, 3.0)
        await kit.begin(2)
        await kit.exit(2, None, signal=9)
        assert (kit.trials[2].state, kit.trials[2].penalty) == (TrialState.FAILED, taught)
        assert told(kit).results[-1] == (2, {"x": 2.0}, taught)
        assert told(kit).ends[-1] == (2, False)
        calls = [call["value"] for call in story(kit.store.replay(), assessed=False) if call["op"] == "end"]
        assert calls == [2.0, 3.0, taught]


async def test_without_any_result_there_is_no_worst_one() -> None:
    """The tuner is told of the failure, and taught nothing."""
    async with running("penalise", max_trials=1) as kit:
        await kit.fail(0)
        assert (kit.trials[0].penalty, told(kit).results, told(kit).ends) == (None, [], [(0, False)])


async def test_time_that_runs_out_and_no_result_are_failures_only_when_a_rule_says_so() -> None:
    """As before without one: stopped early, and succeeded."""
    for rules, states in (
        ("retry", [TrialState.EARLY_STOPPED, TrialState.SUCCEEDED]),
        ({"timeout": "skip", "noResult": "skip"}, [TrialState.FAILED, TrialState.FAILED]),
    ):
        async with running(rules, concurrency=2, max_trials=2) as kit:
            kit.service.begin(kit.attempt(0))
            kit.service.exit(kit.attempt(0), None, signal=15, timed_out=True)
            await kit.exit(1)
            assert kit.states() == states
            if states[0] is TrialState.FAILED:
                assert "max_trial_duration" in (kit.trials[0].message or "")
                assert "no final result" in (kit.trials[1].message or "")


async def test_a_trial_error_is_the_message_of_its_trial() -> None:
    """Retried as its own rule says, unless it says that this is useless."""
    async with running({"trialError": "retry"}, concurrency=2, max_trials=2) as kit:
        kit.service.give_up(kit.attempt(0), "the data are not there")
        kit.service.give_up(kit.attempt(1), "these layers do not fit", retryable=False)
        for number in (0, 1):
            await kit.exit(number, 1)
        assert kit.states() == [TrialState.WAITING, TrialState.FAILED]
        assert [trial.message for trial in kit.trials] == [
            "retry 1 of 1: the data are not there",
            "these layers do not fit",
        ]
        await kit.succeed(0)
        assert kit.states()[0] is TrialState.SUCCEEDED


async def test_a_trial_error_is_known_after_a_restart() -> None:
    """The exit comes to another manager than the error did."""
    kit = ExperimentKit(max_trials=1)
    await kit.start()
    await kit.begin(0)
    kit.service.give_up(kit.attempt(0), "the data are not there")
    await settle()
    await kit.stop()
    later = ExperimentKit(max_trials=1, log=kit.log)
    assert later.ledger.errors[kit.trials[0].id].message == "the data are not there"
    assert later.ledger.spool_offsets[kit.trials[0].id] > 0
    await later.stop()


async def test_a_tolerated_error_is_no_failure() -> None:
    """Exit code 0 and a final result: part of the trial gave up, the trial did not. Without a result it has failed."""
    async with running(None, concurrency=2, max_trials=2) as kit:
        for number in (0, 1):
            await kit.begin(number)
            kit.service.give_up(kit.attempt(number), "one fold did not converge")
        await kit.report(0, 1.0)
        await kit.exit(0)
        await kit.exit(1)
        assert kit.states() == [TrialState.SUCCEEDED, TrialState.FAILED]
        assert kit.trials[1].message == "one fold did not converge"


async def test_failures_in_a_row_end_the_experiment() -> None:
    """In ERROR, with what was wrong first. A success begins the count anew, a retry is not counted, nothing follows."""
    async with running({"maxConsecutiveFailures": 2, "signal": "retry"}, concurrency=2, max_trials=9) as kit:
        await kit.fail(0, 7)
        await kit.succeed(1)
        await kit.fail(2, 5)
        kit.service.exit(kit.attempt(3), None, signal=9)
        await settle()
        assert kit.state is ExperimentState.RUNNING
        await kit.fail(4, 6)
        assert kit.state is ExperimentState.ERROR
        assert kit.ledger.reason == (
            "2 trials failed one after the other (max_consecutive_failures); "
            "the first, trial 2: the command exited with code 5"
        )
        submitted = len(kit.service.submitted)
        await kit.clock.advance(5)
        assert (len(kit.trials), len(kit.service.submitted)) == (5, submitted)


async def test_a_resume_counts_failures_anew() -> None:
    """The user has mended something, or wants to try again."""
    kit = ExperimentKit(search={"onFailure": {"maxConsecutiveFailures": 1}}, max_trials=3)
    await kit.start()
    await kit.fail(0)
    assert kit.state is ExperimentState.ERROR
    await kit.stop()
    later = ExperimentKit(max_trials=3, log=kit.log)
    await later.start()
    assert (later.state, later.ledger.streak.length) == (ExperimentState.RUNNING, 0)
    await later.fail(1)
    assert later.state is ExperimentState.ERROR
    await later.stop()


async def test_a_retry_that_waits_is_taken_up_by_the_next_manager() -> None:
    """It waits no longer: the time between the managers was rest enough."""
    kit = ExperimentKit(search={"onFailure": {"default": {"retry": 1, "backoff": 600}}}, max_trials=1)
    await kit.start()
    await kit.fail(0)
    await kit.stop()
    later = ExperimentKit(max_trials=1, log=kit.log)
    await later.start()
    assert later.attempt(0) in later.service.submitted
    await later.fail(0)
    assert later.states() == [TrialState.FAILED]
    await later.stop()


def test_rules_fall_back_on_the_default() -> None:
    """Except for what is no failure, and for lost executions, which are retried once at least."""
    policy = FailurePolicy.of({"onFailure": {"default": "penalise", "exitCode": {"retry": 3}}})
    assert policy.rule(FailureCause.EXIT_CODE) == FailureRule(retry=3)
    assert policy.rule(FailureCause.SIGNAL) == policy.rule(FailureCause.NOT_STARTED) == FailureRule(penalises=True)
    assert policy.rule(FailureCause.LOST) == FailureRule(retry=1, penalises=True)
    assert policy.rule(FailureCause.TIMEOUT) is policy.rule(FailureCause.NO_RESULT) is None
    assert FailurePolicy.of({"onFailure": {"lost": "skip"}}).rule(FailureCause.LOST) == FailureRule()
    assert FailurePolicy.of({}).rule(FailureCause.EXIT_CODE) == FailureRule()


def test_a_backoff_doubles_up_to_an_hour() -> None:
    """One that begins above stays as it is."""
    assert [FailureRule(backoff=30).delay(retried) for retried in (0, 1, 2, 9999)] == [30, 60, 120, 3600]
    assert [FailureRule(backoff=9000).delay(retried) for retried in (0, 1)] == [9000, 9000]


DEEDS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["succeed", "fail", "lose", "kill"])), max_size=25)


@settings(max_examples=40)
@given(deeds=DEEDS, retry=st.integers(0, 2), cut=st.integers(0, 25))
async def test_whatever_fails_the_budget_is_kept(deeds: list[tuple[int, str]], retry: int, cut: int) -> None:
    """Never more trials than max_trial_number, nor more attempts than retries allow; each parameter set is taught once;
    a manager that takes over in the middle comes to the same ledger."""
    rules = {"default": {"retry": retry}, "lost": {"retry": 1}}
    kit = ExperimentKit(concurrency=2, max_trials=3, search={"onFailure": rules})
    await kit.start()
    for place, (number, deed) in enumerate(deeds):
        if place == cut:
            await kit.stop()
            kit = ExperimentKit(log=kit.log)
            await kit.start()
        await act(kit, number, deed)
    assert len(kit.trials) <= 3
    assert all(trial.attempt <= 1 + retry + 1 for trial in kit.trials)
    ends = [call["parameter_id"] for call in story(kit.store.replay(), assessed=False) if call["op"] == "end"]
    assert len(ends) == len(set(ends)) == sum(trial.state.is_terminal for trial in kit.trials)
    finished = [event.body for event in kit.store.replay() if isinstance(event.body, ev.TrialFinished)]
    assert len(finished) == len(ends)
    await kit.stop()


async def act(kit: ExperimentKit, number: int, deed: str) -> None:
    """Something happens to a trial that the service has."""
    if number >= len(kit.trials) or kit.trials[number].state.is_terminal:
        return
    if kit.attempt(number) not in kit.service.submitted:
        return
    match deed:
        case "succeed":
            await kit.succeed(number)
        case "fail":
            await kit.fail(number)
        case "lose":
            kit.service.lose(kit.attempt(number))
        case "kill":
            await kit.engine.cancel(kit.trials[number].id, TrialState.USER_CANCELED, "a user killed it")
            await kit.exit(number, None, signal=15)
    await settle()
