"""What may follow what."""

from __future__ import annotations

import pytest

from nni_core.api import TrialExited
from nni_core.experiment.budget import Budget
from nni_core.experiment.transitions import (
    EXPERIMENT_TRANSITIONS,
    TRIAL_TRANSITIONS,
    end_of,
    trial_may_become,
)
from nni_core.model import AttemptId, ExperimentState, TrialState


def exited(code: int | None = 0, signal: int | None = None, *, timed_out: bool = False) -> TrialExited:
    return TrialExited(attempt_id=AttemptId("a"), timestamp=0, exit_code=code, signal=signal, timed_out=timed_out)


def test_every_state_is_in_its_table() -> None:
    """A new state cannot be forgotten."""
    assert set(TRIAL_TRANSITIONS) == set(TrialState)
    assert set(EXPERIMENT_TRANSITIONS) == set(ExperimentState)


def test_an_end_is_an_end() -> None:
    """A trial that succeeded stays as it is; any other may only begin again."""
    for state in TrialState:
        if state.is_terminal:
            reachable = {new for new in TrialState if trial_may_become(state, new)}
            assert reachable == (set() if state is TrialState.SUCCEEDED else {TrialState.WAITING})


@pytest.mark.parametrize(
    ("event", "cancel", "state", "words"),
    [
        (exited(0), None, TrialState.SUCCEEDED, None),
        (exited(3), None, TrialState.FAILED, "exited with code 3"),
        (exited(None, 9), None, TrialState.FAILED, "killed by SIGKILL"),
        (exited(None, 200), None, TrialState.FAILED, "killed by signal 200"),
        (exited(None, 15, timed_out=True), None, TrialState.EARLY_STOPPED, "max_trial_duration"),
        (exited(0), TrialState.USER_CANCELED, TrialState.USER_CANCELED, None),
        (exited(None, 15), TrialState.EARLY_STOPPED, TrialState.EARLY_STOPPED, None),
    ],
)
def test_how_an_end_is_named(
    event: TrialExited, cancel: TrialState | None, state: TrialState, words: str | None
) -> None:
    """A cancel wins over the exit code; a signal is a failure with a name."""
    found, message = end_of(event, cancel)
    assert found is state
    assert (message is None) if words is None else words in (message or "")


def test_room_is_what_both_limits_leave() -> None:
    """Concurrency and the number of trials."""
    budget = Budget(concurrency=4, max_trials=10, max_duration=60, max_trial_duration=None)
    assert budget.room(created=0, live=1) == 3
    assert budget.room(created=9, live=0) == 1
    assert budget.room(created=12, live=0) == 0
    assert budget.room(created=0, live=6) == 0
    assert budget.is_spent(created=10, duration=0)
    assert budget.is_spent(created=0, duration=60)
    assert not budget.is_spent(created=9, duration=59.9)
