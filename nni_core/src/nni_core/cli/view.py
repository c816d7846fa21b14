"""``nnictl view``: look at an experiment that does not run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from nni_core.cli.choosing import complete_ended
from nni_core.cli.removal import bytes_of
from nni_core.cli.start import REFERENCE

if TYPE_CHECKING:
    from nni_core.client.viewing import StartedView


def complete_viewable(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of experiments that do not run; a shell completes files by itself when there is none."""
    return complete_ended(context, parameter, incomplete) or [CompletionItem(incomplete, type="file")]


@click.command()
@click.argument("what", metavar="ID|BUNDLE", shell_complete=complete_viewable)
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port of the web portal and the HTTP interface; 0 picks a free one.",
)
@click.option("--foreground", "-f", is_flag=True, help="Stay until Ctrl-C, which ends the view.")
@click.option(
    "--experiment_dir",
    "--experiment-dir",
    "-e",
    "parent",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The folder that holds the experiment's folder, where that is none of yours.",
)
@click.option(
    "--url_prefix",
    "--url-prefix",
    "-u",
    default="",
    metavar="PREFIX",
    help="Serve everything under this path, for use behind a proxy.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="ADDRESS",
    help="Listen on this address of the machine, instead of loopback and the private network; may be repeated.",
)
@click.option(
    "--max-size",
    default="4GB",
    show_default=True,
    callback=bytes_of,
    metavar="SIZE",
    help="Refuse a bundle that unpacks to more.",
)
def view(
    what: str,
    port: int,
    foreground: bool,
    parent: Path | None,
    url_prefix: str,
    hosts: tuple[str, ...],
    max_size: int,
) -> int:
    """Look at a stopped experiment, or at one in a bundle, in the web portal.

    Nothing can be changed, and nothing of the experiment is: not even its folder need be writable. nnictl stop ends it.
    """
    from nni_core.client.starting import listening_sockets
    from nni_core.client.viewing import is_bundle, view_bundle, view_experiment

    with listening_sockets(hosts, port, url_prefix) as (sockets, listening):
        if is_bundle(what):
            started = view_bundle(Path(what), sockets, listening, most_bytes=max_size)
        else:
            started = view_experiment(what, sockets, listening, parent=parent)
    if not foreground:
        _announce(started, listening.urls)
        return 0
    from nni_core.client.views import end_view

    try:
        _announce(started, listening.urls)
        return started.process.wait()
    except KeyboardInterrupt:
        end_view(started.view)
        raise


def _announce(started: StartedView, urls: Sequence[str]) -> None:
    from nni_core.cli.messages import say

    say(f"Viewing experiment, Experiment ID: {started.view.id}")
    say(f"Web portal URLs: {' '.join(urls)}")
    say(f'To end the view run "nnictl stop {started.view.id}" or "nnictl stop --all"')
    say(f"Reference: {REFERENCE}")
