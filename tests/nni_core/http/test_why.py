"""Why nothing happens: one sentence for an experiment in each of its states, and for a trial in each of its."""

from pathlib import Path
from typing import Any

import pytest

from nni_core.experiment.why import Why
from nni_core.model import ExperimentState, TrialState
from nni_core.testing.control import CONFIG, FakeControl

from .conftest import Served


@pytest.mark.parametrize(
    ("state", "reason", "help_"),
    [
        (ExperimentState.INITIALIZED, "it is starting", ""),
        (ExperimentState.RUNNING, "the next is about to be created", ""),
        (ExperimentState.NO_MORE_TRIAL, "there is nothing left to try; 0 trials run", "update searchspace fake"),
        (ExperimentState.TUNER_NO_MORE_TRIAL, "nothing left to suggest: because", "update searchspace fake"),
        (ExperimentState.DONE, "nothing left to suggest: because", "update searchspace fake"),
        (ExperimentState.STOPPING, "it is being stopped", ""),
        (ExperimentState.STOPPED, "it was stopped", "nnictl resume fake"),
        (ExperimentState.VIEWED, "it was stopped", "nnictl resume fake"),
        (ExperimentState.ERROR, "because", "nnictl resume fake"),
    ],
)
async def test_every_state_of_an_experiment_has_a_reason(
    control: FakeControl, state: ExperimentState, reason: str, help_: str
) -> None:
    """And what to type, where there is something to do."""
    control.become(state, "because" if "because" in reason else "")
    found = Why(control).experiment()
    assert reason in found.reason
    assert help_ in found.help


@pytest.mark.parametrize("state", TrialState)
async def test_every_state_of_a_trial_has_a_reason(control: FakeControl, state: TrialState) -> None:
    """Its own words, when it has any."""
    control.create("A", state=state)
    control.create("B", state=state, message="no GPU is free: 2 of 2 are busy")
    reasons = Why(control)
    assert reasons.trial(control.trial("A")).reason
    assert reasons.trial(control.trial("B")).reason == "no GPU is free: 2 of 2 are busy"


def spent(tmp_path: Path, **limits: Any) -> FakeControl:
    control = FakeControl(tmp_path, config={**CONFIG, **limits})
    for name in "AB":
        control.create(name, state=TrialState.RUNNING)
    control.become(ExperimentState.NO_MORE_TRIAL)
    return control


async def test_the_trial_that_holds_up_the_next_is_named(tmp_path: Path) -> None:
    """Where results are told in the order of trials."""
    control = FakeControl(tmp_path, config={**CONFIG, "trialConcurrency": 4, "deterministic": 4})
    for name in "ABCDE":
        control.create(name, state=TrialState.RUNNING if name == "B" else TrialState.SUCCEEDED)
    control.become(ExperimentState.RUNNING)
    found = Why(control).experiment()
    assert found.reason.startswith("trial 5 is suggested when trial 1 has ended: results reach the tuner in the order")
    assert found.help == "nnictl why fake 1 tells of it, nnictl trial kill fake --trial_id 1 ends it"


async def test_the_limit_that_is_used_up_is_named(tmp_path: Path) -> None:
    """Trials, time, or both, and how to get more."""
    by_trials = Why(spent(tmp_path, maxTrialNumber=2)).experiment()
    assert by_trials.reason == "max_trial_number, 2, is used up; 2 trials run to the end"
    assert by_trials.help == "nnictl experiment extend fake --trials 10 gives it more"
    by_time = Why(spent(tmp_path, maxExperimentDuration=10)).experiment()
    assert by_time.reason == "max_experiment_duration, 10 s, is over; 2 trials run to the end"


async def test_a_thinking_tuner_is_named(control: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the log that tells more."""
    monkeypatch.setattr(control, "tuner_thinking", lambda: 12.3)
    found = Why(control).experiment()
    assert found.reason == "the tuner has been thinking for 12 s about what to try next"
    assert found.help.endswith("dispatcher.log")


async def test_a_full_experiment_tells_how_to_let_more_run(control: FakeControl) -> None:
    """As many as trial_concurrency allows."""
    for name in "AB":
        control.create(name, state=TrialState.RUNNING)
    found = Why(control).experiment()
    assert found.reason == "2 trials run, as many as trial_concurrency allows"
    assert found.help == "nnictl update concurrency fake --value 3 lets more run"


async def test_reasons_over_http(served: Served) -> None:
    """Those of the experiment and its waiting trials, and that of each trial."""
    for name, state in (("A", TrialState.RUNNING), ("B", TrialState.RUNNING), ("C", TrialState.WAITING)):
        served.control.create(name, state=state)
    document = (await served.client.get("/api/v1/why")).json()
    assert (document["experiment"]["state"], document["experiment"]["idle"]) == ("RUNNING", False)
    assert document["trials"] == [(await served.client.get("/api/v1/trials/C/why")).json()]
    assert (await served.client.get("/api/v1/trials/D/why")).status_code == 404
