"""``nnictl experiment delete`` and ``prune``: clear experiments away."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from nni_core.cli.asking import confirmed, yes_option
from nni_core.cli.choosing import chosen_experiment, complete_ended
from nni_core.cli.tables import json_option, print_json, print_table, since, size
from nni_core.errors import ConflictError
from nni_core.folders import ExperimentFolder, all_experiments

if TYPE_CHECKING:
    from nni_core.client.pruning import Candidate

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE | re.ASCII)


@click.command()
@click.argument("experiment_id", metavar="[ID]", required=False, shell_complete=complete_ended)
@click.option("--all", "everything", is_flag=True, help="Every experiment that does not run.")
@yes_option
@json_option("Print what was deleted, as JSON.")
def delete(experiment_id: str | None, everything: bool, yes: bool, as_json: bool) -> int:
    """Delete an experiment for good: its folder with the results, the logs and the files of its trials.

    One that runs is not deleted: stop it first. Exits with 1 when --all had to leave one.
    """
    from nni_core.client.removing import check_removable

    if everything and experiment_id is not None:
        raise click.UsageError("give an id or --all, not both")
    kept: list[ConflictError] = []
    chosen: list[ExperimentFolder] = []
    for folder in all_experiments() if everything else [chosen_experiment(experiment_id)]:
        try:
            check_removable(folder)
            chosen.append(folder)
        except ConflictError as error:
            if not everything:
                raise
            kept.append(error)
    for refusal in kept:
        click.echo(f"kept: {refusal.problems[0].message}; {refusal.problems[0].help}", err=True)
    _delete(chosen, yes=yes, as_json=as_json)
    return 1 if kept else 0


def _delete(chosen: Sequence[ExperimentFolder], *, yes: bool, as_json: bool) -> None:
    from nni_core.client.removing import disk_usage

    sizes = {folder: disk_usage(folder) for folder in chosen}
    if chosen:
        for folder, taken in sizes.items():
            click.echo(f"INFO:  to be deleted: experiment {folder.id} in {folder.path}, {size(taken)}", err=True)
        if not confirmed(yes=yes):
            return
    elif not as_json:
        click.echo("there is nothing to delete")
    _remove(list(sizes.items()), as_json=as_json)


def _remove(chosen: Sequence[tuple[ExperimentFolder, int]], *, as_json: bool) -> None:
    from nni_core.client.removing import remove_experiment

    for folder, _ in chosen:
        remove_experiment(folder)
        if not as_json:
            click.echo(f"INFO:  deleted experiment {folder.id}")
    if as_json:
        print_json({"deleted": [folder.id for folder, _ in chosen], "bytes": sum(taken for _, taken in chosen)})


def seconds_of(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """A duration such as ``30d``, in seconds."""
    from nni_core.config.durations import DurationError, parse_duration

    try:
        return None if value is None else parse_duration(value)
    except DurationError as error:
        raise click.BadParameter(f"{error}{f'; {error.help}' if error.help else ''}") from error


def bytes_of(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """A size such as ``500M`` or ``2GB``, in bytes."""
    if value is None:
        return None
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise click.BadParameter(f"'{value}' is not a size; write one such as 500M or 2GB")
    return int(float(found[1]) * 1_000 ** " kmgt".index(found[2].lower() or " "))


@click.command()
@click.option(
    "--older-than", callback=seconds_of, metavar="DURATION", help="Those that ended longer ago, such as 30d or 12h."
)
@click.option("--larger-than", callback=bytes_of, metavar="SIZE", help="Those that take more of the disk, such as 2GB.")
@click.option("--failed", is_flag=True, help="Those in ERROR, and those without a trial that succeeded.")
@click.option("--keep", type=click.IntRange(0), metavar="N", help="Leave the N that were started last, in any case.")
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
@yes_option
@json_option("Print what was, or would be, deleted as JSON.")
def prune(
    older_than: float | None,
    larger_than: int | None,
    failed: bool,
    keep: int | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete experiments that ended, by age, size or failure, and say how much of the disk that frees.

    Several conditions must all be met. --keep N alone leaves the N latest. What runs, or may run, is never touched.
    """
    from nni_core.client.pruning import Rule, candidates

    if older_than is None and larger_than is None and not failed and keep is None:
        raise click.UsageError(
            "say what to delete: --older-than, --larger-than, --failed or --keep; --dry-run shows it"
        )
    rule = Rule(older_than=older_than, larger_than=larger_than, failed=failed, keep=keep or 0)
    found = candidates(rule, now=time.time())
    if dry_run and as_json:
        print_json({"would_delete": [_document(one) for one in found], "bytes": sum(one.size for one in found)})
        return
    if not as_json:
        _show(found, dry_run=dry_run)
    if found and not dry_run and not confirmed(yes=yes):
        return
    if not dry_run:
        _remove([(one.folder, one.size) for one in found], as_json=as_json)


def _show(found: Sequence[Candidate], *, dry_run: bool) -> None:
    rows = [
        {
            "id": one.summary.id,
            "name": one.summary.name,
            "status": one.summary.status,
            "trials": one.summary.progress,
            "started": since(one.summary.started_at),
            "ended": since(one.ended_at),
            "size": size(one.size),
        }
        for one in found
    ]
    columns = ("id", "name", "status", "trials", "started", "ended", "size")
    print_table(columns, rows, empty="there is nothing to delete", numbers=("trials", "size"), shortened=("name",))
    if found:
        verb = "would be" if dry_run else "will be"
        many = f"{len(found)} experiment{'s' if len(found) > 1 else ''}"
        click.echo(f"{many} {verb} deleted, which frees {size(sum(one.size for one in found))}")


def _document(one: Candidate) -> dict[str, Any]:
    return {
        "id": one.summary.id,
        "name": one.summary.name,
        "status": one.summary.status,
        "directory": one.summary.directory,
        "ended_at": one.ended_at,
        "bytes": one.size,
    }
