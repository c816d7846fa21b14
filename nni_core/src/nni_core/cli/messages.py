"""How nnictl speaks: NNI's two forms of lines, and problems."""

from __future__ import annotations

import time
from collections.abc import Iterable

import click

from nni_core.errors import Problem


def say(text: str) -> None:
    """A line with the time, as ``nnictl create`` prints them."""
    click.echo(f"[{time.strftime('%Y-%m-%d %H:%M:%S')}] {text}")


def inform(text: str) -> None:
    """A line as ``nnictl stop`` prints them."""
    click.echo(f"INFO:  {text}")


def warn(problems: Iterable[Problem]) -> None:
    """Problems that stop nothing, on stderr."""
    for problem in problems:
        if not problem.fatal:
            click.echo(problem.render(), err=True)
