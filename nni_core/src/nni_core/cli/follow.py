"""Staying with an experiment until it is done: a progress bar, or the manager's log. Ctrl-C stops the experiment."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from nni_core.client.launch import Started
from nni_core.client.progress_bar import in_words, progress_display
from nni_core.client.reading import read
from nni_core.client.stopping import has_unfinished_trials, stop_experiment
from nni_core.client.summaries import ExperimentSummary, summary_of
from nni_core.errors import MachineError

FINISHED = frozenset({"DONE", "ERROR", "STOPPED", "VIEWED"})
#: seconds between looks
INTERVAL = 0.25


def follow_progress(started: Started) -> int:
    """Show how far the experiment is until it is done, then end its manager. 0 when a trial succeeded, else 1."""
    display = progress_display(())
    try:
        summary = _until_finished(started, display.show)
    finally:
        display.close()
    return _outcome(started, summary)


def follow_log(started: Started) -> int:
    """Show the manager's log until the experiment is done, then end its manager. 0 when a trial succeeded, else 1."""
    with started.folder.manager_log.open(encoding="utf-8", errors="replace") as log:

        def show(_: ExperimentSummary) -> None:
            click.echo(log.read(), nl=False)

        summary = _until_finished(started, show)
    click.echo(f"{summary.status}: {in_words(summary)}")
    return _outcome(started, summary)


def _until_finished(started: Started, show: Callable[[ExperimentSummary], None]) -> ExperimentSummary:
    """The experiment's last summary: by its manager, or by its log when somebody else has ended the manager."""
    while True:
        try:
            document = read(started.folder, "/api/v1/experiment")
        except MachineError:
            time.sleep(INTERVAL)  # on its way down, or very busy: who does not answer cannot say when to ask again
            continue
        summary = summary_of(started.folder, document)
        show(summary)
        if summary.status in FINISHED:
            return summary
        time.sleep(INTERVAL)  # a display for people, who need no faster one


def _outcome(started: Started, summary: ExperimentSummary) -> int:
    folder = started.folder
    if not folder.is_live() and has_unfinished_trials(folder):
        choice = f"nnictl resume {folder.id} goes on with it, nnictl stop {folder.id} ends its trials"
        click.echo(f"the manager of experiment {folder.id} is gone: {choice}", err=True)
        return 1
    stop_experiment(folder)
    if summary.reason:
        click.echo(summary.reason, err=summary.status == "ERROR")
    return 1 if summary.failed_wholly else 0
