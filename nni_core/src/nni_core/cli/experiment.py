"""``nnictl experiment``: look at experiments, and take their results home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.tables import print_json, print_table, when
from nni_core.folders import ExperimentFolder, all_experiments


@click.group()
def experiment() -> None:
    """Look at experiments, and take their results home."""


@experiment.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that do not run, too.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_(everything: bool, as_json: bool) -> None:
    """List experiments: those that run, or all."""
    rows = [_row(folder) for folder in all_experiments() if everything or folder.is_live()]
    if as_json:
        print_json(rows)
        return
    columns = ["id", "name", "status", "trials", "best", "port", "started", "ended"]
    empty = (
        "no experiment is running; --all lists those that ended" if not everything else "there are no experiments yet"
    )
    print_table(columns, rows, empty=empty)


def _row(folder: ExperimentFolder) -> dict[str, Any]:
    from nni_core.client.reading import read
    from nni_core.errors import UserError
    from nni_core.store.base import StoreError

    live = folder.is_live()
    manager = folder.manager() if live else None
    if live and manager is None:
        return {"id": folder.id, "status": "starting", "directory": str(folder.path)}
    try:
        document = read(folder, "/api/v1/experiment")
    except (UserError, StoreError) as error:
        status = f"unreadable: see nnictl experiment show {folder.id}"
        return {"id": folder.id, "status": status, "directory": str(folder.path), "message": str(error)}
    limit = document["limits"]["max_trial_number"]
    done = sum(count for state, count in document["counts"].items() if state not in {"WAITING", "RUNNING", "UNKNOWN"})
    return {
        "id": folder.id,
        "name": document["name"],
        "status": document["state"],
        "trials": f"{done}/{limit}" if limit else str(done),
        "best": document["best"]["value"] if document["best"] else None,
        "port": manager.port if manager else None,
        "started": when(document["started_at"]),
        "ended": when(document["ended_at"]),
        "directory": str(folder.path),
    }


@experiment.command()
@experiment_argument
def show(experiment_id: str | None) -> None:
    """Show an experiment's profile, with its config, as JSON."""
    from nni_core.client.reading import read

    print_json(read(chosen_experiment(experiment_id), "/api/v1/nni/experiment"))


@experiment.command()
@experiment_argument
def status(experiment_id: str | None) -> None:
    """Show an experiment's state and errors, as JSON."""
    from nni_core.client.reading import read

    print_json(read(chosen_experiment(experiment_id), "/api/v1/nni/check-status"))


@experiment.command()
@experiment_argument
@click.option("--type", "-t", "kind", type=click.Choice(["json", "csv"]), required=True, help="Format of the file.")
@click.option("--filename", "-f", type=click.Path(path_type=Path), required=True, help="File to write.")
@click.option("--intermediate", "-i", is_flag=True, help="Intermediate results, too.")
def export(experiment_id: str | None, kind: str, filename: Path, intermediate: bool) -> None:
    """Write parameters and results of the trials that succeeded to a file.

    Works on a stopped experiment, too.
    """
    from nni_core.client.exporting import exported, write_csv, write_json

    rows = exported(chosen_experiment(experiment_id), intermediate=intermediate)
    (write_json if kind == "json" else write_csv)(filename, rows)
