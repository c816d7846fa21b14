"""Results of an experiment as files: NNI's rows, with strings of JSON where NNI has them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nni_core.client.reading import read
from nni_core.errors import MachineError, Problem
from nni_core.folders import ExperimentFolder
from nni_core.model import Json

#: a spreadsheet takes a cell that begins so for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def exported(folder: ExperimentFolder, *, intermediate: bool) -> Sequence[dict[str, Json]]:
    """One row for each trial with a final result: ``parameter``, ``value`` (JSON text), ``trialJobId``, and
    ``intermediate`` (a list of JSON texts) when asked for."""
    rows: list[dict[str, Json]] = list(read(folder, "/api/v1/nni/export-data"))
    if intermediate:
        curves: dict[str, list[str]] = {row["trialJobId"]: [] for row in rows}
        for metric in read(folder, "/api/v1/nni/metric-data?type=PERIODICAL"):
            if metric["trialJobId"] in curves:
                curves[metric["trialJobId"]].append(json.loads(metric["data"]))
        for row in rows:
            row["intermediate"] = curves[row["trialJobId"]]
    return rows


def write_json(path: Path, rows: Sequence[dict[str, Json]]) -> None:
    """:raises MachineError: when the file cannot be written."""
    _write(path, json.dumps(list(rows), indent=4, ensure_ascii=False) + "\n")


def write_csv(path: Path, rows: Sequence[dict[str, Json]]) -> None:
    """One line for each row: the metric (``reward``, or the keys of a dict), the parameters, the trial's id.

    :raises MachineError: when the file cannot be written.
    """
    import io

    flat = [_flat(row) for row in rows]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    _write(path, text.getvalue())


def _flat(row: dict[str, Json]) -> dict[str, Any]:
    value = json.loads(row["value"])
    flat = dict(value) if isinstance(value, dict) else {"reward": value}
    if "intermediate" in row:
        flat["intermediate"] = "[" + ",".join(row["intermediate"]) + "]"
    flat |= row["parameter"]
    flat["trialJobId"] = row["trialJobId"]
    return {key: _cell(item) for key, item in flat.items()}


def _cell(value: Json) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError(Problem(code="NNI533", message=f"cannot write '{path}': {error.strerror}")) from error
