"""``nnictl experiment save`` and ``load``: take an experiment with you, and open somebody else's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.messages import inform
from nni_core.cli.removal import bytes_of
from nni_core.cli.tables import json_option, print_json, size
from nni_core.folders import ExperimentFolder

if TYPE_CHECKING:
    from nni_core.client.bundle_loading import Loaded
    from nni_core.client.bundle_saving import Saved

#: files left out of a bundle that are named; the rest is counted
_SHOWN = 5


@click.command()
@experiment_argument
@click.option(
    "--path",
    "-p",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder to put nni_experiment_ID.zip into, or the .zip file to write. Default: where you are.",
)
@click.option("--saveCodeDir", "--save-code-dir", "-s", "code", is_flag=True, help="The trial's code, too.")
@click.option(
    "--max-outputs",
    default="256MB",
    show_default=True,
    callback=bytes_of,
    metavar="SIZE",
    help="How much of what trials wrote to keep: stdout and stderr first; 0 keeps the log and the results only.",
)
@json_option("Print where the bundle is and what is not in it, as JSON.")
def save(experiment_id: str | None, path: Path, code: bool, max_outputs: int, as_json: bool) -> None:
    """Save an experiment into one file, a bundle.

    A bundle can be viewed, loaded and resumed anywhere. Saving works on an experiment that runs, too. Passwords in the
    config are left out; what trials printed is not looked through. Code is saved without what .nniignore in its
    directory names, as in a .gitignore.
    """
    from nni_core.client.bundle_saving import SaveOrder, document, save_bundle
    from nni_core.client.views import viewed

    folder = ExperimentFolder(viewed(chosen_experiment(experiment_id)))
    if not as_json:
        click.echo("Saving...")
    saved = save_bundle(folder, SaveOrder(path=path, code=code, most_outputs=max_outputs))
    if as_json:
        print_json(document(saved))
    else:
        _tell_saved(saved)


def _tell_saved(saved: Saved) -> None:
    manifest = saved.manifest
    for one in manifest.left_out[:_SHOWN]:
        inform(f"left out {one.name}: {one.reason}")
    if (more := len(manifest.left_out) - _SHOWN) > 0:
        inform(f"left out {more} more files: the manifest in the bundle names them")
    if manifest.hidden:
        inform(f"left out passwords: {', '.join(manifest.hidden)}")
    click.echo(f"Save to {saved.path} success! It has {size(saved.size)}.")


@click.command()
@click.option("--path", "-p", required=True, type=click.Path(path_type=Path), help="The bundle.")
@click.option(
    "--codeDir",
    "--code-dir",
    "-c",
    "code_directory",
    type=click.Path(path_type=Path),
    help="Where the trial's code is, or is to be put when it is in the bundle. Default: code/ in the experiment's "
    "folder when it is in the bundle.",
)
@click.option(
    "--logDir",
    "--log-dir",
    "-l",
    "parent",
    type=click.Path(path_type=Path),
    help="Folder to make the experiment's folder in. Default: ~/nni-experiments.",
)
@click.option(
    "--searchSpacePath",
    "--search-space-path",
    "-s",
    "search_space",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write the search space to, as JSON.",
)
@click.option("--new-id", is_flag=True, help="Give it an id of its own, where there is one of that id already.")
@click.option(
    "--max-size", default="4GB", show_default=True, callback=bytes_of, metavar="SIZE", help="Refuse larger ones."
)
@json_option("Print the experiment's id and folder as JSON.")
def load(
    path: Path,
    code_directory: Path | None,
    parent: Path | None,
    search_space: Path | None,
    new_id: bool,
    max_size: int,
    as_json: bool,
) -> None:
    """Load an experiment from a bundle.

    Then it is one of yours, and can be shown, exported, viewed and resumed. Loading runs nothing. Resuming runs the
    command and the code that are in the bundle.
    """
    from nni_core.client.bundle_loading import LoadOrder, document, load_bundle

    order = LoadOrder(
        path=path,
        code_directory=code_directory,
        parent=parent,
        search_space=search_space,
        new_id=new_id,
        most_bytes=max_size,
    )
    loaded = load_bundle(order)
    if as_json:
        print_json(document(loaded))
    else:
        _tell_loaded(loaded)


def _tell_loaded(loaded: Loaded) -> None:
    for note in loaded.notes:
        inform(note)
    click.echo(f"Load experiment {loaded.folder.id} success!")
    inform(f"nnictl view {loaded.folder.id} shows it; nnictl resume {loaded.folder.id} goes on with it")
