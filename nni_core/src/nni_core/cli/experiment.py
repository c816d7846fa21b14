"""``nnictl experiment``: look at experiments, and take their results home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nni_core.cli.bundle import load, save
from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.experiment_change import extend, import_
from nni_core.cli.export import export
from nni_core.cli.removal import delete, prune
from nni_core.cli.tables import how_long, json_anyway_option, json_option, nni_time, print_json, print_table, since
from nni_core.folders import all_experiments

if TYPE_CHECKING:
    from nni_core.client.summaries import ExperimentSummary

#: columns of ``experiment list``
COLUMNS = ("id", "name", "status", "progress", "best", "port", "started", "duration")


@click.group()
def experiment() -> None:
    """Look at experiments, take their results home, and clear them away."""


experiment.add_command(delete)
experiment.add_command(prune)
experiment.add_command(import_)
experiment.add_command(extend)
experiment.add_command(export)
experiment.add_command(save)
experiment.add_command(load)


@experiment.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that do not run, too.")
@json_option()
def list_(everything: bool, as_json: bool) -> None:
    """List experiments: those that run or are viewed, or all."""
    import attrs

    from nni_core.client.listing import listed

    summaries = listed(everything=everything)
    if as_json:
        print_json([{**attrs.asdict(one), "finished": one.finished} for one in summaries])
        return
    print_table(
        COLUMNS,
        [_row(summary) for summary in summaries],
        empty="there are no experiments yet" if everything else _none_running(),
        numbers=("progress", "best", "port", "duration"),
        shortened=("name",),
    )
    for summary in summaries:
        if summary.fault:
            click.echo(f"{summary.id} cannot be read: see nnictl experiment show {summary.id}", err=True)


def _none_running() -> str:
    ended = sum(1 for _ in all_experiments())
    return f"no experiment is running; --all lists the {ended} that ended" if ended else "there are no experiments yet"


def _row(summary: ExperimentSummary) -> dict[str, Any]:
    return {
        "id": summary.id,
        "name": summary.name,
        "status": summary.status,
        "progress": None if summary.started_at is None else summary.progress,
        "best": summary.best,
        "port": summary.port,
        "started": since(summary.started_at),
        "duration": how_long(summary.duration),
    }


@experiment.command()
@experiment_argument
@json_option("The same document with times as numbers, in milliseconds.")
def show(experiment_id: str | None, as_json: bool) -> None:
    """Show an experiment's profile, with its config, as JSON."""
    from nni_core.client.reading import read

    document = read(chosen_experiment(experiment_id), "/api/v1/nni/experiment")
    if not as_json:
        document.update({key: nni_time(document[key]) for key in ("startTime", "endTime") if key in document})
    print_json(document)


@experiment.command()
@experiment_argument
@json_anyway_option()
def status(experiment_id: str | None) -> None:
    """Show an experiment's state and errors, as JSON."""
    from nni_core.client.reading import read

    print_json(read(chosen_experiment(experiment_id), "/api/v1/nni/check-status"))
