"""Results from elsewhere, as rows that NNI's ``import-data`` takes: each is checked, and mistakes are told by place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from nni_core.errors import Problem
from nni_core.experiment.objectives import Objective, with_default
from nni_core.http.body import structure
from nni_core.http.problems import Refusal, refusal
from nni_core.model import Json, default_number

_VALUE = {"type": ["number", "object", "string"], "examples": [0.5, {"default": 0.5}, "0.5"]}


class ImportRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Parameters and the final result that they led to: a number, a dict with a numeric ``default`` or first objective,
    or the JSON text of either, as exports have it. The other fields of an export are taken and not looked at."""

    parameter: dict[str, Json]
    value: Annotated[Any, msgspec.Meta(extra_json_schema=_VALUE)]
    trial_job_id: str | None = None
    intermediate: list[Json] | None = None


def import_rows(body: Json, objectives: Sequence[Objective]) -> Sequence[Mapping[str, Json]]:
    """Rows for a tuner, with values as they were reported, and the first objective as their ``default``.

    :raises Refusal: 422 with every row that is wrong.
    """
    if not isinstance(body, list):
        raise refusal(422, "NNI729", "the request body does not fit: Expected `array` of rows")
    rows: list[Mapping[str, Json]] = []
    problems: list[Problem] = []
    for index, item in enumerate(body):
        try:
            rows.append(_row(item, objectives))
        except Refusal as refused:
            problems += [problem.under(index) for problem in refused.problems]
    if problems:
        raise Refusal(422, *problems)
    return rows


def _row(item: Json, objectives: Sequence[Objective]) -> Mapping[str, Json]:
    row = structure(item, ImportRow)
    value = with_default(_decoded(row.value), objectives)
    if default_number(value) is None:
        raise Refusal(422, _no_result(row.value, objectives[0].name))
    return {"parameter": row.parameter, "value": value}


def _decoded(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _no_result(value: Json, name: str) -> Problem:
    text = repr(value)
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    return Problem(
        code="NNI740",
        message=f"'value' is no result: a finite number, or an object whose {name!r} is one, is needed, got {shown}",
        help="leave out the rows of trials that reported no final result",
        key_path=("value",),
    )
