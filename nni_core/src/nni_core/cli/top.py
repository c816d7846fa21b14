"""``nnictl top``: the experiments that run, again and again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from nni_core.cli.tables import json_option, print_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nni_core.client.watching import Watched


@click.command()
@click.option(
    "--time",
    "-t",
    "interval",
    type=click.FloatRange(min=0.1),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between looks.",
)
@click.option("--once", is_flag=True, help="Look once and end.")
@json_option("Look once, and print what there is as JSON.")
def top(interval: float, once: bool, as_json: bool) -> None:
    """Watch the experiments that run: how far they are, the best result, and the trials that run now.

    Ends with q or Ctrl-C. Where there is no terminal it looks once.
    """
    from nni_core.client.watching import watch

    if as_json:
        print_json([_document(one) for one in watch()])
        return
    if once or not sys.stdout.isatty():
        _print_once(watch())
        return
    _watch(interval)


def _print_once(seen: Sequence[Watched]) -> None:
    from nni_core.cli.tables import terminal_console
    from nni_core.cli.top_screen import plain_lines, screen

    if sys.stdout.isatty():
        terminal_console().print(screen(seen, height=1_000))
    else:
        click.echo("\n".join(plain_lines(seen)))


def _watch(interval: float) -> None:
    """Redraw until the user has seen enough."""
    from rich.console import Console
    from rich.live import Live

    from nni_core.cli.keyboard import Keyboard
    from nni_core.cli.top_screen import screen
    from nni_core.client.watching import watch

    console = Console(highlight=False, markup=False)

    def drawn() -> RenderableType:
        # One line is left for what belongs to nobody: how to get out.
        return screen(watch(), height=console.height - 1, told=f"every {interval:g} s; q ends")

    try:
        with Keyboard() as keyboard, Live(drawn(), console=console, screen=True, auto_refresh=False) as live:
            while keyboard.wait(interval) not in {"q", "Q"}:
                live.update(drawn(), refresh=True)
    except KeyboardInterrupt:
        # As in NNI: to end it this way is no failure.
        return


def _document(one: Watched) -> dict[str, Any]:
    import attrs

    summary = attrs.asdict(one.summary)
    return {**summary, "finished": one.summary.finished, "running_trials": [attrs.asdict(t) for t in one.running]}
