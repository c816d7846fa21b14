"""Metric sinks: who else hears what happens, and how that is offered."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nni_core.model import ExperimentId, ExperimentState, Json, Metric, Trial


@frozen(kw_only=True)
class ExperimentInfo:
    """What sinks and event hooks are told of the experiment."""

    id: ExperimentId
    name: str | None
    directory: Path
    #: the experiment config in NNI's canonical (camelCase) form
    config: Mapping[str, Json]
    resumed: bool = False


class MetricSink(ABC):
    """Hears what happens in an experiment and hands it on. Called in a thread of its own, one call at a time, in the
    order of events, from a bounded queue: when the sink is too slow the oldest events are dropped for this sink alone,
    and counted. An exception is logged and counted; the next event comes all the same."""

    def start(self, experiment: ExperimentInfo) -> None:
        """The experiment began or was resumed."""

    def trial_created(self, trial: Trial) -> None: ...

    def trial_started(self, trial: Trial) -> None: ...

    def metric_reported(self, trial: Trial, metric: Metric) -> None: ...

    def trial_ended(self, trial: Trial) -> None: ...

    def stop(self, state: ExperimentState) -> None:
        """The experiment is over, or its manager goes down; nothing follows."""


@frozen(kw_only=True)
class MetricSinkSpec:
    """Offers a metric sink under a name."""

    #: what ``sinks[].name`` says; compared without regard to case
    name: str
    summary: str
    #: ``package.module:Class``, called with the fields of ``arguments`` as keyword arguments
    implementation: str
    #: attrs class of ``sinks[].class_args``
    arguments: Any = None
    aliases: Sequence[str] = ()
