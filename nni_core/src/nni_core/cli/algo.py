"""``nnictl algo``: tuners and assessors by name, those of plugins and those that the user registered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from nni_core.cli.tables import json_anyway_option, json_option, print_json, print_table

if TYPE_CHECKING:
    from nni_core.plugins import PluginRegistry
    from nni_core.plugins.entry import Spec

#: NNI's columns
COLUMNS = ("Name", "Type", "source", "Class Name", "Module Name")


@click.group()
def algo() -> None:
    """Tuners and assessors: those of installed plugins, and those of your own that you register."""


@algo.command("list")
@json_option()
def list_(as_json: bool) -> None:
    """List every algorithm that a config can name."""
    from nni_core.plugins import PluginStatus, discover_plugins

    registry = discover_plugins()
    rows = [_row(kind, entry, registry) for kind, entry in _entries(registry)]
    if as_json:
        print_json(rows)
    else:
        print_table(COLUMNS, rows, empty="there are no algorithms: pip install nni-tuner-tpe brings some")
    broken = [one for one in registry.listing() if one.status is PluginStatus.BROKEN]
    for one in broken:
        click.echo(f"not in the list, because it is broken: {one.name} of {one.distribution}: {one.reason}", err=True)


def _entries(registry: PluginRegistry) -> list[tuple[str, Any]]:
    from nni_core.plugin_kinds import PluginKind
    from nni_core.plugins import PluginStatus

    kinds = (PluginKind.TUNER, PluginKind.ASSESSOR)
    return [
        (kind.value, entry)
        for kind in kinds
        for entry in registry.listing(kind)
        if entry.kind is kind and entry.status in {PluginStatus.OK, PluginStatus.CLASH}
    ]


def _row(kind: str, entry: Any, registry: PluginRegistry) -> dict[str, str]:
    from nni_core.plugin_kinds import PluginKind

    spec = registry.resolve(PluginKind(kind), f"{entry.distribution}:{entry.name}")
    module, _, class_name = str(spec.implementation).partition(":")
    return {
        "Name": entry.name,
        "Type": kind,
        "source": entry.distribution,
        "Class Name": class_name,
        "Module Name": module,
    }


def _complete_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from nni_core.plugins import discover_plugins

    names = [entry.name for _, entry in _entries(discover_plugins())]
    return [CompletionItem(name) for name in names if name.lower().startswith(incomplete.lower())]


@algo.command()
@click.argument("name", shell_complete=_complete_names)
@json_anyway_option()
def show(name: str) -> None:
    """Show what is known of an algorithm: its class, where it comes from and the arguments it takes."""
    from nni_core.config.json_schema import record_schema
    from nni_core.plugins import discover_plugins

    registry = discover_plugins()
    kind, spec = _found(registry, name)
    arguments = getattr(spec, "arguments", None)
    source = next(e.distribution for k, e in _entries(registry) if k == kind and e.name == spec.name)
    print_json(
        {
            "algoType": kind,
            "builtinName": spec.name,
            "alias": list(getattr(spec, "aliases", ())),
            "className": str(spec.implementation).replace(":", "."),
            "source": source,
            "acceptClassArgs": arguments is not None,
            "summary": spec.summary,
            "classArgs": record_schema(arguments) if arguments else {},
        }
    )


def _found(registry: PluginRegistry, name: str) -> tuple[str, Spec]:
    """:raises PluginError: when there is no such algorithm."""
    from nni_core.errors import PluginError
    from nni_core.plugin_kinds import PluginKind

    try:
        return PluginKind.TUNER.value, registry.resolve(PluginKind.TUNER, name)
    except PluginError as as_tuner:
        try:
            return PluginKind.ASSESSOR.value, registry.resolve(PluginKind.ASSESSOR, name)
        except PluginError:
            raise as_tuner from None


@algo.command()
@click.option(
    "--meta_path",
    "--meta",
    "--meta-path",
    "-m",
    type=click.Path(path_type=Path),
    required=True,
    help="Meta file (YAML) with algoType, builtinName and className of one algorithm, or of several.",
)
@json_option("Print what was registered as JSON.")
def register(meta_path: Path, as_json: bool) -> None:
    """Make a tuner or an assessor of your own usable by name, for you, from now on.

    The class is imported from the environment, or from the folder of the meta file. A plugin that pip installs serves
    others, too.
    """
    import attrs

    from nni_core.client.algorithms import register as register_file

    changes = register_file(meta_path)
    for one in changes:
        if one.open_ended:
            told = "takes arguments that it does not name; a config can give those only to a class_name"
            click.echo(f"{one.algorithm.class_name} {told}", err=True)
        if not as_json:
            updated = "Updating existing algorithm. " if one.updated else ""
            click.echo(f"{updated}{one.algorithm.name} registered successfully!")
    if as_json:
        print_json([attrs.asdict(one) for one in changes])


@algo.command()
@click.argument("name", shell_complete=_complete_names)
@json_option("Print what was taken back as JSON.")
def unregister(name: str, as_json: bool) -> None:
    """Take back an algorithm that was registered. Its code stays where it is."""
    import attrs

    from nni_core.client.algorithms import unregister as unregister_name

    gone = unregister_name(name)
    if as_json:
        print_json(attrs.asdict(gone))
    else:
        click.echo(f"{gone.name} unregistered successfully!")


algo.add_command(register, "reg")
algo.add_command(unregister, "unreg")
