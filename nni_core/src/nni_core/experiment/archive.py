"""An experiment that does not run, read from its log: the same view as of a running one, without commands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from attrs import evolve

from nni_core.api import LogChunk
from nni_core.errors import ConflictError, NotFoundError, Problem
from nni_core.experiment.control import Change, ExperimentProfile, NoteView, Setting
from nni_core.experiment.kept_trials import keep_trials, kept_trials
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.profile import profile_of
from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentState, Json, LogStream, Metric, MetricKind, Parameters, Trial
from nni_core.store.events import TrialCreated
from nni_core.store.log_state import log_state
from nni_core.store.reader import StoreReader


def unfinished_trials(reader: StoreReader) -> bool:
    """Whether a log tells of trials that were begun and not ended."""
    return bool(_without_reports(reader).live)


def _ledger(reader: StoreReader) -> Ledger:
    ledger = Ledger()
    ledger.catch_up(reader.outline())
    return ledger


def _without_reports(reader: StoreReader) -> Ledger:
    """What a log adds up to without intermediate reports, which are most of a long one."""
    ledger = Ledger()
    ledger.catch_up((event, 1) for event in reader.without_reports())
    return ledger


class Archive:
    """:class:`~nni_core.experiment.control.ExperimentControl` over a log; every command is refused."""

    def __init__(self, reader: StoreReader, directory: Path, *, keep: bool = False) -> None:
        """``keep``: write what the log adds up to into the experiment's folder, for the next who asks."""
        self._reader = reader
        self._directory = directory
        self._keep = keep

    @cached_property
    def _ledger(self) -> Ledger:
        """What the whole log adds up to. Much is asked of an archive that does without it."""
        return _ledger(self._reader)

    @cached_property
    def _quick_ledger(self) -> Ledger:
        return _without_reports(self._reader)

    @property
    def _known(self) -> Ledger:
        """Whichever was read already; they differ only in the latest intermediate reports."""
        return self._ledger if "_ledger" in vars(self) else self._quick_ledger

    @cached_property
    def _beginning(self) -> Ledger:
        """What the log adds up to without its trials."""
        ledger = Ledger()
        for event in self._reader.about_the_experiment():
            ledger.apply(event)
        return ledger

    @property
    def epoch(self) -> str:
        return f"{self._beginning.epoch}-archive"

    @property
    def cursor(self) -> int:
        return self._reader.last

    def profile(self) -> ExperimentProfile:
        ledger = self._beginning
        profile = profile_of(ledger, directory=self._directory, duration=ledger.duration, state=self._state())
        return evolve(profile, next_sequence_id=self._trials)

    @cached_property
    def _trials(self) -> int:
        return self._reader.number_of(TrialCreated)

    def _state(self) -> ExperimentState:
        """A log whose last word is that the experiment runs was left by a manager that was killed."""
        state = self._beginning.state
        return state if state.is_finished else ExperimentState.STOPPED

    def trials(self, *, reports: bool = True) -> Sequence[Trial]:
        return list(self._trials_by_id.values())

    @cached_property
    def _trials_by_id(self) -> Mapping[str, Trial]:
        folder = ExperimentFolder(self._directory)
        trials = kept_trials(folder.database, folder.trials_file)
        if trials is None:
            state = log_state(folder.database)
            trials = list(self._ledger.trials.values())
            # A manager that began meanwhile has written more than was read.
            if self._keep and log_state(folder.database) == state:
                keep_trials(folder.trials_file, trials, state)
        return {trial.id: trial for trial in trials}

    def trial(self, trial_id: str) -> Trial:
        found = self._trials_by_id.get(trial_id)
        if found is None:
            raise NotFoundError(Problem(code="NNI704", message=f"there is no trial '{trial_id}'"))
        return found

    def metrics(self, trial_id: str | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        return self._reader.metrics(None if trial_id is None else self.trial(trial_id).id, kind=kind)

    def notes(self) -> Sequence[NoteView]:
        return list(self._known.notes)

    def tuner_thinking(self) -> float:
        return 0.0

    def trial_directory(self, trial_id: str) -> str:
        trial = self.trial(trial_id)
        first = self._directory / "trials" / trial.id
        return str(first if trial.attempt == 1 else first / f"attempt-{trial.attempt}")

    def imported_data(self) -> Sequence[Sequence[Mapping[str, Json]]]:
        return list(self._known.imported)

    def changes(self, after: int) -> Sequence[Change] | None:
        return self._ledger.changes_after(after)

    async def wait_for_change(self, after: int) -> None:
        if after >= self.cursor:
            await asyncio.Event().wait()

    async def read_log(self, trial_id: str, stream: LogStream, offset: int, limit: int) -> LogChunk:
        path = Path(self.trial_directory(trial_id)) / stream
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return LogChunk(data=b"", next_offset=0, size=0)
        with os.fdopen(descriptor, "rb") as file:
            size = os.fstat(descriptor).st_size
            start = max(0, size + offset) if offset < 0 else offset
            file.seek(start)
            data = file.read(limit)
        return LogChunk(data=data, next_offset=start + len(data), size=size)

    async def kill_trial(self, trial_id: str) -> None:
        raise self._refused()

    async def retry_trial(self, trial_id: str) -> None:
        raise self._refused()

    async def add_trial(self, parameters: Parameters) -> int:
        raise self._refused()

    async def change(self, setting: Setting, value: Json) -> None:
        raise self._refused()

    async def change_all(self, changes: Mapping[Setting, Json]) -> None:
        raise self._refused()

    async def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        raise self._refused()

    async def stop(self) -> None:
        raise self._refused()

    def _refused(self) -> ConflictError:
        experiment_id = self._beginning.experiment_id
        return ConflictError(
            Problem(
                code="NNI707",
                message=f"experiment {experiment_id} does not run: it can only be looked at",
                help=f"nnictl resume {experiment_id} goes on with it",
            )
        )
