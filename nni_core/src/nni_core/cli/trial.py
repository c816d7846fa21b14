"""``nnictl trial``: look at trials, end them, try them again, and add some of your own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, chosen_trial, complete_trials, experiment_argument
from nni_core.cli.tables import json_option, print_json, print_table
from nni_core.cli.update import running_argument
from nni_core.errors import UserError
from nni_core.folders import ExperimentFolder
from nni_core.model import TrialState


@click.group()
def trial() -> None:
    """Look at trials, end them, try them again, and add some of your own."""


def _trials_option(verb: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--trial_id",
        "--trial-id",
        "-T",
        "names",
        required=True,
        multiple=True,
        metavar="TRIAL",
        shell_complete=complete_trials,
        help=f"Trial to {verb}: its id, the beginning of it, or its number. May be given several times.",
    )


@trial.command("ls")
@experiment_argument
@click.option("--head", type=click.IntRange(1), metavar="N", help="Only the N trials with the highest results.")
@click.option("--tail", type=click.IntRange(1), metavar="N", help="Only the N trials with the lowest results.")
@click.option(
    "--status",
    type=click.Choice([state.value for state in TrialState], case_sensitive=False),
    help="Only trials in this state.",
)
@json_option("NNI's trial documents as NNI prints them, for scripts.")
def ls(experiment_id: str | None, head: int | None, tail: int | None, status: str | None, as_json: bool) -> None:
    """List the trials of an experiment."""
    from nni_core.cli.trial_rows import COLUMNS, NUMBERS, SHORTENED, as_nni_prints, row_of
    from nni_core.client.reading import read

    if head is not None and tail is not None:
        raise click.UsageError("--head and --tail cannot be used together")
    wanted = {"head": head, "tail": tail, "status": status}
    query = "&".join(f"{name}={value}" for name, value in wanted.items() if value is not None)
    documents = read(chosen_experiment(experiment_id), f"/api/v1/nni/trial-jobs?{query}")
    if as_json:
        print_json([as_nni_prints(document) for document in documents])
        return
    empty = "there are no such trials" if query else "there are no trials yet"
    rows = [row_of(document) for document in documents]
    print_table(COLUMNS, rows, empty=empty, numbers=NUMBERS, shortened=SHORTENED)


@trial.command()
@running_argument
@_trials_option("end")
@json_option("Print the ids of those that it was done to.")
def kill(experiment_id: str | None, names: Sequence[str], as_json: bool) -> None:
    """End trials; they become USER_CANCELED."""
    from nni_core.client.changing import end_trial

    folder = chosen_experiment(experiment_id)
    _each(folder, names, lambda trial_id: end_trial(folder, trial_id), "is being ended", as_json=as_json)


@trial.command()
@running_argument
@_trials_option("run again")
@json_option("Print the ids of those that it was done to.")
def retry(experiment_id: str | None, names: Sequence[str], as_json: bool) -> None:
    """Run trials again that failed or were ended, with the same parameters and number."""
    from nni_core.client.changing import retry_trial

    folder = chosen_experiment(experiment_id)
    _each(folder, names, lambda trial_id: retry_trial(folder, trial_id), "is tried again", as_json=as_json)


@trial.command()
@running_argument
@click.option("--parameters", metavar="JSON", help="The parameters, as a JSON object.")
@click.option("--file", "-f", "file", type=click.Path(path_type=Path), help="JSON or YAML file with the parameters.")
@json_option()
def add(experiment_id: str | None, parameters: str | None, file: Path | None, as_json: bool) -> None:
    """Queue a trial with parameters of your own, which must lie in the search space."""
    from nni_core.client.changing import add_trial, read_parameters, written_parameters

    if file is not None and parameters is None:
        document = read_parameters(file)
    elif parameters is not None and file is None:
        document = written_parameters(parameters)
    else:
        raise click.UsageError("give the parameters with --parameters or with --file")
    created = add_trial(chosen_experiment(experiment_id), document)
    if as_json:
        print_json(created)
    else:
        click.echo(f"trial {created['sequence_id']}, {created['id']}, is queued")


def _each(
    folder: ExperimentFolder, names: Sequence[str], act: Callable[[str], object], told: str, *, as_json: bool
) -> None:
    """Do something to every trial, and tell of each; a refusal of one keeps none of the others from it.

    :raises NotFoundError: when there is no such trial, before anything is done.
    :raises UserError: with every refusal, when all is done.
    """
    done: list[str] = []
    refused: list[UserError] = []
    for trial_id in dict.fromkeys(chosen_trial(folder, name) for name in names):
        try:
            act(trial_id)
        except UserError as error:
            refused.append(error)
            continue
        done.append(trial_id)
        if not as_json:
            click.echo(f"trial {trial_id} {told}")
    if as_json:
        print_json(done)
    if refused:
        raise type(refused[0])(*(problem for error in refused for problem in error.problems))
