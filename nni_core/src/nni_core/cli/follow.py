"""Staying with an experiment until it is done: a progress bar, or the manager's log. Ctrl-C stops the experiment."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import click

from nni_core.client.launch import Started
from nni_core.client.rest import Rest
from nni_core.client.stopping import stop_experiment
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
    """The experiment's last document; empty when its manager went away before."""
    rest = Rest(started.folder)
    document: dict[str, Any] = {}
    try:
        while document.get("state") not in FINISHED:
            document = rest.get("/api/v1/experiment")
            show(document)
            if document["state"] not in FINISHED:
                time.sleep(INTERVAL)
    except MachineError:
        if started.folder.is_live():
            raise
    return document


def _outcome(started: Started, document: dict[str, Any]) -> int:
    stop_experiment(started.folder)
    if not document:
        click.echo(f"the manager of experiment {started.folder.id} is gone; see {started.folder.manager_log}", err=True)
        return 1
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
