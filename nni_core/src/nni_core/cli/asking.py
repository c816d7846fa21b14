"""Asks before something is lost for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from nni_core.errors import Problem, UserError


def yes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option that answers before anybody asks."""
    option = click.option("--yes", "-y", is_flag=True, help="Do it without asking.")
    return option(function)


def confirmed(*, yes: bool) -> bool:
    """Whether the user wants to go on; anything but yes means no, as in NNI.

    :raises UserError: when there is nobody who could answer.
    """
    if yes:
        return True
    click.echo("INFO: do you want to continue?[y/N]: ", nl=False, err=True)
    try:
        answer = input()
    except EOFError:
        click.echo(err=True)
        raise UserError(
            Problem(code="NNI562", message="nobody answered, and nothing was deleted", help="--yes does without asking")
        ) from None
    return answer.strip().lower() in {"y", "yes"}
