"""``nnictl stop``: end experiments, and return when nothing of them is left."""

from __future__ import annotations

import click

from nni_core.cli.messages import inform


@click.command()
@click.argument("experiment_id", metavar="[ID]", required=False)
@click.option("--port", "-p", type=click.IntRange(1, 65535), help="Stop the experiment on this port.")
@click.option("--all", "-a", "everything", is_flag=True, help="Stop every experiment.")
def stop(experiment_id: str | None, port: int | None, everything: bool) -> int:
    """Stop an experiment: its trials are ended, its results are kept, and it can be resumed.

    ID may be the beginning of one, if it is the only one that begins so; 'abc*' stops all that begin with abc.
    """
    from nni_core.client.stopping import chosen, stop_experiment

    for folder in chosen(experiment_id, port=port, everything=everything):
        inform(f"Stopping experiment {folder.id}")
        stop_experiment(folder)
        inform("Stop experiment success.")
    return 0
