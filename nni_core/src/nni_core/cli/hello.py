"""``nnictl hello``: a small experiment to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from nni_core.errors import MachineError, Problem, UserError

FOLDER = "nni_hello_hpo"
#: files of the example, in the order in which one reads them
FILES = ("config.yaml", "search_space.yaml", "model.py")


@click.command()
def hello() -> None:
    """Write a small experiment into ./nni_hello_hpo. It runs as it is, and is made to be changed."""
    from nni_core.client.drafting import python_program

    folder = Path(FOLDER)
    try:
        folder.mkdir()
    except FileExistsError:
        raise UserError(
            Problem(
                code="NNI565",
                message=f"'{FOLDER}' is there already",
                help="move it away, or go to another folder; nothing was written",
            )
        ) from None
    except OSError as error:
        raise MachineError(Problem(code="NNI533", message=f"cannot make '{FOLDER}': {error.strerror}")) from error
    for name in FILES:
        text = resources.files("nni_core.cli").joinpath("hello_hpo", name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("{python}", python_program()) if name == "config.yaml" else text)
    click.echo(f"A small experiment is in ./{FOLDER}: {', '.join(FILES)}. Start it with:")
    click.echo(f"  cd {FOLDER}")
    click.echo("  nnictl create --config config.yaml --port 8080")
