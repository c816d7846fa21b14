"""An experiment that exists only to be looked at: what the web layer sees, fed by a test instead of an engine."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from nni_core.api import LogChunk
from nni_core.errors import ConfigError, ConflictError, NotFoundError, Problem
from nni_core.experiment.control import Change, ExperimentProfile, NoteView, Setting
from nni_core.experiment.objectives import objectives_of
from nni_core.experiment.settings import checked_setting, checked_settings
from nni_core.model import (
    AttemptId,
    ExperimentId,
    ExperimentState,
    Json,
    LogStream,
    Metric,
    MetricKind,
    Parameters,
    ParameterSource,
    Trial,
    TrialId,
    TrialState,
)
from nni_core.space import SearchSpace

#: milliseconds since the epoch at which everything in the fake experiment begins
BEGINNING = 1_700_000_000_000

CONFIG: Mapping[str, Json] = {
    "experimentName": "fake",
    "searchSpace": {
        "lr": {"_type": "loguniform", "_value": [1e-4, 1e-1]},
        "layers": {"_type": "choice", "_value": [1, 2, 3]},
    },
    "trialCommand": "true",
    "trialConcurrency": 2,
    "maxTrialNumber": 10,
    "maxExperimentDuration": 3600,
    "tuner": {"name": "Random", "classArgs": {"optimize_mode": "maximize"}},
    "trainingService": {"platform": "local"},
}


class FakeControl:
    """:class:`~nni_core.experiment.control.ExperimentControl` over plain lists. Lives in one event loop."""

    def __init__(
        self, directory: Path, *, config: Mapping[str, Json] = CONFIG, epoch: str = "1", reach: int = 100_000
    ) -> None:
        """``reach`` is how many changes back the experiment still knows."""
        self.epoch = epoch
        self.calls: list[tuple[Any, ...]] = []
        self._directory = directory
        self._reach = reach
        self._config = dict(config)
        self._trials: dict[TrialId, Trial] = {}
        self._metrics: defaultdict[TrialId, list[Metric]] = defaultdict(list)
        self._notes: list[NoteView] = []
        self._imported: list[Sequence[Mapping[str, Json]]] = []
        self._changes: list[Change] = []
        self._changed = asyncio.Event()
        self._revision = 0
        self._state = ExperimentState.RUNNING
        self._reason = ""

    # --- what happens ---------------------------------------------------------------------------------------------

    def create(self, trial_id: str, parameters: Parameters | None = None, **fields: Any) -> Trial:
        """A trial is created; ``fields`` are those of :class:`~nni_core.model.Trial` that matter."""
        number = len(self._trials)
        standard = {"sequence_id": number, "parameter_id": number, "created_at": BEGINNING + number}
        trial = Trial(
            id=TrialId(trial_id),
            attempt_id=AttemptId(f"{trial_id}-1"),
            parameters={"lr": 0.01, "layers": 1} if parameters is None else parameters,
            **{**standard, **fields},
        )
        return self.put(trial)

    def put(self, trial: Trial, metric: Metric | None = None) -> Trial:
        """A trial stands as given now."""
        self._trials[trial.id] = trial
        self._note_change(trial.id, metric)
        return trial

    def report(self, trial_id: str, value: Json, kind: MetricKind = MetricKind.PERIODICAL) -> Metric:
        """A trial reports."""
        trial = self.trial(trial_id)
        metric = Metric(
            trial_id=trial.id,
            parameter_id=trial.parameter_id,
            kind=kind,
            sequence=trial.intermediate_count if kind is MetricKind.PERIODICAL else 0,
            value=value,
            timestamp=BEGINNING + len(self._changes),
        )
        self._metrics[trial.id].append(metric)
        if kind is MetricKind.FINAL:
            self.put(evolve(trial, final=metric), metric)
        else:
            self.put(evolve(trial, latest=metric, intermediate_count=trial.intermediate_count + 1), metric)
        return metric

    def finish(self, trial_id: str, state: TrialState = TrialState.SUCCEEDED, **fields: Any) -> Trial:
        """A trial ends."""
        trial = self.trial(trial_id)
        standard = {"started_at": trial.created_at + 1000, "ended_at": trial.created_at + 3500}
        return self.put(evolve(trial, state=state, **{**standard, **fields}))

    def note(self, message: str, trial_id: str | None = None) -> None:
        """The experiment has something to say."""
        trial = None if trial_id is None else TrialId(trial_id)
        self._notes.append(NoteView(timestamp=BEGINNING, level="warning", message=message, trial_id=trial))
        self._note_change(None)

    def become(self, state: ExperimentState, reason: str = "") -> None:
        """The experiment is in another state."""
        self._state, self._reason = state, reason
        self._note_change(None)

    # --- the protocol ---------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        return len(self._changes)

    def profile(self) -> ExperimentProfile:
        return ExperimentProfile(
            id=ExperimentId("fake"),
            name=self._config.get("experimentName"),
            state=self._state,
            reason=self._reason,
            config=self._config,
            optimize_mode="maximize",
            duration=12.5,
            started_at=BEGINNING,
            ended_at=BEGINNING + 60_000 if self._state.is_finished else None,
            directory=self._directory,
            next_sequence_id=len(self._trials),
            revision=self._revision,
            version="0.1.0",
            objectives=objectives_of(self._config),
        )

    def trials(self, *, reports: bool = True) -> Sequence[Trial]:
        return list(self._trials.values())

    def trial(self, trial_id: str) -> Trial:
        if trial_id not in self._trials:
            raise NotFoundError(Problem(code="NNI704", message=f"there is no trial '{trial_id}'"))
        return self._trials[TrialId(trial_id)]

    def metrics(self, trial_id: str | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        chosen = self._metrics.values() if trial_id is None else [self._metrics[self.trial(trial_id).id]]
        found = (metric for metrics in chosen for metric in metrics if kind in {None, metric.kind})
        return sorted(found, key=lambda metric: metric.timestamp)

    def notes(self) -> Sequence[NoteView]:
        return list(self._notes)

    def tuner_thinking(self) -> float:
        return 0.0

    def trial_directory(self, trial_id: str) -> str:
        return str(self._directory / "trials" / self.trial(trial_id).id)

    def imported_data(self) -> Sequence[Sequence[Mapping[str, Json]]]:
        return list(self._imported)

    def changes(self, after: int) -> Sequence[Change] | None:
        return None if after < self.cursor - self._reach else self._changes[after:]

    async def wait_for_change(self, after: int) -> None:
        while self.cursor <= after:
            await self._changed.wait()

    async def read_log(self, trial_id: str, stream: LogStream, offset: int, limit: int) -> LogChunk:
        path = Path(self.trial_directory(trial_id)) / stream.value
        content = path.read_bytes() if path.exists() else b""
        start = min(len(content), offset) if offset >= 0 else max(0, len(content) + offset)
        data = content[start : start + limit]
        return LogChunk(data=data, next_offset=start + len(data), size=len(content))

    async def kill_trial(self, trial_id: str) -> None:
        trial = self.trial(trial_id)
        if trial.state.is_terminal:
            raise ConflictError(Problem(code="NNI705", message=f"trial '{trial_id}' is over already"))
        self.calls.append(("kill", trial_id))
        self.finish(trial_id, TrialState.USER_CANCELED)

    async def retry_trial(self, trial_id: str) -> None:
        trial = self.trial(trial_id)
        if trial.state not in {TrialState.FAILED, TrialState.USER_CANCELED, TrialState.EARLY_STOPPED}:
            message = f"trial '{trial_id}' cannot be tried again: it is {trial.state}"
            raise ConflictError(Problem(code="NNI745", message=message))
        self.calls.append(("retry", trial_id))
        self.put(evolve(trial, state=TrialState.WAITING, attempt=trial.attempt + 1, started_at=None, ended_at=None))

    async def add_trial(self, parameters: Parameters) -> int:
        problem = SearchSpace.parse(self._config["searchSpace"]).contains(parameters)
        if problem is not None:
            raise ConfigError(problem)
        number = len(self._trials)
        return self.create(f"custom{number}", parameters, source=ParameterSource.CUSTOMIZED).sequence_id

    async def change(self, setting: Setting, value: Json) -> None:
        self._config.update(checked_setting(setting, value))
        self._revision += 1
        self._note_change(None)

    async def change_all(self, changes: Mapping[Setting, Json]) -> None:
        self._config.update(checked_settings(changes))
        self._revision += 1
        self._note_change(None)

    async def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        self._imported.append(data)
        self._note_change(None)

    async def stop(self) -> None:
        self.calls.append(("stop",))
        self.become(ExperimentState.STOPPING)

    def _note_change(self, trial_id: TrialId | None, metric: Metric | None = None) -> None:
        self._changes.append(Change(cursor=len(self._changes) + 1, trial_id=trial_id, metric=metric))
        self._changed.set()
        self._changed = asyncio.Event()
