"""``nnictl ss_gen``: a search space from what a trial's script says of its parameters."""

from __future__ import annotations

import json
from pathlib import Path

import click

from nni_core.cli.init import refuse_to_overwrite, write_file
from nni_core.errors import NotFoundError, Problem


@click.command()
@click.option("--trial_command", "-t", metavar="COMMAND", help="Command of a trial; the script in it is looked at.")
@click.option(
    "--trial_dir",
    "-d",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Directory of the trial's code.  [default: this directory]",
)
@click.option(
    "--file",
    "-f",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("nni_auto_gen_search_space.json"),
    help="File to write.  [default: nni_auto_gen_search_space.json]",
)
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def ss_gen(trial_command: str | None, trial_dir: Path, file: Path, force: bool) -> None:
    """Guess a search space from the defaults in a trial's script.

    The script is read, not run: the parameters are those that it takes from nni.get_next_parameter(), and each range
    lies round the default that the script gives. Look at the ranges before you use them. nnictl init writes a whole
    config.
    """
    from nni_core.client.drafting import guessed_space
    from nni_core.client.trial_scripts import find_scripts

    refuse_to_overwrite(file, force=force)
    words = (trial_command or "").split()
    scripts = [one for one in find_scripts(trial_dir) if not words or one.path.as_posix() in words]
    script = next((one for one in scripts if one.parameters), None)
    if script is None:
        raise NotFoundError(
            Problem(
                code="NNI581",
                message=f"no script in '{trial_dir}' gives defaults to what it takes from nni.get_next_parameter()",
                help='for example: params = {"lr": 0.01}; params.update(nni.get_next_parameter())',
            )
        )
    write_file(file, json.dumps(guessed_space(script.parameters), indent=4) + "\n")
    click.echo(f"Wrote {file}, a guess by {script.path}: look at its ranges first.")
