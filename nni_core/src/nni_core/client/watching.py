"""The experiments that run, with the trials that run in them: what ``nnictl top`` looks at."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nni_core.client.rest import Rest
from nni_core.client.summaries import ExperimentSummary, summarize
from nni_core.errors import UserError
from nni_core.folders import ExperimentFolder, live_experiments
from nni_core.model import TrialState


@frozen(kw_only=True)
class RunningTrial:
    """A trial that runs now."""

    id: str
    sequence_id: int
    #: default number of its latest report
    latest: float | None
    #: how many it has made
    reports: int
    #: since its start, in seconds
    seconds: float | None


@frozen(kw_only=True)
class Watched:
    """One experiment at one moment."""

    summary: ExperimentSummary
    running: Sequence[RunningTrial] = ()


def watch() -> Sequence[Watched]:
    """Every experiment that runs, oldest first."""
    return [_watched(folder) for folder in live_experiments()]


def _watched(folder: ExperimentFolder) -> Watched:
    summary = summarize(folder)
    if not summary.counts.get(TrialState.RUNNING):
        return Watched(summary=summary)
    try:
        columns = Rest(folder).get("/api/v1/trials?layout=columns")
    except UserError:
        # It ended in between; the next look will not find it.
        return Watched(summary=summary)
    return Watched(summary=summary, running=_running(columns, now=time.time()))


def _running(columns: Mapping[str, Any], *, now: float) -> Sequence[RunningTrial]:
    wanted = columns["states"].index(TrialState.RUNNING)
    found = []
    for index, state in enumerate(columns["state"]):
        if state == wanted:
            started = columns["started_at"][index]
            found.append(
                RunningTrial(
                    id=columns["id"][index],
                    sequence_id=columns["sequence_id"][index],
                    latest=columns["latest"][index],
                    reports=columns["intermediate_count"][index],
                    seconds=None if started is None else max(0.0, now - started / 1_000),
                )
            )
    return found
