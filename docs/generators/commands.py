"""Commands of nnictl, asked of click itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from generators.markdown import code, page, table
from nni_core.cli.main import COMMANDS, nnictl


def commands_page() -> str:
    """Every command with its arguments and options."""
    introduction = (
        "Options that all commands have: `-h`, `--help`; and `nnictl -v`, `nnictl --version`. "
        "A plugin may add commands; `nnictl --help` lists those that are there."
    )
    exit_codes = table(
        ["exit code", "meaning"],
        [
            ("0", "done"),
            ("1", "what the command says of itself; anything else: a fault of nnictl, with traceback"),
            ("2", "a mistake of the user, named with its place and its fix"),
            ("3", "the machine does not offer what was asked: a busy port, an unwritable folder"),
            ("130", "interrupted by Ctrl-C"),
        ],
    )
    described = [_section(path, command) for path, command in core_commands()]
    return page("# nnictl", introduction, "## Exit codes", exit_codes, *described)


def core_commands() -> Iterator[tuple[str, click.Command]]:
    """Our own commands with the words that call them, groups before what is in them."""
    context = click.Context(nnictl, info_name="nnictl")
    for verb in COMMANDS:
        command = nnictl.get_command(context, verb)
        if command is None:
            raise LookupError(f"the table of commands names '{verb}', and there is no such command")
        yield from _with_inner(f"nnictl {verb}", command)


def _with_inner(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _with_inner(f"{path} {name}", inner)


def _section(path: str, command: click.Command) -> str:
    help_text = inspect.cleandoc(command.help or "").replace("*", "\\*")
    if isinstance(command, click.Group):
        return page(f"## {path}", help_text)
    level = "##" if path.count(" ") == 1 else "###"
    usage = " ".join([path, *command.collect_usage_pieces(click.Context(command))])
    options = [option for option in command.params if isinstance(option, click.Option)]
    rows = [(_names(option), option.help or "", _default(option)) for option in options]
    described = table(["option", "meaning", "default"], rows) if rows else ""
    return page(f"{level} {path}", f"```text\n{usage}\n```", help_text, described)


def _names(option: click.Option) -> str:
    names = ", ".join(code(name) for name in option.opts)
    value = "" if option.is_flag else f" {code(option.make_metavar(click.Context(click.Command('nnictl'))))}"
    return names + value


def _default(option: click.Option) -> str:
    if option.required:
        return "**required**"
    return code(str(option.default)) if option.show_default else ""
