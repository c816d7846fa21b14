"""An experiment that does not run, read from its log: the same view as of a running one, without commands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from nni_core.api import LogChunk
from nni_core.errors import ConflictError, NotFoundError, Problem
from nni_core.experiment.control import Change, ExperimentProfile, NoteView, Setting
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.profile import profile_of
from nni_core.model import ExperimentState, Json, LogStream, Metric, MetricKind, Parameters, Trial, TrialId
from nni_core.store.reader import StoreReader


def unfinished_trials(reader: StoreReader) -> bool:
    """Whether a log tells of trials that were begun and not ended."""
    return bool(_ledger(reader).live)


def _ledger(reader: StoreReader) -> Ledger:
    ledger = Ledger()
    for event in reader.replay():
        ledger.apply(event)
    return ledger


class Archive:
    """:class:`~nni_core.experiment.control.ExperimentControl` over a log; every command is refused."""

    def __init__(self, reader: StoreReader, directory: Path) -> None:
        self._reader = reader
        self._ledger = _ledger(reader)
        self._directory = directory

    @property
    def epoch(self) -> str:
        return f"{self._ledger.epoch}-archive"

    @property
    def cursor(self) -> int:
        return self._ledger.cursor

    def profile(self) -> ExperimentProfile:
        return profile_of(self._ledger, directory=self._directory, duration=self._ledger.duration, state=self._state())

    def _state(self) -> ExperimentState:
        """A log whose last word is that the experiment runs was left by a manager that was killed."""
        state = self._ledger.state
        return state if state.is_finished else ExperimentState.STOPPED

    def trials(self) -> Sequence[Trial]:
        return list(self._ledger.trials.values())

    def trial(self, trial_id: str) -> Trial:
        found = self._ledger.trials.get(TrialId(trial_id))
        if found is None:
            raise NotFoundError(Problem(code="NNI704", message=f"there is no trial '{trial_id}'"))
        return found

    def metrics(self, trial_id: str | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        return self._reader.metrics(None if trial_id is None else self.trial(trial_id).id, kind=kind)

    def notes(self) -> Sequence[NoteView]:
        return list(self._ledger.notes)

    def trial_directory(self, trial_id: str) -> str:
        trial = self.trial(trial_id)
        first = self._directory / "trials" / trial.id
        return str(first if trial.attempt == 1 else first / f"attempt-{trial.attempt}")

    def imported_data(self) -> Sequence[Mapping[str, Json]]:
        return list(self._ledger.imported)

    def changes(self, after: int) -> Sequence[Change] | None:
        return self._ledger.changes_after(after)

    async def wait_for_change(self, after: int) -> None:
        if after >= self._ledger.cursor:
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

    async def add_trial(self, parameters: Parameters) -> int:
        raise self._refused()

    async def change(self, setting: Setting, value: Json) -> None:
        raise self._refused()

    async def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        raise self._refused()

    async def stop(self) -> None:
        raise self._refused()

    def _refused(self) -> ConflictError:
        experiment_id = self._ledger.experiment_id
        return ConflictError(
            Problem(
                code="NNI707",
                message=f"experiment {experiment_id} does not run: it can only be looked at",
                help=f"nnictl resume {experiment_id} goes on with it",
            )
        )
