"""``nnictl config``: the config of an experiment."""

from __future__ import annotations

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.tables import json_option, print_json


@click.group()
def config() -> None:
    """The config of an experiment."""


@config.command()
@experiment_argument
@click.option("--yaml", "as_yaml", is_flag=True, help="As YAML: a file that nnictl create takes.")
@json_option("JSON is what it prints without this option, too.")
def show(experiment_id: str | None, as_yaml: bool, as_json: bool) -> None:
    """Show the config of an experiment as it is now, with later changes, defaults and drawn seeds in it."""
    from nni_core.client.reading import read

    if as_yaml and as_json:
        raise click.UsageError("--yaml and --json cannot be used together")
    found = read(chosen_experiment(experiment_id), "/api/v1/experiment")["config"]
    if not as_yaml:
        print_json(found)
        return
    import yaml

    click.echo(yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=120), nl=False)
