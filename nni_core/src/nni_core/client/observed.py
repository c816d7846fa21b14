"""An experiment as its reader sees it from Python: state, trials, results. It may run or have been stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from nni_core.client.reading import read
from nni_core.client.rest import Rest
from nni_core.client.summaries import ExperimentSummary, summarize, summarize_all
from nni_core.client.summary_html import summary_html
from nni_core.client.trial_data import TrialJob, TrialMetricData, TrialResult
from nni_core.errors import NniError
from nni_core.folders import ExperimentFolder, all_experiments
from nni_core.model import Json

if TYPE_CHECKING:
    import pandas

_Answer = TypeVar("_Answer")

_ROOT = "/api/v1/nni"
_OURS = "/api/v1"


class NotRunningError(NniError, RuntimeError):
    """The experiment was not started, or has been stopped."""


class ObservedExperiment:
    """What can be asked of an experiment, and changed in it."""

    _folder: ExperimentFolder | None = None

    def get_status(self) -> str:
        """The experiment's state, by NNI's names.

        :raises NotRunningError: before it is started.
        """
        return str(self._get("/check-status")["status"])

    def get_experiment_profile(self) -> dict[str, Json]:
        """Id, config (``params``) and times."""
        return dict(self._get("/experiment"))

    def get_job_statistics(self) -> list[dict[str, Json]]:
        """How many trials there are in each state: ``trialJobStatus`` and ``trialJobNumber``."""
        return list(self._get("/job-statistics"))

    def list_trial_jobs(self) -> list[TrialJob]:
        """Every trial, in the order of creation."""
        return [TrialJob.from_document(one) for one in self._get("/trial-jobs")]

    def get_trial_job(self, trial_job_id: str) -> TrialJob:
        """One trial.

        :raises NotFoundError: when there is none.
        """
        return TrialJob.from_document(self._get(f"/trial-jobs/{trial_job_id}"))

    def get_job_metrics(self, trial_job_id: str | None = None) -> dict[str, list[TrialMetricData]]:
        """What trials, or one trial, have reported, by trial id.

        :raises NotFoundError: when there is no such trial.
        """
        path = "/metric-data" if trial_job_id is None else f"/metric-data/{trial_job_id}"
        metrics: dict[str, list[TrialMetricData]] = {}
        for document in self._get(path):
            metric = TrialMetricData.from_document(document)
            metrics.setdefault(metric.trialJobId, []).append(metric)
        return metrics

    def export_data(self) -> list[TrialResult]:
        """Parameters and final result of every trial that succeeded."""
        return [TrialResult.from_document(one) for one in self._get("/export-data")]

    def to_pandas(self) -> pandas.DataFrame:
        """Every trial in a row: ``sequence_id``, ``trial_id``, ``status``, ``value``, ``started``, ``ended``,
        ``params_…``, and ``metrics_…`` for what else is in a final result. Needs pandas.

        :raises MachineError: when pandas is not installed.
        """
        from nni_core.client.data_frame import trials_frame

        return trials_frame(self.list_trial_jobs())

    def analyze(self, objective: str | None = None) -> dict[str, Json]:
        """Which parameters matter, and which of their values do well, as ``nnictl analyze --json`` tells it. Takes ten
        results. ``objective`` is one of several, by name; the first when left out.

        :raises UserError: when there are too few results, or no such objective.
        """
        query = "" if objective is None else f"?objective={quote(objective, safe='')}"
        return dict(self._get(f"/analysis{query}", root=_OURS))

    def get_experiment_metadata(self, experiment_id: str) -> dict[str, Json]:
        """What a list of experiments says of one of this user; empty when there is none."""
        found = [folder for folder in all_experiments() if folder.id == experiment_id]
        return _metadata(found[0], summarize(found[0])) if found else {}

    def get_all_experiments_metadata(self) -> list[dict[str, Json]]:
        """What a list says of every experiment of this user, oldest first."""
        folders = list(all_experiments())
        return [_metadata(*pair) for pair in zip(folders, summarize_all(folders), strict=True)]

    def kill_trial_job(self, trial_job_id: str) -> None:
        """End one trial.

        :raises NotFoundError: when there is none.
        """
        self._send("DELETE", f"/trial-jobs/{trial_job_id}")

    def update_trial_concurrency(self, value: int) -> None:
        """How many trials run at the same time, from now on.

        :raises UserError: when it cannot be.
        """
        self._update("TRIAL_CONCURRENCY", "trialConcurrency", value)

    def update_max_experiment_duration(self, value: str | int | None) -> None:
        """How long the experiment may run in all: seconds, or a text such as ``2h``; None lifts the limit.

        :raises UserError: when it cannot be.
        """
        self._update("MAX_EXEC_DURATION", "maxExperimentDuration", value)

    def update_max_trial_number(self, value: int | None) -> None:
        """How many trials to run in all; None lifts the limit.

        :raises UserError: when it cannot be.
        """
        self._update("MAX_TRIAL_NUM", "maxTrialNumber", value)

    def update_search_space(self, value: Mapping[str, Json]) -> None:
        """Another search space for the trials to come.

        :raises UserError: when it is none.
        """
        self._update("SEARCH_SPACE", "searchSpace", value)

    def update_stop_when(self, value: Mapping[str, Json] | None) -> None:
        """When the experiment has what it was made for, as a config says it; None: never. It is judged by the results
        that there are, too.

        :raises UserError: when it is no such condition.
        """
        self._update("STOP_WHEN", "stopWhen", None if value is None else dict(value))

    def _repr_html_(self) -> str | None:
        if self._folder is None:
            return None
        manager = self._folder.manager() if self._folder.is_live() else None
        return summary_html(self._summary(), manager.urls if manager else ())

    def _summary(self) -> ExperimentSummary:
        folder = self._known_folder()
        return _outside_any_loop(lambda: summarize(folder))

    def _update(self, update_type: str, key: str, value: Json) -> None:
        profile = self.get_experiment_profile()
        profile["params"] = {**profile["params"], key: value}
        self._send("PUT", f"/experiment?update_type={update_type}", profile)

    def _get(self, path: str, root: str = _ROOT) -> Any:
        folder = self._known_folder()
        return _outside_any_loop(lambda: read(folder, f"{root}{path}"))

    def _send(self, method: str, path: str, body: Json = None) -> None:
        Rest(self._known_folder()).send(method, f"{_ROOT}{path}", body)

    def _known_folder(self) -> ExperimentFolder:
        if self._folder is None:
            raise NotRunningError("Experiment is not running: call start() or run() first")
        return self._folder


def _outside_any_loop(ask: Callable[[], _Answer]) -> _Answer:
    """Ask where no event loop runs: a stopped experiment is read in a loop of its own; notebooks have one already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ask()
    with ThreadPoolExecutor(1, thread_name_prefix="experiment reader") as pool:
        return pool.submit(ask).result()


def _metadata(folder: ExperimentFolder, summary: ExperimentSummary) -> dict[str, Json]:
    manager = folder.manager()
    return {
        "id": folder.id,
        "port": manager.port if manager else None,
        "startTime": summary.started_at,
        "endTime": "N/A" if summary.ended_at is None else summary.ended_at,
        "status": summary.status,
        "platform": summary.platform or "",
        "experimentName": summary.name or "",
        "tag": [],
        "pid": manager.pid if manager and folder.is_live() else None,
        "webuiUrl": list(manager.urls) if manager else [],
        "logDir": str(folder.path),
        "prefixUrl": (manager.url_prefix or None) if manager else None,
    }
