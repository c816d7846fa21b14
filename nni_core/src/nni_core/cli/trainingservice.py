"""``nnictl trainingservice``: where trials can run."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from nni_core.cli.tables import json_option, print_json, print_table

COLUMNS = ("name", "distribution", "version", "status", "summary or reason")


@click.group()
def trainingservice() -> None:
    """Training services: those of installed plugins, and packages of your own that you register."""


@trainingservice.command("list")
@json_option()
def list_(as_json: bool) -> None:
    """List every training service that a config can name."""
    from nni_core.plugin_kinds import PluginKind
    from nni_core.plugins import discover_plugins

    kind = PluginKind.TRAINING_SERVICE
    entries = [entry for entry in discover_plugins().listing(kind) if entry.kind is kind or entry.reason]
    rows = [
        {
            "name": entry.name,
            "distribution": entry.distribution,
            "version": entry.version or None,
            "status": entry.status.value,
            "summary or reason": entry.reason or entry.summary,
        }
        for entry in entries
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(COLUMNS, rows, empty="there is none: pip install nni-service-local brings one")


@trainingservice.command()
@click.option("--package", required=True, help="Name of the Python package to import.")
def register(package: str) -> None:
    """Make the training services of a package known, for you, from now on.

    The package has the hook nni_training_services. One that pip installs with an entry point needs no registering.
    """
    from nni_core.client.algorithms import register_module

    register_module(package)
    click.echo(f"{package} registered successfully!")


def _complete_packages(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from nni_core.plugins.registered import read_registered, registered_file

    names = read_registered(registered_file()).modules
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@trainingservice.command()
@click.option("--package", required=True, shell_complete=_complete_packages, help="Name of the Python package.")
def unregister(package: str) -> None:
    """Take back a package that was registered. It stays installed."""
    from nni_core.client.algorithms import unregister_module

    unregister_module(package)
    click.echo(f"{package} unregistered successfully!")
