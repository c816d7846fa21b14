"""What the web layer may see of a running experiment and ask of it. The engine implements it; a viewer of a stopped
experiment does too. Nothing else of the engine is reachable from ``http``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from attrs import frozen

from nni_core.api import LogChunk
from nni_core.experiment.objectives import Objective
from nni_core.model import (
    ExperimentId,
    ExperimentState,
    Json,
    LogStream,
    Metric,
    MetricKind,
    Parameters,
    Trial,
    TrialId,
)


class Setting(StrEnum):
    """What can be changed of an experiment; NNI's names of ``update_type``."""

    TRIAL_CONCURRENCY = "TRIAL_CONCURRENCY"
    MAX_EXEC_DURATION = "MAX_EXEC_DURATION"
    MAX_TRIAL_NUM = "MAX_TRIAL_NUM"
    SEARCH_SPACE = "SEARCH_SPACE"
    #: not one of NNI's
    STOP_WHEN = "STOP_WHEN"


#: where each setting stands in the canonical config
KEYS: Mapping[Setting, str] = {
    Setting.TRIAL_CONCURRENCY: "trialConcurrency",
    Setting.MAX_TRIAL_NUM: "maxTrialNumber",
    Setting.MAX_EXEC_DURATION: "maxExperimentDuration",
    Setting.SEARCH_SPACE: "searchSpace",
    Setting.STOP_WHEN: "stopWhen",
}


@frozen(kw_only=True)
class ExperimentProfile:
    """An experiment as it stands now."""

    id: ExperimentId
    name: str | None
    state: ExperimentState
    #: why it is in ERROR, or why it is idle; for people, empty when all is well
    reason: str
    #: NNI's canonical config, with changed limits and space in it
    config: Mapping[str, Json]
    #: "maximize" or "minimize": which way is better in the first objective
    optimize_mode: str
    #: seconds of active running, over all managers
    duration: float
    #: milliseconds since the epoch
    started_at: int
    ended_at: int | None
    directory: Path
    next_sequence_id: int
    #: how often settings were changed
    revision: int
    #: version of nni-core
    version: str
    #: what is looked for; the first is what tuners learn
    objectives: Sequence[Objective] = (Objective(),)
    #: what ``stop_when`` waited for and has come; empty when it has not
    goal: str = ""
    #: what the tuner says it is doing, and why; empty when it says nothing
    tuner_remark: str = ""


@frozen(kw_only=True)
class NoteView:
    """A message of the experiment to its user."""

    timestamp: int
    level: str
    message: str
    trial_id: TrialId | None


@frozen(kw_only=True)
class Change:
    """That something changed at one event; what it is now is read from the control."""

    #: number of the event
    cursor: int
    #: the trial that changed, or None when the experiment itself did
    trial_id: TrialId | None
    #: the intermediate or final report that came, if one did
    metric: Metric | None = None


class ExperimentControl(Protocol):
    """Reading is immediate and never blocks; commands return when they are durable.

    Commands raise :class:`~nni_core.errors.NotFoundError`, :class:`~nni_core.errors.ConflictError` or
    :class:`~nni_core.errors.ConfigError`, which the web layer turns into 404, 409 and 422.
    """

    @property
    def epoch(self) -> str:
        """Changes when cursors of before are no longer meaningful (a new manager)."""

    @property
    def cursor(self) -> int:
        """Number of the latest event."""

    def profile(self) -> ExperimentProfile: ...

    def trials(self, *, reports: bool = True) -> Sequence[Trial]:
        """All trials, in order of their sequence ids. Whoever has no use for the latest intermediate report and their
        number says so: of a stopped experiment, they take a third of the time."""

    def trial(self, trial_id: str) -> Trial:
        """:raises NotFoundError: when there is none."""

    def metrics(self, trial_id: str | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]: ...

    def notes(self) -> Sequence[NoteView]: ...

    def tuner_thinking(self) -> float:
        """Seconds that the tuner has been busy with what it was asked last; 0 when it waits."""

    def trial_directory(self, trial_id: str) -> str: ...

    def imported_data(self) -> Sequence[Sequence[Mapping[str, Json]]]:
        """Results from elsewhere, import by import."""

    def changes(self, after: int) -> Sequence[Change] | None:
        """What changed after an event, or None when it is too long ago to say."""

    async def wait_for_change(self, after: int) -> None:
        """Return when there is an event after this one."""

    async def read_log(self, trial_id: str, stream: LogStream, offset: int, limit: int) -> LogChunk: ...

    async def kill_trial(self, trial_id: str) -> None:
        """Ask for a live trial to end as USER_CANCELED. ConflictError when it is over."""

    async def retry_trial(self, trial_id: str) -> None:
        """Run a trial again that failed or was ended, under its id and number. ConflictError when it is not over, or
        has succeeded."""

    async def add_trial(self, parameters: Parameters) -> int:
        """Queue a customised trial; the answer is its sequence id."""

    async def change(self, setting: Setting, value: Json) -> None:
        """Change a limit, the goal or the search space. The value is written as in the config (canonical form)."""

    async def change_all(self, changes: Mapping[Setting, Json]) -> None:
        """Change several of these at once: all, or none. ConfigError with what is wrong with each."""

    async def import_data(self, data: Sequence[Mapping[str, Json]]) -> None: ...

    async def stop(self) -> None:
        """Ask the experiment to stop: returns at once, the manager goes down when every trial has ended."""
