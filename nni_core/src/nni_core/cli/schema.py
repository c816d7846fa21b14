"""``nnictl schema``: the config as a JSON Schema, for editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write, instead of standard output.")
@click.option(
    "--plugin",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Know the plugins in this Python file, too, as `plugins:` in a config does; may be repeated.",
)
@click.option("--space", is_flag=True, help="Describe a file that holds a search space, not a config.")
def schema(output: Path | None, files: tuple[Path, ...], space: bool) -> None:
    """Print the JSON Schema (2020-12) of a config, with every installed plugin and its arguments.

    Editors that know YAML complete and check a config whose first line names the file:
    "# yaml-language-server: $schema=.nni.schema.json". nnictl init writes both.
    """
    from nni_core.client.editor_schema import schema_text, write_schema
    from nni_core.plugins import discover_plugins

    plugins = discover_plugins()
    for file in files:
        plugins.load_file(file)
    text = schema_text(plugins, space=space)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_schema(output, text)
