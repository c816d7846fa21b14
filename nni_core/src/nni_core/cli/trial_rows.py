"""Trials as ``nnictl trial ls`` shows them: rows for people, and NNI's documents for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nni_core.cli.tables import how_long, nni_time, since
from nni_core.model import Json, default_number

COLUMNS = ("no.", "id", "status", "result", "started", "took", "parameters", "message")
NUMBERS = ("no.", "result", "took")
SHORTENED = ("parameters", "message")


def row_of(document: Mapping[str, Json]) -> Mapping[str, Any]:
    """A row from one of NNI's trial documents."""
    began, ended = document["startTime"], document.get("endTime")
    waits = document["status"] == "WAITING"
    record = json.loads(document["hyperParameters"][0])
    return {
        "no.": document["sequenceId"],
        "id": document["trialJobId"],
        "status": document["status"],
        "result": _result(document),
        "started": None if waits else since(began),
        "took": None if ended is None else _took(ended - began),
        "parameters": " ".join(f"{name}={_short(value)}" for name, value in _flat(record["parameters"])),
        "message": document.get("message") or "",
    }


def as_nni_prints(document: Mapping[str, Json]) -> Mapping[str, Json]:
    """The document with its keys in order and its times as text."""
    times = {key: nni_time(document[key]) for key in ("startTime", "endTime") if key in document}
    return dict(sorted({**document, **times}.items()))


def _result(document: Mapping[str, Json]) -> float | None:
    final = document.get("finalMetricData")
    return default_number(json.loads(json.loads(final[0]["data"]))) if final else None


def _took(milliseconds: int) -> str | None:
    return f"{milliseconds / 1000:.1f}s" if milliseconds < 60_000 else how_long(milliseconds / 1000)


def _flat(parameters: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    """A nested choice gives its name, and what was drawn inside it."""
    for name, value in parameters.items():
        if isinstance(value, Mapping) and "_name" in value:
            yield f"{prefix}{name}", value["_name"]
            yield from _flat({key: inner for key, inner in value.items() if key != "_name"}, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value


def _short(value: Json) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
