"""Exports that are text: JSON, JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from nni_core.client.export_rows import FACTS, TIMES, Row
from nni_core.model import Json, tag_floats

#: a spreadsheet takes a cell that begins so for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def json_text(rows: Sequence[Row]) -> Iterator[str]:
    """A JSON list. Indented all through it would be five times as slow to write, and no better to read: one row is one
    line."""
    yield "[\n" if rows else "[]\n"
    for number, row in enumerate(rows, 1):
        yield f"    {_line(row)}{',' if number < len(rows) else ''}\n"
    if rows:
        yield "]\n"


def json_lines(rows: Sequence[Row]) -> Iterator[str]:
    """One row a line."""
    return (f"{_line(row)}\n" for row in rows)


def _line(row: Row) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False)
    except ValueError:
        # Only a parameter can be: results are texts already.
        return json.dumps(tag_floats(row), ensure_ascii=False, allow_nan=False)


def csv_lines(rows: Sequence[Row]) -> Iterator[str]:
    """A header and a line for each row. Columns stand in a fixed order: the facts of a row with everything, the metric
    (``reward``, or the keys of a dict), ``intermediate``, the parameters, and the trial's id in NNI's rows."""
    flat = [_Flat.of(row) for row in rows]
    columns = _columns(flat)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_cell(column.header) for column in columns])
    for cells in flat:
        writer.writerow([_cell(column.of(cells)) for column in columns])
        if buffer.tell() > 1 << 16:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


@frozen
class _Flat:
    """A row in its groups of cells."""

    facts: Mapping[str, Any]
    metrics: Mapping[str, Any]
    intermediate: str | None
    parameters: Mapping[str, Any]

    @classmethod
    def of(cls, row: Row) -> _Flat:
        value = None if row["value"] is None else json.loads(row["value"])
        curve = row.get("intermediate")
        return cls(
            facts={name: _when(row[name]) if name in TIMES else row[name] for name in FACTS if name in row},
            metrics=value if isinstance(value, dict) else {} if value is None else {"reward": value},
            intermediate=None if curve is None else f"[{','.join(curve)}]",
            parameters=row["parameter"],
        )


@frozen(kw_only=True)
class _Column:
    group: str
    name: str
    header: str

    def of(self, cells: _Flat) -> Any:
        found = getattr(cells, self.group)
        return found.get(self.name) if isinstance(found, Mapping) else found


def _columns(flat: Sequence[_Flat]) -> list[_Column]:
    facts = _names(cells.facts for cells in flat)
    metrics = _names(cells.metrics for cells in flat)
    parameters = _names(cells.parameters for cells in flat)
    curve = ["intermediate"] if any(cells.intermediate is not None for cells in flat) else []
    taken = {*facts, *curve, "trialJobId"}
    before = facts if len(facts) > 1 else []
    columns = [_Column(group="facts", name=name, header=name) for name in before]
    columns += [_Column(group="metrics", name=name, header=_header(name, taken, "metric")) for name in metrics]
    columns += [_Column(group="intermediate", name=name, header=name) for name in curve]
    taken |= {column.header for column in columns}
    columns += [_Column(group="parameters", name=name, header=_header(name, taken, "parameter")) for name in parameters]
    if not before:
        columns.append(_Column(group="facts", name="trialJobId", header="trialJobId"))
    return columns


def _names(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for one in cells for name in one))


def _header(name: str, taken: set[str], group: str) -> str:
    """A name that two columns claim is the first one's."""
    return f"{group}.{name}" if name in taken else name


def _when(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cell(value: Json) -> Any:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
