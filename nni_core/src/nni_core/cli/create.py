"""``nnictl create``: check the config, bind the port, start the manager, say where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nni_core.cli.config_option import config_option
from nni_core.cli.start import start_options


@click.command()
@config_option(help_="The experiment's config file (YAML).")
@start_options
def create(config: Path, **options: Any) -> int:
    """Start a new experiment from a config file.

    Everything is checked before anything starts: mistakes are shown with their line, all at once.
    """
    # Everything that the manager needs, too, is imported before its process is started: it goes on with it.
    from nni_core.cli.messages import say, warn
    from nni_core.cli.start import carry_on, interruptible, make_ready_to_stay
    from nni_core.client.launch import WarmManager
    from nni_core.client.starting import checked_config, listening_sockets, new_order, seed_line, start_new
    from nni_core.plugins import discover_plugins

    plugins = discover_plugins()
    make_ready_to_stay(options)
    manager = WarmManager(fork=True)
    with interruptible(manager, options):
        with manager:
            loaded = checked_config(config, plugins)
            warn(loaded.warnings)
            with listening_sockets(options["hosts"], options["port"], options["url_prefix"]) as (sockets, listening):
                order, folder = new_order(loaded, listening, debug=options["debug"])
                say(f"Creating experiment, Experiment ID: {folder.id}")
                if options["debug"]:
                    say(seed_line(loaded, order))
                say("Starting web server...")
                started = start_new(manager, order, sockets, loaded)
        return carry_on(started, listening.urls, options)
