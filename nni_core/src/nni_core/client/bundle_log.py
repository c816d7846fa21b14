"""The log as it goes into a bundle: that of a stopped experiment without passwords, in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from nni_core.client.bundle_secrets import hidden_settings, without_secrets
from nni_core.client.log_copies import copy_log, unreadable
from nni_core.experiment.ledger import Ledger, LedgerError
from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentState, Json, TrialState
from nni_core.store.base import StoreError
from nni_core.store.copying import seal
from nni_core.store.events import EventBody, ExperimentCreated, ExperimentStateChanged, SettingsChanged, TrialFinished
from nni_core.store.reader import StoreReader, open_readonly


@frozen(kw_only=True)
class SealedLog:
    """A log that may leave the machine, and what is in it."""

    path: Path
    experiment_id: str
    #: of the original
    state: ExperimentState
    version: str
    config: Mapping[str, Json]
    #: settings that were taken out
    hidden: Sequence[str]


def sealed_copy(folder: ExperimentFolder, target: Path) -> SealedLog:
    """Copy the log of an experiment. What runs at this moment is in the copy as if a stop had ended it: a resume of the
    copy begins it anew.

    :raises MachineError: when it cannot be read, or the copy not written.
    """
    copy_log(folder, target)
    try:
        with open_readonly(target) as reader:
            ledger, hidden, latest = _folded(reader)
        seal(target, append=_ending(ledger), timestamp=latest, rewrite=_rewritten)
    except (StoreError, LedgerError) as error:
        raise unreadable(folder, StoreError(str(error)), target) from error
    return SealedLog(
        path=target,
        experiment_id=ledger.experiment_id,
        state=ledger.state,
        version=ledger.version,
        config=without_secrets(ledger.config),
        hidden=hidden,
    )


def _folded(reader: StoreReader) -> tuple[Ledger, Sequence[str], int]:
    """What the log adds up to, every setting that ever held a password, and the time of the last event."""
    ledger = Ledger()
    hidden: set[str] = set()
    for event in reader.about_the_experiment():
        hidden.update(hidden_settings(_config_in(event.body)))
    ledger.catch_up(reader.outline())
    latest = max((event.timestamp for event in reader.replay(after=reader.last - 1)), default=0)
    return ledger, sorted(hidden), latest


def _config_in(body: EventBody) -> Mapping[str, Json]:
    match body:
        case ExperimentCreated(config=config) | SettingsChanged(changes=config):
            return config
        case _:
            return {}


def _rewritten(body: ExperimentCreated | SettingsChanged) -> ExperimentCreated | SettingsChanged:
    if isinstance(body, ExperimentCreated):
        return evolve(body, config=without_secrets(body.config))
    return evolve(body, changes=without_secrets(body.changes))


def _ending(ledger: Ledger) -> Sequence[EventBody]:
    ended = [
        TrialFinished(
            trial_id=trial_id,
            attempt_id=ledger.trials[trial_id].attempt_id,
            state=TrialState.SYS_CANCELED,
            message="it was not over when the experiment was saved",
        )
        for trial_id in ledger.live
    ]
    if ledger.state.is_finished:
        return ended
    stopping, stopped = (
        ExperimentStateChanged(state=state, duration=ledger.duration_seen)
        for state in (ExperimentState.STOPPING, ExperimentState.STOPPED)
    )
    return [stopping, *ended, stopped]
