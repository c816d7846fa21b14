"""Types that custom tuners and assessors name in their annotations."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = ["ParameterRecord", "Parameters", "SearchSpace", "TrialMetric", "TrialRecord"]

#: what a trial is to try
Parameters = dict[str, Any]
#: the search space of a config
SearchSpace = dict[str, Any]
#: what a trial reports: a number, or a dict with a number under ``default``
TrialMetric = Any


class TrialRecord(TypedDict):
    """A result from elsewhere, as :meth:`nni.tuner.Tuner.import_data` is given it."""

    parameter: Parameters
    value: TrialMetric


class ParameterRecord(TypedDict, total=False):
    """Content of a trial's ``parameter.cfg``."""

    parameter_id: int
    parameters: Parameters
    parameter_source: str
    parameter_index: int
    trial_job_id: str
