"""``nnictl why``: what an experiment, or a trial, is waiting for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from nni_core.cli.choosing import chosen_experiment, chosen_trial, complete_experiments, complete_trials
from nni_core.cli.tables import cell, json_option, print_json, print_table
from nni_core.errors import NotFoundError
from nni_core.folders import ExperimentFolder, find


def _complete_either(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [
        *complete_experiments(context, parameter, incomplete),
        *complete_trials(context, parameter, incomplete),
    ]


@click.command()
@click.argument("experiment_id", metavar="[ID]", required=False, shell_complete=_complete_either)
@click.argument("trial", metavar="[TRIAL]", required=False, shell_complete=complete_trials)
@json_option()
def why(experiment_id: str | None, trial: str | None, as_json: bool) -> None:
    """Tell why an experiment idles and why its trials wait, or how one TRIAL came to its state.

    A TRIAL is named by its id, the beginning of it, or its number. ID may be left out when one experiment runs.
    """
    from nni_core.client.reading import read

    folder, name = _meant(experiment_id, trial)
    if name is not None:
        document = read(folder, f"/api/v1/trials/{chosen_trial(folder, name)}/why")
        _show(f"trial {document['sequence_id']}, {document['id']}", document, document, as_json=as_json)
        return
    document = read(folder, "/api/v1/why")
    found = document["experiment"]
    _show(f"experiment {found['id']}", found, document, as_json=as_json)
    if document["trials"] and not as_json:
        click.echo()
        rows = [{**one, "no.": one["sequence_id"]} for one in document["trials"]]
        print_table(["no.", "id", "state", "reason"], rows, empty="", numbers=("no.",), shortened=("reason",))


def _meant(experiment_id: str | None, trial: str | None) -> tuple[ExperimentFolder, str | None]:
    """One name alone is that of an experiment, or else that of a trial of the only one.

    :raises NotFoundError: when it is neither.
    """
    if experiment_id is None or trial is not None:
        return chosen_experiment(experiment_id), trial
    try:
        return find(experiment_id), None
    except NotFoundError as error:
        try:
            folder = chosen_experiment(None)
            chosen_trial(folder, experiment_id)
        except NotFoundError:
            raise error from None
        return folder, experiment_id


def _show(what: str, found: Mapping[str, Any], document: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    click.echo(f"{what}, is {found['state']}: {cell(found['reason'])}")
    if found["help"]:
        click.echo(f"    help: {cell(found['help'])}")
