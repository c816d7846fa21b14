"""``nnictl log``: the logs of an experiment and of its trials."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.errors import NotFoundError, Problem


@click.group()
def log() -> None:
    """Read the logs of an experiment and of its trials."""


def _part(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option("--tail", "-T", type=click.IntRange(1), help="Only the last lines.")(function)
    return click.option("--head", "-H", type=click.IntRange(1), help="Only the first lines.")(function)


@log.command()
@experiment_argument
@_part
def stdout(experiment_id: str | None, head: int | None, tail: int | None) -> None:
    """Show the manager's log."""
    _show(chosen_experiment(experiment_id).manager_log, head, tail)


@log.command()
@experiment_argument
@_part
def stderr(experiment_id: str | None, head: int | None, tail: int | None) -> None:
    """Show the log of the tuner's process, with the tracebacks of tuners and assessors."""
    _show(chosen_experiment(experiment_id).tuner_log, head, tail)


@log.command()
@experiment_argument
@click.option("--trial_id", "--trial-id", "-T", help="Show this trial's output instead of all trials' folders.")
@click.option("--stderr", "errors", is_flag=True, help="What the trial wrote to stderr, not to stdout.")
def trial(experiment_id: str | None, trial_id: str | None, errors: bool) -> None:
    """Show where the trials' files lie, or the output of one trial."""
    from urllib.parse import quote

    from nni_core.client.reading import read

    folder = chosen_experiment(experiment_id)
    if trial_id is None:
        for one in read(folder, "/api/v1/nni/trial-jobs"):
            click.echo(f"id:{one['trialJobId']} path:{one['logPath']}")
        return
    document = read(folder, f"/api/v1/trials/{quote(trial_id, safe='')}")
    _show(Path(document["directory"]) / ("stderr" if errors else "stdout"), None, None)


def _show(path: Path, head: int | None, tail: int | None) -> None:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            Problem(code="NNI531", message=f"cannot read '{path}': {os.strerror(error.errno or 0)}")
        ) from error
    lines = text.splitlines(keepends=True)
    kept = lines[:head] if head is not None else lines[-tail:] if tail is not None else lines
    sys.stdout.buffer.write(b"".join(kept))
    sys.stdout.buffer.flush()
