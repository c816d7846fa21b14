"""``nnictl platform``: what training services leave behind."""

from __future__ import annotations

from pathlib import Path

import click

from nni_core.cli.tables import json_option, print_json, size


@click.group()
def platform() -> None:
    """What training services leave behind."""


@platform.command()
@click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    help="Config file of an experiment: its training service is meant. Without it, local.",
)
@json_option()
def clean(config: Path | None, as_json: bool) -> None:
    """Clear away what a training service keeps outside the folders of experiments.

    The service local keeps nothing there: this says so, and what the folders themselves take. Whatever another service
    keeps, only its plugin knows.
    """
    from nni_core.client.removing import disk_usage
    from nni_core.errors import Problem, UserError
    from nni_core.folders import all_experiments

    name = _platform(config)
    if name != "local":
        raise UserError(
            Problem(
                code="NNI563",
                message=f"nnictl does not know what the training service '{name}' keeps, and has cleaned nothing",
                help="its plugin may bring a command of its own: nnictl plugins list --kind cli_command",
            )
        )
    ended = [folder for folder in all_experiments() if not folder.is_live()]
    taken = sum(disk_usage(folder) for folder in ended)
    if as_json:
        print_json({"platform": name, "cleaned": [], "ended_experiments": len(ended), "bytes": taken})
        return
    click.echo("The local platform keeps nothing outside the folders of experiments: nothing is to be cleaned.")
    click.echo(f"Experiments that ended: {len(ended)}, which take {size(taken)}.")
    if ended:
        click.echo("nnictl experiment prune --older-than 30d --dry-run shows what could go.")


def _platform(config: Path | None) -> str:
    if config is None:
        return "local"
    from nni_core.client.starting import checked_config
    from nni_core.plugins import discover_plugins

    return checked_config(config, discover_plugins()).config.training_service.platform
