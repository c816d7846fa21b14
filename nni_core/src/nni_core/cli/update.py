"""``nnictl update``: change a running experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from nni_core.cli.choosing import chosen_experiment, complete_running
from nni_core.cli.messages import inform
from nni_core.cli.tables import json_option, print_json
from nni_core.errors import ConfigError, Problem


@click.group()
def update() -> None:
    """Change a running experiment: its search space and its limits."""


def running_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The optional ``ID`` of commands about an experiment that runs."""
    argument = click.argument("experiment_id", metavar="[ID]", required=False, shell_complete=complete_running)
    return argument(function)


@update.command()
@running_argument
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

    document = change_space(chosen_experiment(experiment_id), filename)
    _tell("searchSpace", document, {"search_space": document["config"]["searchSpace"]}, as_json=as_json)


@update.command()
@running_argument
@click.option("--value", "-v", required=True, metavar="N", help="Trials that may run at the same time.")
@json_option("Print the limits as they stand then.")
def concurrency(experiment_id: str | None, value: str, as_json: bool) -> None:
    """Change how many trials run at the same time. Trials that run already are not ended."""
    _change("concurrency", experiment_id, {"trial_concurrency": whole_number(value, most=1_000)}, as_json=as_json)


@update.command()
@running_argument
@click.option("--value", "-v", required=True, metavar="DURATION", help="Such as 30s, 10m, 1h, 1h30m or 2d.")
@json_option("Print the limits as they stand then.")
def duration(experiment_id: str | None, value: str, as_json: bool) -> None:
    """Change how long the experiment may run, the time that it has run already included."""
    _change("duration", experiment_id, {"max_experiment_duration": duration_of(value, "--value")}, as_json=as_json)


@update.command()
@running_argument
@click.option("--value", "-v", required=True, metavar="N", help="Trials to create, those that there are included.")
@json_option("Print the limits as they stand then.")
def trialnum(experiment_id: str | None, value: str, as_json: bool) -> None:
    """Change how many trials are created."""
    _change("trialnum", experiment_id, {"max_trial_number": whole_number(value, most=999_999_999)}, as_json=as_json)


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

    document = change(chosen_experiment(experiment_id), changes)
    _tell(name, document, {"limits": document["limits"]}, as_json=as_json)


def _tell(name: str, document: Mapping[str, Any], now: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"id": document["id"], "revision": document["revision"], **now})
    else:
        inform(f"Update {name} success!")
