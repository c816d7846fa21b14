"""A running experiment as the web layer sees it: reads the ledger, checks what users ask, hands it to the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nni_core.api import LogChunk, TrainingService
from nni_core.errors import ConfigError, ConflictError, NotFoundError, Problem
from nni_core.experiment.control import Change, ExperimentProfile, NoteView, Setting
from nni_core.experiment.engine import Engine
from nni_core.experiment.settings import check_constraints, checked_in, checked_setting, checked_settings
from nni_core.model import Json, LogStream, Metric, MetricKind, Parameters, Trial, TrialId, TrialState
from nni_core.space import SearchSpace
from nni_core.store.base import Store


class LiveControl:
    """:class:`~nni_core.experiment.control.ExperimentControl` over an engine."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        service: TrainingService,
        profile: Callable[[], ExperimentProfile],
        request_stop: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._store = store
        self._service = service
        self._profile = profile
        self._request_stop = request_stop

    @property
    def epoch(self) -> str:
        return str(self._engine.ledger.epoch)

    @property
    def cursor(self) -> int:
        return self._engine.ledger.cursor

    def profile(self) -> ExperimentProfile:
        return self._profile()

    def trials(self, *, reports: bool = True) -> Sequence[Trial]:
        return list(self._engine.ledger.trials.values())

    def trial(self, trial_id: str) -> Trial:
        found = self._engine.ledger.trials.get(TrialId(trial_id))
        if found is None:
            raise NotFoundError(Problem(code="NNI704", message=f"there is no trial '{trial_id}'"))
        return found

    def metrics(self, trial_id: str | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        return self._store.metrics(None if trial_id is None else self.trial(trial_id).id, kind=kind)

    def notes(self) -> Sequence[NoteView]:
        return list(self._engine.ledger.notes)

    def tuner_thinking(self) -> float:
        return self._engine.tuner_thinking

    def trial_directory(self, trial_id: str) -> str:
        trial = self.trial(trial_id)
        return self._service.trial_directory(trial.id, trial.attempt)

    def imported_data(self) -> Sequence[Sequence[Mapping[str, Json]]]:
        return list(self._engine.ledger.imported)

    def changes(self, after: int) -> Sequence[Change] | None:
        return self._engine.ledger.changes_after(after)

    async def wait_for_change(self, after: int) -> None:
        await self._engine.wait_for_change(after)

    async def read_log(self, trial_id: str, stream: LogStream, offset: int, limit: int) -> LogChunk:
        trial = self.trial(trial_id)
        return await self._service.read_log(trial.id, trial.attempt, stream, offset, limit)

    async def kill_trial(self, trial_id: str) -> None:
        trial = self.trial(trial_id)
        if trial.state.is_terminal:
            raise ConflictError(
                Problem(code="NNI705", message=f"trial '{trial_id}' is over already: it is {trial.state}")
            )
        await self._engine.cancel(trial.id, TrialState.USER_CANCELED, "a user killed it")

    async def retry_trial(self, trial_id: str) -> None:
        await self._engine.retry(self.trial(trial_id).id)

    async def add_trial(self, parameters: Parameters) -> int:
        # A tuner of the user's own may read forms of its own, and take what lies outside them.
        if not self._own_tuner:
            problem = SearchSpace.parse(self._engine.ledger.config["searchSpace"]).contains(parameters)
            if problem is not None:
                raise ConfigError(problem)
        check_constraints(self._engine.ledger.config, parameters)
        return await self._engine.add_trial(parameters)

    async def change(self, setting: Setting, value: Json) -> None:
        changes = checked_setting(setting, value, own_tuner=self._own_tuner)
        await self._engine.change(checked_in(self._engine.ledger.config, changes))

    async def change_all(self, changes: Mapping[Setting, Json]) -> None:
        checked = checked_settings(changes, own_tuner=self._own_tuner)
        await self._engine.change(checked_in(self._engine.ledger.config, checked))

    async def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        await self._engine.import_data(data)

    async def stop(self) -> None:
        self._request_stop()

    @property
    def _own_tuner(self) -> bool:
        return "className" in self._engine.ledger.config.get("tuner", {})
