"""``nnictl plugins``: what is installed, and what is wrong with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import attrs
import click

from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginEntry, PluginRegistry, PluginStatus, split_names

COLUMNS = ("name", "kind", "distribution", "version", "status", "summary or reason")
_STYLES = {
    PluginStatus.OK: "green",
    PluginStatus.BROKEN: "red",
    PluginStatus.CLASH: "red",
    PluginStatus.DISABLED: "dim",
}


@click.group()
def plugins() -> None:
    """Tuners, assessors, training services and whatever else plugins offer."""


@plugins.command("list")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in PluginKind], case_sensitive=False),
    help="Show what plugins offer of this kind, and the plugins that do not work at all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object for each line of the table.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a plugin is broken or clashes with another.")
@click.option(
    "--disable",
    metavar="NAMES",
    default="",
    envvar="NNI_DISABLED_PLUGINS",
    show_envvar=True,
    help="Entry points or distributions not to load, separated by commas.",
)
def list_plugins(kind: str | None, as_json: bool, strict: bool, disable: str) -> None:
    """List what every installed plugin offers, and why those that do not work do not."""
    registry = PluginRegistry.discover(disabled=split_names(disable))
    entries = registry.listing(PluginKind(kind) if kind else None)
    if as_json:
        click.echo(json.dumps([attrs.asdict(entry) for entry in entries], indent=2))
    elif sys.stdout.isatty():
        _print_table(entries)
    else:
        _print_plain(entries)
    if strict and any(entry.status in {PluginStatus.BROKEN, PluginStatus.CLASH} for entry in entries):
        sys.exit(1)


def _cells(entry: PluginEntry) -> tuple[str, ...]:
    kind = entry.kind.value if entry.kind else "-"
    return (
        entry.name,
        kind,
        entry.distribution,
        entry.version or "-",
        entry.status.value,
        entry.reason or entry.summary,
    )


def _print_plain(entries: Sequence[PluginEntry]) -> None:
    """One line for each entry, columns separated by tabs: for grep and cut."""
    click.echo("\t".join(COLUMNS))
    for entry in entries:
        # A reason quotes a plugin's own words, which may hold anything.
        click.echo("\t".join(" ".join(cell.split()) for cell in _cells(entry)))


def _print_table(entries: Sequence[PluginEntry]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*COLUMNS, box=None, pad_edge=False)
    for entry in entries:
        # Text, so that brackets in a plugin's own words are not taken for markup.
        cells = [Text(" ".join(cell.split())) for cell in _cells(entry)]
        cells[4].stylize(_STYLES[entry.status])
        table.add_row(*cells)
    Console().print(table)
