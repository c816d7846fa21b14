"""The experiment that a command is about: named, or the only one that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from nni_core.errors import NotFoundError, Problem
from nni_core.folders import ExperimentFolder, all_experiments, find, live_experiments, only_one


def _complete_ids(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(folder.id) for folder in all_experiments() if folder.id.startswith(incomplete)]


def experiment_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The optional ``ID`` of commands about one experiment."""
    argument = click.argument("experiment_id", metavar="[ID]", required=False, shell_complete=_complete_ids)
    return argument(function)


def chosen_experiment(name: str | None) -> ExperimentFolder:
    """The named experiment; without a name the only one that runs, or else the only one there is.

    :raises NotFoundError: when that is none, or several.
    """
    if name is not None:
        return find(name)
    try:
        return only_one(live_experiments())
    except NotFoundError:
        known = list(all_experiments())
        if len(known) == 1:
            return known[0]
        if len(known) > 1 and not live_experiments():
            raise NotFoundError(_which(len(known))) from None
        raise


def _which(number: int) -> Problem:
    return Problem(
        code="NNI522",
        message=f"no experiment is running, and there are {number} that ended",
        help="name one of them by its id: nnictl experiment list --all shows them",
    )
