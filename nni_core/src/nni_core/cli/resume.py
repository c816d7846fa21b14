"""``nnictl resume``: start a manager on the folder of an experiment that has none."""

from __future__ import annotations

from typing import Any

import click

from nni_core.cli.choosing import complete_ended
from nni_core.cli.start import start_options


@click.command()
@click.argument("experiment_id", metavar="ID", shell_complete=complete_ended)
@start_options
def resume(experiment_id: str, **options: Any) -> int:
    """Go on with an experiment that was stopped, or whose manager was killed.

    Trials that still run are taken over with everything they reported meanwhile; nothing runs twice.
    """
    from nni_core.cli.messages import say
    from nni_core.cli.start import carry_on, interruptible, make_ready_to_stay
    from nni_core.client.launch import WarmManager
    from nni_core.client.starting import listening_sockets, resume_order
    from nni_core.folders import find

    make_ready_to_stay(options)
    manager = WarmManager(fork=True)
    with interruptible(manager, options):
        with manager:
            folder = find(experiment_id)
            with listening_sockets(options["hosts"], options["port"], options["url_prefix"]) as (sockets, listening):
                order = resume_order(folder, listening, debug=options["debug"])
                say(f"Resuming experiment, Experiment ID: {folder.id}")
                say("Starting web server...")
                started = manager.send(order, sockets)
        return carry_on(started, listening.urls, options)
