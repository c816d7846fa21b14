"""The experiment that a command is about, and the trial: named in full, by a beginning, or the only one that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from nni_core.errors import NniError, NotFoundError, Problem
from nni_core.folders import ExperimentFolder, all_experiments, find, live_experiments, only_one


def complete_experiments(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of experiments for a shell, those that run first."""
    folders = [folder for folder in all_experiments() if folder.id.startswith(incomplete)]
    ordered = sorted(folders, key=lambda folder: not folder.is_live())
    return [CompletionItem(folder.id, help="running" if folder.is_live() else "ended") for folder in ordered]


def complete_running(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of experiments that run."""
    return [CompletionItem(folder.id) for folder in live_experiments() if folder.id.startswith(incomplete)]


def complete_ended(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of experiments that do not run."""
    folders = [folder for folder in all_experiments() if folder.id.startswith(incomplete) and not folder.is_live()]
    return [CompletionItem(folder.id) for folder in folders]


def complete_trials(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of the trials of the experiment that was named before, or of the only one."""
    from nni_core.client.reading import read

    try:
        columns = read(chosen_experiment(context.params.get("experiment_id")), "/api/v1/trials?layout=columns")
    except NniError:
        # There is nobody to tell: a shell that asks shows nothing.
        return []
    states = [columns["states"][state] for state in columns["state"]]
    pairs = zip(columns["id"], states, strict=True)
    return [CompletionItem(trial_id, help=state) for trial_id, state in pairs if trial_id.startswith(incomplete)]


def experiment_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The optional ``ID`` of commands about one experiment."""
    argument = click.argument("experiment_id", metavar="[ID]", required=False, shell_complete=complete_experiments)
    return argument(function)


def chosen_experiment(name: str | None) -> ExperimentFolder:
    """The named experiment; without a name the only one that runs, or else the only one there is.

    :raises NotFoundError: when that is none, or several.
    """
    from nni_core.client.views import as_viewed, live_views
    from nni_core.client.views import known as known_experiments

    if name is not None:
        return as_viewed(find(name, known_experiments()))
    try:
        return only_one(live_experiments() or live_views())
    except NotFoundError:
        known = known_experiments()
        if len(known) == 1:
            return known[0]
        if len(known) > 1 and not live_experiments():
            raise NotFoundError(_which(len(known))) from None
        raise


def chosen_trial(folder: ExperimentFolder, name: str) -> str:
    """The id of the trial that is meant by an id, by the only id that begins so, or by a number as in ``trial ls``.

    :raises NotFoundError: when there is none, or several.
    """
    from nni_core.client.reading import read

    columns = read(folder, "/api/v1/trials?layout=columns")
    ids: list[str] = columns["id"]
    if name in ids:
        return name
    if name.isdecimal():
        numbered: dict[int, str] = dict(zip(columns["sequence_id"], ids, strict=True))
        if int(name) in numbered:
            return numbered[int(name)]
    begun = [trial_id for trial_id in ids if name and trial_id.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    raise NotFoundError(_no_trial(folder, name, begun))


def _no_trial(folder: ExperimentFolder, name: str, begun: list[str]) -> Problem:
    if begun:
        shown = ", ".join(begun[:5])
        return Problem(code="NNI567", message=f"'{name}' begins several trials: {shown}", help="write the whole id")
    return Problem(
        code="NNI567",
        message=f"experiment {folder.id} has no trial '{name}'",
        help=f"nnictl trial ls {folder.id} shows its trials",
    )


def _which(number: int) -> Problem:
    return Problem(
        code="NNI522",
        message=f"no experiment is running, and there are {number} that ended",
        help="name one of them by its id: nnictl experiment list --all shows them",
    )
