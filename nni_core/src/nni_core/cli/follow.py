"""Staying with an experiment until it is done: a progress bar, or the manager's log. Ctrl-C stops the experiment."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import click

from nni_core.client.launch import Started
from nni_core.client.reading import read
from nni_core.client.stopping import has_unfinished_trials, stop_experiment
from nni_core.errors import MachineError

FINISHED = frozenset({"DONE", "ERROR", "STOPPED", "VIEWED"})
#: seconds between looks
INTERVAL = 0.25


def follow_progress(started: Started) -> int:
    """Show how far the experiment is until it is done, then end its manager. 0 when a trial succeeded, else 1."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stdout)) as progress:
        task = progress.add_task("starting", total=None, told="")

        def show(document: dict[str, Any]) -> None:
            done, total, told = _progress(document)
            progress.update(task, description=document["state"], completed=done, total=total, told=told)

        document = _until_finished(started, show)
    return _outcome(started, document)


def follow_log(started: Started) -> int:
    """Show the manager's log until the experiment is done, then end its manager. 0 when a trial succeeded, else 1."""
    with started.folder.manager_log.open(encoding="utf-8", errors="replace") as log:

        def show(_: dict[str, Any]) -> None:
            click.echo(log.read(), nl=False)

        document = _until_finished(started, show)
    return _outcome(started, document)


def _until_finished(started: Started, show: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The experiment's last document: its manager's, or its log's when somebody else has ended the manager."""
    while True:
        try:
            document: dict[str, Any] = read(started.folder, "/api/v1/experiment")
        except MachineError:
            # It is on its way down, or the machine is very busy: the next look will tell.
            time.sleep(INTERVAL)
            continue
        show(document)
        if document["state"] in FINISHED:
            return document
        time.sleep(INTERVAL)


def _outcome(started: Started, document: dict[str, Any]) -> int:
    folder = started.folder
    if not folder.is_live() and has_unfinished_trials(folder):
        choice = f"nnictl resume {folder.id} goes on with it, nnictl stop {folder.id} ends its trials"
        click.echo(f"the manager of experiment {folder.id} is gone: {choice}", err=True)
        return 1
    stop_experiment(folder)
    done, _, told = _progress(document)
    click.echo(f"{document['state']}: {done} trials, {told}")
    if document["reason"]:
        click.echo(document["reason"], err=document["state"] == "ERROR")
    return 0 if document["state"] != "ERROR" and document["counts"].get("SUCCEEDED") else 1


def _progress(document: dict[str, Any]) -> tuple[int, int | None, str]:
    """Trials that are over, how many there will be, and the best value in words."""
    counts: dict[str, int] = document["counts"]
    done = sum(count for state, count in counts.items() if state not in {"WAITING", "RUNNING", "UNKNOWN"})
    total: int | None = document["limits"]["max_trial_number"]
    failed = f", {counts['FAILED']} failed" if counts.get("FAILED") else ""
    best = (
        f"best {document['best']['value']:.6g} (trial {document['best']['sequence_id']})"
        if document["best"]
        else "no result yet"
    )
    return done, total, f"{done}{f'/{total}' if total else ''}{failed}, {best}"
