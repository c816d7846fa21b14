"""``nnictl log``: the logs of an experiment and of its trials."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, chosen_trial, complete_trials, experiment_argument
from nni_core.cli.tables import Decorator, json_option, print_json
from nni_core.folders import ExperimentFolder


@click.group()
def log() -> None:
    """Read the logs of an experiment and of its trials."""


def _part(*tail: str) -> Decorator:
    """The options that say which part of a log is wanted; ``tail`` are the names of the one for the last lines."""
    options: list[Decorator] = [
        click.option("--head", "-H", type=click.IntRange(1), metavar="N", help="Only the first N lines."),
        click.option(*tail, type=click.IntRange(1), metavar="N", help="Only the last N lines."),
        click.option("--follow", "-f", is_flag=True, help="Go on showing what is written, until its writer has ended."),
        click.option("--path", "only_path", is_flag=True, help="Print where the file lies, instead of what is in it."),
        json_option("Print the path and the lines as JSON."),
    ]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _add(name: str, path_of: Callable[[ExperimentFolder], Path], told: str) -> None:
    """A command that shows one log of the experiment itself."""

    @log.command(name, help=told)
    @experiment_argument
    @_part("--tail", "-T")
    def command(experiment_id: str | None, **wanted: Any) -> None:
        folder = chosen_experiment(experiment_id)
        _show(path_of(folder), folder.is_live, **wanted)


_MANAGER = "Show the manager's log: what the experiment did, and why."
_TUNER = "Show the log of the tuner's process: what tuner and assessor print, and their tracebacks."
_add("manager", lambda folder: folder.manager_log, _MANAGER)
_add("tuner", lambda folder: folder.tuner_log, _TUNER)
_add("stdout", lambda folder: folder.manager_log, f"{_MANAGER} NNI's name for log manager.")
_add("stderr", lambda folder: folder.tuner_log, f"{_TUNER} NNI's name for log tuner.")


@log.command()
@experiment_argument
@click.option(
    "--trial_id",
    "--trial-id",
    "-T",
    shell_complete=complete_trials,
    help="Show the output of this trial (its id, the beginning of it, or its number) and not where all trials lie.",
)
@click.option("--stderr", "errors", is_flag=True, help="What the trial wrote to stderr, not to stdout.")
@_part("--tail")
def trial(experiment_id: str | None, trial_id: str | None, errors: bool, **wanted: Any) -> None:
    """Show where the trials' files lie, or the output of one trial."""
    folder = chosen_experiment(experiment_id)
    if trial_id is None:
        if wanted["head"] or wanted["tail"] or wanted["follow"] or errors:
            raise click.UsageError("--head, --tail, --follow and --stderr need the trial: --trial_id")
        _show_places(folder, as_json=wanted["as_json"])
        return
    _show_trial(folder, chosen_trial(folder, trial_id), "stderr" if errors else "stdout", wanted)


def _show_places(folder: ExperimentFolder, *, as_json: bool) -> None:
    from nni_core.client.reading import read

    trials = read(folder, "/api/v1/nni/trial-jobs")
    if as_json:
        print_json([{"id": one["trialJobId"], "path": one["logPath"]} for one in trials])
        return
    for one in trials:
        click.echo(f"id:{one['trialJobId']} path:{one['logPath']}")
    if not trials:
        click.echo("there are no trials yet")


def _show_trial(folder: ExperimentFolder, trial_id: str, stream: str, wanted: dict[str, Any]) -> None:
    from nni_core.client.reading import read
    from nni_core.model import TrialState

    def document() -> Any:
        return read(folder, f"/api/v1/trials/{trial_id}")

    def runs() -> bool:
        # Without a manager nobody writes down that it ends; to wait for that would be to wait for ever.
        return folder.is_live() and not TrialState(document()["state"]).is_terminal

    _show(Path(document()["directory"]) / stream, runs, **wanted)


def _show(
    path: Path,
    is_written: Callable[[], bool],
    *,
    head: int | None,
    tail: int | None,
    follow: bool,
    only_path: bool,
    as_json: bool,
) -> None:
    from nni_core.cli.log_file import LogFile, follow_file, write_out

    if head is not None and tail is not None:
        raise click.UsageError("--head and --tail cannot be used together")
    if follow and (head is not None or only_path or as_json):
        raise click.UsageError("--follow goes with --tail alone")
    if only_path and not as_json:
        click.echo(str(path))
        return
    with LogFile(path) as file:
        text = file.first(head) if head is not None else file.last(tail) if tail is not None else file.all()
        if as_json:
            lines = b"".join(text).decode(errors="replace").splitlines()
            print_json({"path": str(path), **({} if only_path else {"lines": lines})})
            return
        write_out(text)
        if follow:
            follow_file(file, is_written)
