"""``nnictl webui``: where the web portal is."""

from __future__ import annotations

import getpass
import socket

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.messages import inform


@click.group()
def webui() -> None:
    """Where the web portal of an experiment is."""


@webui.command()
@experiment_argument
def url(experiment_id: str | None) -> None:
    """Show the URLs of the portal, and how to reach it from another machine."""
    from nni_core.client.rest import running_manager

    folder = chosen_experiment(experiment_id)
    manager = running_manager(folder)
    inform(f"Web UI url: {' '.join(manager.urls)}")
    lan = [one for one in manager.urls if "127.0.0.1" not in one and "[::1]" not in one]
    if lan and folder.token.exists():
        inform(f"from the local network, read only: {lan[0]}/#token={folder.token.read_text().strip()}")
    inform(
        f"from anywhere: ssh -N -L {manager.port}:127.0.0.1:{manager.port} {getpass.getuser()}@{socket.gethostname()}"
    )
