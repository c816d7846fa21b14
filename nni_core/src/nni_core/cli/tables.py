"""Tables for people, and the same rows as JSON for scripts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

#: width of a table that is not shown on a terminal: nothing is cut off in a file
WIDE = 400


def print_json(document: Any) -> None:
    """A document as NNI prints them."""
    click.echo(json.dumps(document, indent=4, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, empty: str) -> None:
    """Rows under their columns; ``empty`` is said when there are none."""
    kept = list(rows)
    if not kept:
        click.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in kept:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    # A trial's own words may hold whatever makes a terminal dance.
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def when(milliseconds: int | None) -> str | None:
    """A time for people."""
    return None if milliseconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(milliseconds / 1000))
