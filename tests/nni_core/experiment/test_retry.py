"""A trial that a user wants again."""

from __future__ import annotations

import pytest

from nni_core.errors import ConflictError
from nni_core.experiment.tuner_messages import story
from nni_core.model import ExperimentState, ParameterSource, TrialState
from nni_core.testing.clock import settle
from nni_core.testing.experiment import CountingTuner, ExperimentKit


async def retry(kit: ExperimentKit, number: int) -> None:
    await kit.engine.retry(kit.trials[number].id)
    await settle()


async def test_a_failed_trial_of_a_finished_experiment_runs_again() -> None:
    """Under its id and number and with its parameters, without a place of its own in max_trial_number."""
    kit = ExperimentKit(max_trials=2)
    await kit.start()
    await kit.begin(0)
    await kit.exit(0, 1)
    await kit.succeed(1)
    first = kit.trials[0]
    assert kit.state is ExperimentState.DONE
    await retry(kit, 0)
    assert (kit.state, kit.trials[0].state) == (ExperimentState.NO_MORE_TRIAL, TrialState.WAITING)
    await kit.succeed(0, 7.0)
    again = kit.trials[0]
    assert (again.state, again.parameters, again.attempt) == (TrialState.SUCCEEDED, first.parameters, 2)
    assert again.attempt_id != first.attempt_id
    assert (kit.state, len(kit.trials)) == (ExperimentState.DONE, 2)
    await kit.stop()


async def test_the_tuner_is_taught_the_result_as_that_of_given_parameters() -> None:
    """It was told of the end of its own: no result comes under that name a second time. A replay tells it the same."""
    kit = ExperimentKit(max_trials=1)
    await kit.start()
    await kit.begin(0)
    await kit.exit(0, 1)
    await retry(kit, 0)
    await kit.succeed(0, 7.0)
    assert kit.trials[0].source is ParameterSource.CUSTOMIZED
    ends = [
        (call["value"], call["customized"]) for call in story(kit.store.replay(), assessed=False) if call["op"] == "end"
    ]
    assert ends == [(None, False), (7.0, True)]
    assert isinstance(kit.tuner.tuner, CountingTuner)
    assert kit.tuner.tuner.results == [(0, {"x": 0.0}, 7.0)]
    await kit.stop()


async def test_a_killed_trial_waits_for_its_turn() -> None:
    """As any other does."""
    kit = ExperimentKit(concurrency=1, max_trials=2)
    await kit.start()
    await kit.begin(0)
    await kit.engine.cancel(kit.trials[0].id, TrialState.USER_CANCELED, "a user killed it")
    await kit.exit(0, None, signal=15)
    await kit.begin(1)
    await retry(kit, 0)
    assert kit.states() == [TrialState.WAITING, TrialState.RUNNING]
    await kit.succeed(1)
    await kit.succeed(0)
    assert kit.states() == [TrialState.SUCCEEDED] * 2
    await kit.stop()


async def test_what_cannot_be_tried_again() -> None:
    """A trial that runs, one that succeeded, and any of an experiment that runs none any more."""
    kit = ExperimentKit(concurrency=2, max_trials=2)
    await kit.start()
    await kit.succeed(0)
    await kit.begin(1)
    for number, state in enumerate(("SUCCEEDED", "RUNNING")):
        with pytest.raises(ConflictError, match=f"cannot be tried again: it is {state}"):
            await kit.engine.retry(kit.trials[number].id)
    await kit.exit(1, 1)
    kit.ledger.state = ExperimentState.ERROR
    with pytest.raises(ConflictError, match="the experiment is ERROR and runs no trials any more"):
        await kit.engine.retry(kit.trials[1].id)
    await kit.stop()


async def test_a_retry_survives_the_manager() -> None:
    """A resume goes on with it."""
    kit = ExperimentKit(max_trials=1)
    await kit.start()
    await kit.begin(0)
    await kit.exit(0, 1)
    await retry(kit, 0)
    await kit.stop()
    later = ExperimentKit(max_trials=1, log=kit.log)
    await later.start()
    await later.succeed(0)
    assert (later.states(), later.state) == ([TrialState.SUCCEEDED], ExperimentState.DONE)
    await later.stop()
