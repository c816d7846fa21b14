"""Tables for people, and the same rows as JSON for scripts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import east_asian_width

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

#: puts something on the function of a command
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

#: width of a table that is not shown on a terminal: nothing is cut off in a file
WIDE = 400

#: colours of states, where there are colours
STYLES = {
    "RUNNING": "green",
    "INITIALIZED": "green",
    "SUCCEEDED": "green",
    "ok": "green",
    "DONE": "blue",
    "VIEWED": "cyan",
    "NO_MORE_TRIAL": "yellow",
    "TUNER_NO_MORE_TRIAL": "yellow",
    "STOPPING": "yellow",
    "STARTING": "yellow",
    "EARLY_STOPPED": "yellow",
    "clash": "yellow",
    "warn": "yellow",
    "ERROR": "red",
    "FAILED": "red",
    "UNREADABLE": "red",
    "broken": "red",
    "fail": "red",
    "STOPPED": "dim",
    "USER_CANCELED": "dim",
    "SYS_CANCELED": "dim",
}


def print_json(document: Any) -> None:
    """A document as NNI prints them."""
    click.echo(json.dumps(document, indent=4, ensure_ascii=False))


def json_option(what: str = "For scripts.") -> Decorator:
    """The option ``--json`` that every command with something to tell has."""
    return click.option("--json", "as_json", is_flag=True, help=what)


def json_anyway_option() -> Decorator:
    """The same option for a command that prints JSON in any case: scripts need not know which do."""
    return click.option("--json", is_flag=True, expose_value=False, help="It prints JSON without this, too.")


def print_table(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    empty: str,
    numbers: Sequence[str] = (),
    shortened: Sequence[str] = (),
) -> None:
    """Rows under their columns; ``empty`` is said when there are none. Columns named in ``numbers`` are set to the
    right; those in ``shortened`` give way first where a terminal is too narrow."""
    kept = list(rows)
    if not kept:
        click.echo(empty)
        return
    if sys.stdout.isatty():
        terminal_console().print(table_of(columns, kept, numbers=numbers, shortened=shortened))
    else:
        click.echo("\n".join(_plain_lines(columns, kept, numbers)))


def table_of(
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    numbers: Sequence[str] = (),
    shortened: Sequence[str] = (),
) -> Table:
    """A table without a frame."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        # rich narrows the columns that may wrap before those that may not.
        may_give = column in shortened or not shortened
        justify: Literal["left", "right"] = "right" if column in numbers else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=not may_give)
    for row in rows:
        table.add_row(*(_text(cell(row.get(column)), one_line=column in shortened) for column in columns))
    return table


def _plain_lines(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], numbers: Sequence[str]) -> Iterator[str]:
    """The same table for a pipe: no colour, nothing cut off, and thousands of rows at once."""
    lines = [list(columns), *([cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(_width, texts)) for texts in zip(*lines, strict=True)]
    for line in lines:
        padded = [
            f"{' ' * (width - _width(text))}{text}" if column in numbers else f"{text}{' ' * (width - _width(text))}"
            for column, width, text in zip(columns, widths, line, strict=True)
        ]
        yield "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """How many places a text takes: ideographs take two."""
    return len(text) if text.isascii() else sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def _text(text: str, *, one_line: bool) -> Text:
    from rich.text import Text

    if one_line:
        return Text(text, no_wrap=True, overflow="ellipsis")
    return Text(text, style=STYLES.get(text, ""))


def terminal_console() -> Console:
    """A console on stdout: coloured and as wide as the terminal, or plain and wide where there is none."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False)


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    # A trial's own words may hold whatever makes a terminal dance.
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def when(milliseconds: int | None) -> str | None:
    """A time for people."""
    return None if milliseconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(milliseconds / 1000))


def nni_time(milliseconds: int | str | None) -> Any:
    """A time as NNI prints it in documents; what is none, such as ``N/A``, stays as it is."""
    if not isinstance(milliseconds, int):
        return milliseconds
    return time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(milliseconds / 1000))


def since(milliseconds: int | None) -> str | None:
    """When something began, as short as it stays clear: with the year only when it is not this one."""
    if milliseconds is None:
        return None
    then = time.localtime(milliseconds / 1000)
    return time.strftime("%m-%d %H:%M" if then.tm_year == time.localtime().tm_year else "%Y-%m-%d", then)


def how_long(seconds: float | None) -> str | None:
    """A duration in its two largest units."""
    if seconds is None:
        return None
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3_600}h {whole % 3_600 // 60:02}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3_600:02}h"


def size(number: int) -> str:
    """Bytes in the unit that leaves at most four digits."""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1_000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1_000
    return f"{amount:.1f} TB"
