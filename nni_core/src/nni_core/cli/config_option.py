"""The config file that a command is about: ``--config FILE``, or the file alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def config_option(*, help_: str, required: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives the command ``config``, a path; None when there is none and ``required`` is False."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(config: Path | None, file: Path | None, **options: Any) -> Any:
            context = click.get_current_context()
            if config is not None and file is not None:
                context.fail(f"one config at a time: '{config}' and '{file}' were given")
            found = file if config is None else config
            if found is None and required:
                hint = "'--config' / '-c'"
                raise click.MissingParameter(ctx=context, param_hint=hint, param_type="option")
            return function(config=found, **options)

        option = click.option("--config", "-c", type=click.Path(path_type=Path), metavar="FILE", help=help_)
        argument = click.argument("file", required=False, type=click.Path(path_type=Path))
        return option(argument(command))

    return decorate
