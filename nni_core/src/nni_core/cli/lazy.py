"""A click group whose commands are imported when they are used, and whose help needs none of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from nni_core.errors import nearest


class LazyGroup(click.Group):
    """Commands come from a table of ``verb: ("module:attribute", summary)`` and then from plugins."""

    def __init__(self, *args: Any, commands_table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = dict(commands_table)
        self._plugins_asked = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        # Plugins are asked for a verb that is not ours; asking them for help would make it three times as slow.
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            self._ask_plugins()
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            close = nearest(args[0], self._table)
            hint = f"did you mean '{close}'?" if close else "nnictl --help lists the commands"
            ctx.fail(f"there is no command '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self._table[name][1]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _ask_plugins(self) -> None:
        """Add the verbs that plugins offer; ours are never replaced."""
        if self._plugins_asked:
            return
        self._plugins_asked = True
        from nni_core.plugin_kinds import PluginKind
        from nni_core.plugins import discover_plugins

        for spec in discover_plugins().specs(PluginKind.CLI_COMMAND):
            self._table.setdefault(spec.name, (str(spec.implementation), spec.summary))
