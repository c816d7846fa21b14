"""A stopped experiment, read from its log."""

from __future__ import annotations

from pathlib import Path

from nni_core.experiment.archive import Archive
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.profile import profile_of
from nni_core.model import AttemptId, ExperimentId, ExperimentState, ParameterSource, TrialId, TrialState
from nni_core.store import events as ev
from nni_core.store.reader import open_readonly
from nni_core.store.sqlite import create_store


def trial(number: int) -> list[ev.EventBody]:
    trial_id, attempt_id = TrialId(f"T{number}"), AttemptId(f"a{number}")
    created = ev.TrialCreated(
        trial_id=trial_id,
        sequence_id=number,
        parameter_id=number,
        parameters={},
        source=ParameterSource.ALGORITHM,
        attempt_id=attempt_id,
        told_through=0,
    )
    return [created, ev.TrialFinished(trial_id=trial_id, attempt_id=attempt_id, state=TrialState.FAILED)]


async def test_the_profile_is_read_without_the_trials(tmp_path: Path) -> None:
    """And is what the whole log adds up to."""
    store = create_store(tmp_path / "log.sqlite", network=False)
    config = {"searchSpace": {}, "trialConcurrency": 1, "maxTrialNumber": 5}
    bodies = [
        ev.ExperimentCreated(experiment_id=ExperimentId("e"), config=config, version="test"),
        ev.ManagerStarted(epoch=1, pid=1),
        ev.ExperimentStateChanged(state=ExperimentState.RUNNING),
        *trial(0),
        ev.SettingsChanged(changes={"maxTrialNumber": 7}),
        *trial(1),
        ev.ExperimentStateChanged(state=ExperimentState.STOPPING, duration=4.5),
        ev.ExperimentStateChanged(state=ExperimentState.STOPPED, duration=5.5),
        ev.ManagerStarted(epoch=2, pid=2),
        ev.ExperimentStateChanged(state=ExperimentState.RUNNING, duration=5.5),
        ev.ExperimentStateChanged(state=ExperimentState.ERROR, reason="the tuner died", duration=7),
    ]
    store.submit(bodies, timestamp=1000)
    await store.flush()
    ledger = Ledger()
    for event in store.replay():
        ledger.apply(event)
    await store.close()
    with open_readonly(tmp_path / "log.sqlite") as reader:
        archive = Archive(reader, tmp_path)
        assert archive.profile() == profile_of(ledger, directory=tmp_path, duration=7)
        assert (archive.cursor, archive.epoch) == (ledger.cursor, "2-archive")
        assert "_ledger" not in vars(archive)
        assert archive.trials(reports=False) == archive.trials() == list(ledger.trials.values())
