"""What the Python interface says of trials, under NNI's names. Times are milliseconds since the epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Self

from attrs import field, frozen

from nni_core.model import Json, Parameters

# Fields have NNI's names, which are those of its REST interface.
# ruff: noqa: N815


@frozen(kw_only=True)
class TrialResult:
    """Parameters and final result of a trial that succeeded."""

    parameter: Parameters
    #: a number, or a dict with a number under ``default``
    value: Json
    trialJobId: str

    @classmethod
    def from_document(cls, document: Mapping[str, Json]) -> Self:
        """As the manager tells it."""
        return cls(
            parameter=document["parameter"],
            value=json.loads(document["value"]),
            trialJobId=document["trialJobId"],
        )


@frozen(kw_only=True)
class TrialMetricData:
    """One report of a trial."""

    timestamp: int
    trialJobId: str
    parameterId: str
    #: ``PERIODICAL`` or ``FINAL``
    type: str
    #: counts the intermediate reports of a trial from 0; 0 for the final one
    sequence: int
    #: what the trial reported
    data: Json

    @classmethod
    def from_document(cls, document: Mapping[str, Json]) -> Self:
        """As the manager tells it: the data is JSON text of JSON text."""
        return cls(**{**_known(cls, document), "data": json.loads(json.loads(document["data"]))})


@frozen(kw_only=True)
class TrialHyperParameters:
    """What a trial is to try, and where that came from."""

    parameter_id: int
    #: ``algorithm``, ``customized`` or ``resumed``
    parameter_source: str
    parameters: Parameters
    parameter_index: int = 0
    placement_constraint: Mapping[str, Json] | None = None
    version_info: Mapping[str, Json] | None = None

    @classmethod
    def from_document(cls, text: str) -> Self:
        """As the manager tells it: JSON text."""
        return cls(**_known(cls, json.loads(text)))


@frozen(kw_only=True)
class TrialJob:
    """One trial."""

    trialJobId: str
    status: str
    #: when it began; while it waits, when it was created
    startTime: int
    sequenceId: int
    #: the trial's own folder
    logPath: str = ""
    #: -1 while it is not over
    endTime: int = -1
    stderrPath: str = ""
    hyperParameters: Sequence[TrialHyperParameters] = field(factory=list)
    finalMetricData: Sequence[TrialMetricData] = field(factory=list)
    #: why the trial waits, failed or was ended; ``--`` when there is nothing to say
    message: str = "--"

    @classmethod
    def from_document(cls, document: Mapping[str, Json]) -> Self:
        """As the manager tells it."""
        inner = {
            "hyperParameters": [TrialHyperParameters.from_document(one) for one in document["hyperParameters"]],
            "finalMetricData": [TrialMetricData.from_document(one) for one in document.get("finalMetricData") or ()],
        }
        return cls(**{**_known(cls, document), **inner})


def _known(cls: type, document: Mapping[str, Json]) -> dict[str, Json]:
    """The fields that a record has; a newer manager may tell more."""
    return {name: document[name] for name in cls.__annotations__ if document.get(name) is not None}
