"""Every experiment in a line, for lists: those that run, those that are viewed, and those that ended."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from nni_core.client.summaries import ExperimentSummary, summarize
from nni_core.client.views import is_view, viewed, with_views
from nni_core.folders import ExperimentFolder, all_experiments


def listed(*, everything: bool) -> Sequence[ExperimentSummary]:
    """What there is to list, oldest first; without ``everything`` what has a process."""
    folders = [folder for folder in all_experiments() if everything or folder.is_live()]
    return [_summary(folder) for folder in with_views(folders)]


def _summary(folder: ExperimentFolder) -> ExperimentSummary:
    found = summarize(folder)
    return evolve(found, directory=str(viewed(folder))) if is_view(folder) else found
