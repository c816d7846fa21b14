"""``nnictl webui``: where the web portal is."""

from __future__ import annotations

import getpass
import socket

import click

from nni_core.cli.choosing import chosen_experiment, experiment_argument
from nni_core.cli.messages import inform
from nni_core.cli.tables import json_option, print_json


@click.group()
def webui() -> None:
    """Where the web portal of an experiment is."""


@webui.command()
@experiment_argument
@json_option("Print the URLs, the one with the token and the ssh command as JSON.")
def url(experiment_id: str | None, as_json: bool) -> None:
    """Show the URLs of the portal, and how to reach it from another machine."""
    from nni_core.client.rest import running_manager

    folder = chosen_experiment(experiment_id)
    manager = running_manager(folder)
    lan = [one for one in manager.urls if "127.0.0.1" not in one and "[::1]" not in one]
    shared = f"{lan[0]}/#token={folder.token.read_text().strip()}" if lan and folder.token.exists() else None
    ssh = f"ssh -N -L {manager.port}:127.0.0.1:{manager.port} {getpass.getuser()}@{socket.gethostname()}"
    if as_json:
        print_json({"id": folder.id, "urls": list(manager.urls), "read_only_url": shared, "ssh": ssh})
        return
    inform(f"Web UI url: {' '.join(manager.urls)}")
    if shared:
        inform(f"from the local network, read only: {shared}")
    inform(f"from anywhere: {ssh}")
