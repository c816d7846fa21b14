"""``nnictl replay``: whether a tuner would suggest again what it suggested."""

from __future__ import annotations

import json

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.tables import json_option, print_json


@click.command()
@experiment_argument
@json_option()
def replay(experiment_id: str | None, as_json: bool) -> None:
    """Tell an experiment's results to its tuner again, and compare what it suggests.

    The tuner is built anew, with the arguments and the seed of the experiment, and is given the same calls in the same
    order. The experiment is left as it is. Exits with 1 when a suggestion differs.
    """
    import attrs

    from nni_core.client.replaying import replay as replayed

    found = replayed(chosen_experiment(experiment_id))
    if as_json:
        print_json(attrs.asdict(found))
    elif found.difference is None:
        click.echo(f"tuner {found.tuner} suggests the same again: {found.same} of {found.same}")
    else:
        one = found.difference
        click.echo(
            f"tuner {found.tuner} suggests the same {found.same} times, and for trial {one.sequence_id} another:"
        )
        click.echo(f"  recorded:  {json.dumps(one.recorded)}")
        click.echo(f"  suggested: {'nothing' if one.suggested is None else json.dumps(one.suggested)}")
    if found.difference is not None:
        raise click.exceptions.Exit(1)
