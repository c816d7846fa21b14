"""Offers the sink. All that is imported when plugins are listed."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import MetricSinkSpec
from nni_core.hookspecs import hookimpl


@hookimpl
def nni_metric_sinks() -> Sequence[MetricSinkSpec]:
    """Offer ``jsonl``."""
    return [
        MetricSinkSpec(
            name="jsonl",
            summary="appends every event of the experiment to a file, one JSON object a line",
            implementation="nni_sink_jsonl.sink:JsonLinesSink",
            arguments="nni_sink_jsonl.arguments:JsonLinesArguments",
        )
    ]
