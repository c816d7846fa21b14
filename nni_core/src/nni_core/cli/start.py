"""What ``create`` and ``resume`` have in common: the manager's start, NNI's lines, and following to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from nni_core.cli.messages import say, warn
from nni_core.client.launch import LeftBehind, Started, WarmManager
from nni_core.folders import ExperimentFolder

REFERENCE = "https://nni.readthedocs.io/en/stable/reference/nnictl.html"


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every start of a manager takes."""
    options = [
        click.option(
            "--port",
            "-p",
            type=click.IntRange(0, 65535),
            default=8080,
            show_default=True,
            help="Port of the web portal and the HTTP interface; 0 picks a free one.",
        ),
        click.option(
            "--foreground",
            "-f",
            is_flag=True,
            help="Follow the manager's log until the experiment is done; Ctrl-C stops it.",
        ),
        click.option(
            "--wait",
            is_flag=True,
            help="Show the progress until the experiment is done; exit 0 when a trial succeeded, else 1.",
        ),
        click.option("--debug", "-d", is_flag=True, help="Write more into the manager's log."),
        click.option(
            "--url_prefix",
            "--url-prefix",
            "-u",
            default="",
            metavar="PREFIX",
            help="Serve everything under this path, for use behind a proxy.",
        ),
        click.option(
            "--host",
            "hosts",
            multiple=True,
            metavar="ADDRESS",
            help="Listen on this address of the machine, instead of loopback and the private network; may be repeated.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def make_ready_to_stay(options: Mapping[str, Any]) -> None:
    """Import what staying with an experiment and stopping it take, before one is started. Ctrl-C may come at any moment
    from then on, and in the middle of an import it would leave half a module."""
    if options["wait"] or options["foreground"]:
        for module in ("nni_core.cli.follow", "nni_core.experiment.archive"):
            import_module(module)


def _still_starting(waited: int, folder: ExperimentFolder) -> None:
    # A resume may as well wait for what an earlier manager left; which of the two it is, nobody here can tell.
    why = f"Most often a tuner takes its time to be built: see {folder.tuner_log}. Ctrl-C ends it."
    click.echo(f"Still starting after {waited} s. {why}", err=True)


@contextmanager
def interruptible(manager: WarmManager, options: Mapping[str, Any]) -> Iterator[None]:
    """Ctrl-C stops an experiment that is stayed with, from the moment at which its manager is ready; a second one kills
    that manager, and says what is left. Until it is ready, the user is told that it takes its time."""
    manager.on_wait = _still_starting
    try:
        yield
    except LeftBehind as left:
        click.echo(str(left), err=True)
        raise
    except KeyboardInterrupt:
        if manager.started is not None and (options["wait"] or options["foreground"]):
            _interrupted(manager.started)
        raise


def _interrupted(started: Started) -> None:
    try:
        from nni_core.cli.messages import inform
        from nni_core.client.stopping import stop_experiment

        inform(f"Stopping experiment {started.folder.id}")
        stop_experiment(started.folder)
    except KeyboardInterrupt:
        started.process.kill()
        click.echo(str(LeftBehind(started.folder)), err=True)
        raise


def carry_on(started: Started, urls: list[str], options: Mapping[str, Any]) -> int:
    """Say where the experiment is, and stay with it when that was asked for; the answer is the exit code."""
    _announce(started, urls)
    if not options["wait"] and not options["foreground"]:
        return 0
    from nni_core.cli.follow import follow_log, follow_progress

    return follow_progress(started) if options["wait"] else follow_log(started)


def _announce(started: Started, urls: list[str]) -> None:
    """The lines of a manager that is ready."""
    say("Setting up...")
    warn(started.warnings)
    say(f"Web portal URLs: {' '.join(urls)}")
    say(f'To stop experiment run "nnictl stop {started.folder.id}" or "nnictl stop --all"')
    say(f"Reference: {REFERENCE}")
