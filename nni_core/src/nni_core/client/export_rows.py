"""What an export says of a trial: NNI's row, and the row with everything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from nni_core.client.reading import read
from nni_core.folders import ExperimentFolder
from nni_core.model import Json, TrialState, default_number, untag_floats

#: keys are NNI's where NNI has them
Row = Mapping[str, Json]

#: what a row with everything has beside ``parameter``, ``value`` and ``intermediate``, with its name in the document
FACTS: Mapping[str, str] = {
    "sequenceId": "sequence_id",
    "trialJobId": "id",
    "status": "state",
    "source": "source",
    "parameterId": "parameter_id",
    "attempt": "attempt",
    "createdTime": "created_at",
    "startTime": "started_at",
    "endTime": "ended_at",
    "duration": "duration",
    "exitCode": "exit_code",
    "signal": "signal",
    "message": "message",
}

#: those of them that are milliseconds since the epoch
TIMES = ("createdTime", "startTime", "endTime")


def nni_rows(folder: ExperimentFolder, *, intermediate: bool) -> Sequence[Row]:
    """One row for each trial that succeeded with a final result: ``parameter``, ``value`` (JSON text), ``trialJobId``,
    and ``intermediate`` (a list of JSON texts) when asked for."""
    if not intermediate:
        return [{**row, "value": _as_nni(row["value"])} for row in read(folder, "/api/v1/nni/export-data")]
    keys = ("parameter", "value", "trialJobId", "intermediate")
    everything = full_rows(folder, intermediate=True)
    return [
        {key: row[key] for key in keys}
        for row in everything
        if row["status"] == TrialState.SUCCEEDED and row["value"] is not None
    ]


def _as_nni(text: str) -> str:
    """JSON text of a value with ``NaN`` where our documents, which are strict JSON, have a tag."""
    return json.dumps(untag_floats(json.loads(text))) if '"$float"' in text else text


def full_rows(folder: ExperimentFolder, *, intermediate: bool) -> Sequence[Row]:
    """One row for each trial, in order of sequence ids, whatever became of it: the :data:`FACTS`, ``parameter``,
    ``metric`` (the default number; None when it is not finite) and ``value`` (JSON text; None before a final result),
    and ``intermediate`` when asked for."""
    path = f"/api/v1/results?intermediate={'true' if intermediate else 'false'}"
    return [_full_row(document, intermediate=intermediate) for document in read(folder, path)]


def _full_row(document: Mapping[str, Json], *, intermediate: bool) -> Row:
    row = {name: document[key] for name, key in FACTS.items()}
    final = untag_floats(document["final"])
    row["parameter"] = untag_floats(document["parameters"])
    row["metric"] = default_number(final)
    row["value"] = None if final is None else json.dumps(final)
    if intermediate:
        row["intermediate"] = [json.dumps(untag_floats(value)) for value in document["intermediate"]]
    return row
