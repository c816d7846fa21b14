"""``nnictl stop``: end experiments, and return when nothing of them is left."""

from __future__ import annotations

import click

from nni_core.cli.choosing import complete_running
from nni_core.cli.messages import inform
from nni_core.cli.tables import json_option, print_json


@click.command()
@click.argument("experiment_id", metavar="[ID]", required=False, shell_complete=complete_running)
@click.option("--port", "-p", type=click.IntRange(1, 65535), help="Stop the experiment on this port.")
@click.option("--all", "-a", "everything", is_flag=True, help="Stop every experiment.")
@json_option("Print the ids of what was stopped as JSON.")
def stop(experiment_id: str | None, port: int | None, everything: bool, as_json: bool) -> int:
    """Stop an experiment: its trials are ended, its results are kept, and it can be resumed.

    ID may be the beginning of one, if it is the only one that begins so; 'abc*' stops all that begin with abc.
    """
    from nni_core.client.stopping import chosen, stop_experiment

    folders = chosen(experiment_id, port=port, everything=everything)
    for folder in folders:
        if not as_json:
            inform(f"Stopping experiment {folder.id}")
        stop_experiment(folder)
        if not as_json:
            inform("Stop experiment success.")
    if as_json:
        print_json({"stopped": [folder.id for folder in folders]})
    return 0
