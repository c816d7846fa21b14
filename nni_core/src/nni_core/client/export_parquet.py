"""Exports as Parquet: one typed column for each fact, metric and parameter. pyarrow is asked for only here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from nni_core.client.export_rows import FACTS, TIMES, Row
from nni_core.errors import PluginError, Problem
from nni_core.model import Json

_WHOLE_NUMBERS = range(-(2**63), 2**63)


def require_pyarrow() -> None:
    """:raises PluginError: when pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        message = "Parquet is written by pyarrow, which is not installed"
        advice = "pip install 'nni-core[parquet]', or export as jsonl, which holds the same"
        raise PluginError(Problem(code="NNI536", message=message, help=advice))


def parquet_bytes(rows: Sequence[Row]) -> bytes:
    """A Parquet file. Metrics stand in columns ``metric.NAME`` (``metric.default`` when a result is one number),
    parameters in ``parameter.NAME``, nested ones as JSON text; ``value`` is the whole result as JSON text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: pa.array([row[name] for row in rows], _fact_type(pa, name)) for name in FACTS}
    values = [_metrics(row["value"]) for row in rows]
    columns |= {f"metric.{name}": pa.array(cells, pa.float64()) for name, cells in _by_name(values).items()}
    columns["value"] = pa.array([row["value"] for row in rows], pa.string())
    columns["intermediate"] = pa.array([_curve(row) for row in rows], pa.list_(pa.float64()))
    for name, cells in _by_name([row["parameter"] for row in rows]).items():
        columns[f"parameter.{name}"] = _typed(pa, cells)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _fact_type(pa: Any, name: str) -> Any:
    if name in TIMES:
        return pa.timestamp("ms", tz="UTC")
    if name == "duration":
        return pa.float64()
    return pa.string() if name in {"trialJobId", "status", "source", "message"} else pa.int64()


def _metrics(value: str | None) -> Mapping[str, float | None]:
    found = None if value is None else json.loads(value)
    numbers = found if isinstance(found, Mapping) else {} if found is None else {"default": found}
    return {name: _number(number) for name, number in numbers.items()}


def _curve(row: Row) -> Sequence[float | None]:
    return [_metrics(text).get("default") for text in row["intermediate"]]


def _number(value: Json) -> float | None:
    """Any float, NaN too; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _by_name(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _typed(pa: Any, cells: Sequence[Json]) -> Any:
    """Numbers, booleans and texts as what they are when all of a column are alike, everything else as JSON text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {int} and all(cell is None or cell in _WHOLE_NUMBERS for cell in cells):
        return pa.array(cells, pa.int64())
    if kinds and kinds <= {int, float} and float in kinds:
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    if kinds in ({str}, {bool}):
        return pa.array(cells)
    return pa.array([None if cell is None else json.dumps(cell) for cell in cells], pa.string())
