"""``nnictl experiment import`` and ``extend``: what is added to an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.messages import inform
from nni_core.cli.tables import json_option, print_json
from nni_core.cli.update import duration_of, running_argument, tell_to_resume, whole_number


@click.command("import")
@running_argument
@click.option(
    "--filename",
    "-f",
    required=True,
    type=click.Path(path_type=Path),
    help='JSON file with a list of {"parameter": {...}, "value": ...}, as experiment export writes it.',
)
@json_option()
def import_(experiment_id: str | None, filename: Path, as_json: bool) -> None:
    """Teach a running experiment the results of another one.

    Rows without a final result are left out. Of a row outside the search space the tuner learns what it can.
    """
    from nni_core.client.importing import import_file, summary_of

    done = import_file(chosen_experiment(experiment_id), filename)
    if as_json:
        print_json(summary_of(done))
        return
    inform(f"Import data success: {done.imported} results")
    if done.left_out:
        inform(f"{done.left_out} rows without a final result were left out")
    if done.outside:
        inform(f"{done.outside} results lie outside the search space, the first because {done.difference}")


@click.command()
@experiment_argument
@click.option("--trials", "-n", metavar="N", help="So many trials more.")
@click.option("--duration", "-d", metavar="DURATION", help="So much time more, such as 30m or 2h.")
@json_option("Print the limits as they stand then.")
def extend(experiment_id: str | None, trials: str | None, duration: str | None, as_json: bool) -> None:
    """Give an experiment more trials or more time; one that is DONE goes on.

    One that does not run goes on with nnictl resume ID.
    """
    from nni_core.client.changing import extend as extend_limits

    more: dict[str, float] = {}
    if trials is not None:
        more["trials"] = whole_number(trials, most=999_999_999, option="--trials")
    if duration is not None:
        more["duration"] = duration_of(duration, "--duration")
    if not more:
        raise click.UsageError("give --trials, --duration or both")
    folder = chosen_experiment(experiment_id)
    document = extend_limits(folder, more)
    limits = document["limits"]
    if as_json:
        print_json({"id": document["id"], "revision": document["revision"], "limits": limits})
        return
    if trials is not None:
        inform(f"Extend experiment success! max_trial_number is {limits['max_trial_number']} now")
    if duration is not None:
        inform(f"Extend experiment success! max_experiment_duration is {limits['max_experiment_duration']:g} s now")
    if not _goes_on(document):
        inform(f"another limit is used up: nnictl why {folder.id} says which")
    tell_to_resume(folder)


def _goes_on(document: Mapping[str, Any]) -> bool:
    """Whether the limits leave anything to do, as they are now."""
    limits = document["limits"]
    trials, seconds = limits["max_trial_number"], limits["max_experiment_duration"]
    created = sum(document["counts"].values())
    return not (trials is not None and created >= trials) and not (seconds and document["duration"] >= seconds)
