"""``nnictl validate``: everything that ``create`` would say, without starting anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nni_core.cli.config_option import config_option

if TYPE_CHECKING:
    from nni_core.client.validating import Program, SpaceSize, Verdict


@click.command()
@config_option(help_="The config file (YAML or JSON); config.yaml when neither is named.", required=False)
@click.option("--space", type=click.Path(path_type=Path), metavar="FILE", help="A file that holds a search space.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of what was found, one object for each file.")
def validate(config: Path | None, space: Path | None, as_json: bool) -> int:
    """Check a config, or a search space, without starting anything.

    Says what create would say, and what it would use. Exits with 2 when something must be mended first.
    """
    import asyncio

    from nni_core.cli.tables import print_json
    from nni_core.client.validating import validate_config, validate_space
    from nni_core.plugins import discover_plugins

    verdicts = []
    if space is not None:
        verdicts.append(validate_space(space))
    if config is not None or space is None:
        verdicts.append(asyncio.run(validate_config(config or Path("config.yaml"), discover_plugins())))
    if as_json:
        print_json([verdict.as_json() for verdict in verdicts])
    else:
        for verdict in verdicts:
            _show(verdict)
    return 0 if all(verdict.valid for verdict in verdicts) else 2


def _show(verdict: Verdict) -> None:
    from nni_core.cli.messages import show_problems

    show_problems([*verdict.errors, *verdict.warnings])
    if not verdict.valid:
        click.echo(f"{verdict.file}: {_counted(len(verdict.errors), 'mistake')} to mend")
    else:
        warned = f", with {_counted(len(verdict.warnings), 'warning')}" if verdict.warnings else ""
        click.echo(f"{verdict.file} is valid{warned}")
        for title, text in _facts(verdict):
            click.echo(f"  {title:<17} {text}")
    if verdict.converted is not None:
        click.echo(f"\nIt is written for NNI v1. The same for v2 and later:\n\n{verdict.converted}", nl=False)


def _facts(verdict: Verdict) -> list[tuple[str, str]]:
    facts = [
        (plugin.kind.replace("_", " "), f"{plugin.name} ({plugin.distribution} {plugin.version})")
        if plugin.distribution
        else (plugin.kind.replace("_", " "), f"{plugin.name} (your own)")
        for plugin in verdict.plugins
    ]
    if verdict.space:
        facts.append(("search space", _size(verdict.space)))
    config = verdict.config
    if config is not None:
        limit = "until stopped" if config.max_trial_number is None else str(config.max_trial_number)
        facts.append(("trials", f"{limit}, {config.trial_concurrency} at a time"))
    if verdict.program:
        facts.append(("command's program", _found(verdict.program)))
    return facts


def _size(space: SpaceSize) -> str:
    points = "endlessly many points" if space.points is None else _counted(space.points, "point")
    return f"{_counted(space.parameters, 'parameter')}, {points}"


def _found(program: Program) -> str:
    return program.path or f"{program.name} is not on this machine"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
