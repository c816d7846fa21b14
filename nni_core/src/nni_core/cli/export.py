"""``nnictl experiment export``: take results home."""

from __future__ import annotations

from pathlib import Path

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument

#: as :class:`nni_core.client.exporting.ExportFormat` has them, which a start of nnictl does without
FORMATS = ("json", "csv", "jsonl", "parquet")


@click.command()
@experiment_argument
@click.option(
    "--filename",
    "-f",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="File to write; - for stdout.",
)
@click.option("--type", "-t", "kind", type=click.Choice(FORMATS), help="Format; without this FILE's ending tells it.")
@click.option("--intermediate", "-i", is_flag=True, help="Intermediate results, too.")
@click.option(
    "--all-trials",
    "-a",
    is_flag=True,
    help="Trials that failed or were ended, too, with numbers, states, times, attempts and messages.",
)
def export(experiment_id: str | None, filename: Path, kind: str | None, intermediate: bool, all_trials: bool) -> None:
    """Write parameters and results of the trials to a file. Works on a stopped experiment, too.

    json and csv hold what NNI's exports do: the trials that succeeded. jsonl, one JSON object a line, and parquet hold
    every trial with all that is known of it, as --all-trials -i does.
    """
    from nni_core.client.exporting import ExportFormat, ExportOrder, format_of
    from nni_core.client.exporting import export as write

    order = ExportOrder(
        file=filename,
        format=ExportFormat(kind) if kind else format_of(filename),
        all_trials=all_trials,
        intermediate=intermediate,
    )
    write(chosen_experiment(experiment_id), order)
