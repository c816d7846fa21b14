"""An experiment in one line: its state, how far it is and its best result, for lists and for what watches them.

A live one is asked; of a stopped one the log is read. What was read is kept beside the log, in ``summary.json``, and is
good for as long as the log is the same: a list of many long experiments reads every log once. Losing it costs time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs
from attrs import field, frozen

from nni_core.errors import NniError
from nni_core.folders import ExperimentFolder, replace_file
from nni_core.model import ExperimentState, TrialState
from nni_core.store.log_state import log_state

#: what is said of an experiment whose manager does not answer yet
STARTING = "STARTING"
#: what is said of one whose log cannot be read; :attr:`ExperimentSummary.fault` says why
UNREADABLE = "UNREADABLE"


@frozen(kw_only=True)
class ExperimentSummary:
    """What a list shows of an experiment. Times are milliseconds since the epoch, ``duration`` is in seconds."""

    id: str
    directory: str
    #: one of NNI's states, :data:`STARTING` or :data:`UNREADABLE`
    status: str
    name: str | None = None
    #: number of trials by their states
    counts: Mapping[str, int] = field(factory=dict)
    max_trial_number: int | None = None
    trial_concurrency: int | None = None
    max_experiment_duration: float | None = None
    best: float | None = None
    #: sequence id of the trial that gave the best result
    best_trial: int | None = None
    optimize_mode: str | None = None
    platform: str | None = None
    #: of the manager; None when none runs
    port: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    duration: float | None = None
    #: why it is in ERROR, or why it ended
    reason: str = ""
    #: why it cannot be read; empty when it can
    fault: str = ""

    @property
    def finished(self) -> int:
        """Trials that are over, however they ended."""
        return sum(count for state, count in self.counts.items() if TrialState(state).is_terminal)

    @property
    def unfinished(self) -> int:
        """Trials that are not over. When no manager runs they may run all the same."""
        return sum(self.counts.values()) - self.finished

    @property
    def progress(self) -> str:
        """Trials that are over, of how many."""
        return f"{self.finished}/{self.max_trial_number}" if self.max_trial_number else str(self.finished)

    @property
    def failed_wholly(self) -> bool:
        """Whether it came to nothing: it ended in ERROR, cannot be read, or has no trial that succeeded."""
        return self.status in {ExperimentState.ERROR, UNREADABLE} or not self.counts.get(TrialState.SUCCEEDED)


#: what a kept summary must have: one of another version has more or less
_FIELDS = attrs.fields_dict(ExperimentSummary).keys()


def summarize(folder: ExperimentFolder) -> ExperimentSummary:
    """The summary of an experiment. Never raises for what is wrong with it: that is in the summary."""
    live = folder.is_live()
    manager = folder.manager() if live else None
    if live and manager is None:
        return ExperimentSummary(id=folder.id, directory=str(folder.path), status=STARTING)
    try:
        if live:
            return summary_of(folder, _live_document(folder), port=manager.port if manager else None)
        return _kept(folder) or _read(folder)
    except NniError as error:
        if live and not folder.is_live():
            # It ended while it was asked.
            return summarize(folder)
        return ExperimentSummary(id=folder.id, directory=str(folder.path), status=UNREADABLE, fault=str(error))


def summarize_all(folders: Iterable[ExperimentFolder]) -> Sequence[ExperimentSummary]:
    """The summaries of several experiments, in their order."""
    return [summarize(folder) for folder in folders]


def _live_document(folder: ExperimentFolder) -> Mapping[str, Any]:
    from nni_core.client.rest import Rest

    document: Mapping[str, Any] = Rest(folder).get("/api/v1/experiment")
    return document


def _read(folder: ExperimentFolder) -> ExperimentSummary:
    """The summary by the log, kept for the next time."""
    from nni_core.experiment.archive import Archive
    from nni_core.http.access import Role
    from nni_core.http.documents import experiment_document
    from nni_core.store.reader import open_readonly

    before = log_state(folder.database)
    with open_readonly(folder.database) as reader:
        document = attrs.asdict(experiment_document(Archive(reader, folder.path, keep=True), Role.OWNER))
    summary = summary_of(folder, document)
    # A manager that began meanwhile has written more than was read.
    if log_state(folder.database) == before:
        _keep(folder, before, summary)
    return summary


def _kept(folder: ExperimentFolder) -> ExperimentSummary | None:
    try:
        document = json.loads(folder.summary_file.read_bytes())
        if document["log"] != log_state(folder.database) or document["summary"].keys() != _FIELDS:
            return None
        # The folder may have been moved with everything in it.
        return ExperimentSummary(**{**document["summary"], "id": folder.id, "directory": str(folder.path)})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _keep(folder: ExperimentFolder, log: Sequence[int], summary: ExperimentSummary) -> None:
    # A folder that cannot be written to is read again the next time.
    with suppress(OSError):
        replace_file(folder.summary_file, json.dumps({"log": log, "summary": attrs.asdict(summary)}).encode())


def summary_of(folder: ExperimentFolder, document: Mapping[str, Any], *, port: int | None = None) -> ExperimentSummary:
    """The summary by an experiment's own document, ``/api/v1/experiment``."""
    best = document["best"]
    limits = document["limits"]
    return ExperimentSummary(
        id=folder.id,
        directory=str(folder.path),
        status=document["state"],
        name=document["name"],
        counts={state: count for state, count in document["counts"].items() if count},
        max_trial_number=limits["max_trial_number"],
        trial_concurrency=limits["trial_concurrency"],
        max_experiment_duration=limits["max_experiment_duration"],
        best=best["value"] if best else None,
        best_trial=best["sequence_id"] if best else None,
        optimize_mode=document["optimize_mode"],
        platform=document["config"].get("trainingService", {}).get("platform"),
        port=port,
        started_at=document["started_at"],
        ended_at=document["ended_at"],
        duration=document["duration"],
        reason=document["reason"],
    )
