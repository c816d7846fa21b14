"""``nnictl update``: change the settings of an experiment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, complete_running, experiment_argument
from nni_core.cli.messages import inform
from nni_core.cli.tables import json_option, print_json
from nni_core.errors import ConfigError, Problem
from nni_core.folders import ExperimentFolder


@click.group()
def update() -> None:
    """Change an experiment: its search space, its limits and its goal."""


def running_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The optional ``ID`` of commands about an experiment that runs."""
    argument = click.argument("experiment_id", metavar="[ID]", required=False, shell_complete=complete_running)
    return argument(function)


@update.command()
@experiment_argument
@click.option(
    "--filename",
    "-f",
    required=True,
    type=click.Path(path_type=Path),
    help="JSON or YAML file with the new search space.",
)
@json_option("Print the search space as it stands then.")
def searchspace(experiment_id: str | None, filename: Path, as_json: bool) -> None:
    """Replace the search space. Trials that there are already keep their parameters."""
    from nni_core.client.changing import change_space

    folder = chosen_experiment(experiment_id)
    document = change_space(folder, filename)
    _tell("searchSpace", folder, document, {"search_space": document["config"]["searchSpace"]}, as_json=as_json)


@update.command()
@experiment_argument
@click.option("--value", "-v", required=True, metavar="N", help="Trials that may run at the same time.")
@json_option("Print the limits as they stand then.")
def concurrency(experiment_id: str | None, value: str, as_json: bool) -> None:
    """Change how many trials run at the same time. Trials that run already are not ended."""
    _change("concurrency", experiment_id, {"trial_concurrency": whole_number(value, most=1_000)}, as_json=as_json)


@update.command()
@experiment_argument
@click.option("--value", "-v", required=True, metavar="DURATION", help="Such as 30s, 10m, 1h, 1h30m or 2d.")
@json_option("Print the limits as they stand then.")
def duration(experiment_id: str | None, value: str, as_json: bool) -> None:
    """Change how long the experiment may run, the time that it has run already included."""
    _change("duration", experiment_id, {"max_experiment_duration": duration_of(value, "--value")}, as_json=as_json)


@update.command()
@experiment_argument
@click.option("--value", "-v", required=True, metavar="N", help="Trials to create, those that there are included.")
@json_option("Print the limits as they stand then.")
def trialnum(experiment_id: str | None, value: str, as_json: bool) -> None:
    """Change how many trials are created."""
    _change("trialnum", experiment_id, {"max_trial_number": whole_number(value, most=999_999_999)}, as_json=as_json)


@update.command()
@experiment_argument
@click.option("--target", "-t", metavar="NUMBER", help="A result that is good enough; none lifts that.")
@click.option(
    "--no_improvement", "--no-improvement", "-n", metavar="N", help="Trials without a better result, or none."
)
@click.option("--min_trials", "--min-trials", "-m", metavar="N", help="Trials that end with a result in any case.")
@click.option(
    "--running", type=click.Choice(["finish", "cancel"]), help="What becomes of the trials that run at that moment."
)
@click.option("--never", is_flag=True, help="Lift the goal: the limits end the experiment.")
@json_option("Print the goal as it stands then.")
def stopwhen(experiment_id: str | None, never: bool, as_json: bool, **given: str | None) -> None:
    """Change when the experiment has what it was made for: stop_when in its config.

    What is left out stays as it is. The results that there are count: one that is DONE goes on if they are not enough.
    """
    from nni_core.client.changing import change

    goal = {name: text for name, text in given.items() if text is not None}
    if bool(goal) is never:
        raise click.UsageError("give --target, --no_improvement, --min_trials or --running, or else --never")
    folder = chosen_experiment(experiment_id)
    document = change(folder, {"stop_when": None if never else {name: _part(name, goal[name]) for name in goal}})
    _tell("stopWhen", folder, document, {"stop_when": document["config"].get("stopWhen")}, as_json=as_json)


def _part(name: str, text: str) -> float | int | str | None:
    """One value of a goal as it was typed.

    :raises ConfigError: when it cannot be.
    """
    if name == "running":
        return text
    if name != "min_trials" and text.lower() == "none":
        return None
    if name == "target":
        return _number(text)
    return 0 if name == "min_trials" and text == "0" else whole_number(text, most=999_999_999, option=f"--{name}")


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(Problem(code="NNI550", message=f"--target must be a number or none, got {text[:80]!r}"))
    return number


def duration_of(text: str, option: str) -> float:
    """Seconds.

    :raises ConfigError: when the text is no duration.
    """
    from nni_core.config.durations import DurationError, parse_duration, plain_seconds

    # NNI's tools took bare numbers for seconds.
    try:
        return plain_seconds(parse_duration(int(text) if text.isascii() and text.isdigit() else text))
    except DurationError as error:
        raise ConfigError(Problem(code="NNI551", message=f"{option} {error}", help=error.help)) from error


def whole_number(text: str, *, most: int, option: str = "--value") -> int:
    """:raises ConfigError: when it is no whole number from 1 on."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        message = f"{option} must be a whole number from 1 to {most}, got {text[:80]!r}"
        raise ConfigError(Problem(code="NNI550", message=message))
    return int(text)


def _change(name: str, experiment_id: str | None, changes: Mapping[str, Any], *, as_json: bool) -> None:
    from nni_core.client.changing import change

    folder = chosen_experiment(experiment_id)
    document = change(folder, changes)
    _tell(name, folder, document, {"limits": document["limits"]}, as_json=as_json)


def _tell(
    name: str, folder: ExperimentFolder, document: Mapping[str, Any], now: Mapping[str, Any], *, as_json: bool
) -> None:
    if as_json:
        print_json({"id": document["id"], "revision": document["revision"], **now})
        return
    inform(f"Update {name} success!")
    tell_to_resume(folder)


def tell_to_resume(folder: ExperimentFolder) -> None:
    """What to type when a setting was changed and there is no manager to act on it."""
    if not folder.is_live():
        inform(f"Experiment {folder.id} does not run: nnictl resume {folder.id} goes on with it")
