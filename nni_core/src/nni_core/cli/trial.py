"""``nnictl trial``: look at trials and end them."""

from __future__ import annotations

from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.tables import print_json, print_table, when


@click.group()
def trial() -> None:
    """Look at trials and end them."""


@trial.command("ls")
@experiment_argument
@click.option("--head", type=click.IntRange(1), help="Only the trials with the highest results.")
@click.option("--tail", type=click.IntRange(1), help="Only the trials with the lowest results.")
@click.option("--json", "as_json", is_flag=True, help="NNI's trial documents, for scripts.")
def ls(experiment_id: str | None, head: int | None, tail: int | None, as_json: bool) -> None:
    """List the trials of an experiment."""
    from nni_core.client.reading import read

    if head is not None and tail is not None:
        raise click.UsageError("--head and --tail cannot be used together")
    folder = chosen_experiment(experiment_id)
    rows = _picked(_rows(read(folder, "/api/v1/trials?layout=columns")), head, tail)
    if as_json:
        wanted = [row["id"] for row in rows]
        documents = {one["trialJobId"]: one for one in read(folder, "/api/v1/nni/trial-jobs")}
        print_json([documents[trial_id] for trial_id in wanted if trial_id in documents])
        return
    columns = ["no.", "id", "status", "result", "started", "seconds", "parameters", "message"]
    print_table(columns, rows, empty="there are no trials yet")


def _rows(columns: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: dict[str, list[Any]] = columns["parameters"]
    return [
        {
            "no.": columns["sequence_id"][index],
            "id": trial_id,
            "status": columns["states"][columns["state"][index]],
            "result": columns["value"][index],
            "started": when(columns["started_at"][index]),
            "seconds": _seconds(columns["started_at"][index], columns["ended_at"][index]),
            "parameters": " ".join(
                f"{name}={values[index]:.4g}" if isinstance(values[index], float) else f"{name}={values[index]}"
                for name, values in parameters.items()
                if values[index] is not None
            ),
            "message": columns["message"][index] or "",
        }
        for index, trial_id in enumerate(columns["id"])
    ]


def _seconds(started: int | None, ended: int | None) -> float | None:
    return None if started is None or ended is None else round((ended - started) / 1000, 1)


def _picked(rows: list[dict[str, Any]], head: int | None, tail: int | None) -> list[dict[str, Any]]:
    if head is None and tail is None:
        return rows
    ranked = sorted((row for row in rows if row["result"] is not None), key=lambda row: row["result"], reverse=True)
    return ranked[:head] if head is not None else ranked[::-1][:tail]


@trial.command()
@experiment_argument
@click.option("--trial_id", "--trial-id", "-T", required=True, help="Id of the trial to end.")
def kill(experiment_id: str | None, trial_id: str) -> None:
    """End a trial; it becomes USER_CANCELED."""
    from urllib.parse import quote

    from nni_core.client.rest import Rest

    Rest(chosen_experiment(experiment_id)).send("DELETE", f"/api/v1/nni/trial-jobs/{quote(trial_id, safe='')}")
    click.echo(f"trial {trial_id} is being ended")
