"""How nnictl speaks: NNI's two forms of lines, and problems."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import click

from nni_core.errors import Problem

#: problems printed one by one; the rest is counted
PROBLEMS_SHOWN = 20
#: classes of codes that say something of a file or a plugin: there is more to tell about them than the message does
_EXPLAINED = ("NNI1", "NNI2", "NNI3", "NNI4")


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


def show_problems(problems: Sequence[Problem]) -> None:
    """Every problem on stderr, or as many as anybody reads at once, and where more is said about the first of them."""
    for problem in problems[:PROBLEMS_SHOWN]:
        click.echo(problem.render(), err=True)
    if (more := len(problems) - PROBLEMS_SHOWN) > 0:
        click.echo(f"and {more} more like these", err=True)
    explained = next((one.code for one in problems if one.fatal and one.code.startswith(_EXPLAINED)), None)
    if explained:
        click.echo(f"nnictl explain {explained} tells more", err=True)
