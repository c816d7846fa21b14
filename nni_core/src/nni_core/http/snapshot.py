"""All trials at one cursor, in columns, compressed once for everyone who asks."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from nni_core.experiment.control import ExperimentControl
from nni_core.http.documents import duration_of, extra_metrics
from nni_core.http.encoding import encode
from nni_core.model import Json, Parameters, Trial, TrialId, TrialState, tag_floats

#: the fastest level: half as large as a better one would make it, in a quarter of the time
_LEVEL = 1

_STATES = [state.value for state in TrialState]
_STATE_INDEX = {state: index for index, state in enumerate(TrialState)}

V = TypeVar("V")


@frozen(kw_only=True)
class TrialColumns:
    """All trials in columns of equal length, in order of their sequence ids. ``state`` counts into ``states``; the
    parameters of nested choices stand under ``outer/inner``, and under ``outer`` the name of the choice."""

    epoch: str
    cursor: int
    states: Sequence[str]
    id: Sequence[str]
    sequence_id: Sequence[int]
    parameter_id: Sequence[int]
    source: Sequence[str]
    state: Sequence[int]
    created_at: Sequence[int]
    started_at: Sequence[int | None]
    ended_at: Sequence[int | None]
    duration: Sequence[float | None]
    attempt: Sequence[int]
    exit_code: Sequence[int | None]
    signal: Sequence[int | None]
    message: Sequence[str | None]
    value: Sequence[float | None]
    latest: Sequence[float | None]
    intermediate_count: Sequence[int]
    metrics: Mapping[str, Sequence[float | None]]
    parameters: Mapping[str, Sequence[Json]]


@frozen(kw_only=True)
class Snapshot:
    """The columns as bytes."""

    etag: str
    plain: bytes
    compressed: bytes


class Snapshots:
    """Keeps the latest snapshot until something happens, and the flat parameters of trials, which never change."""

    def __init__(self, control: ExperimentControl) -> None:
        self._control = control
        self._latest: Snapshot | None = None
        self._flat: dict[TrialId, Mapping[str, Json]] = {}

    def etag(self) -> str:
        """Names what a snapshot taken now would hold."""
        return f'"{self._control.epoch}-{self._control.cursor}"'

    def take(self) -> Snapshot:
        """The snapshot of now."""
        etag = self.etag()
        if self._latest is None or self._latest.etag != etag:
            plain = encode(self._columns())
            self._latest = Snapshot(etag=etag, plain=plain, compressed=gzip.compress(plain, _LEVEL, mtime=0))
        return self._latest

    def _columns(self) -> TrialColumns:
        trials = self._control.trials()
        return TrialColumns(
            epoch=self._control.epoch,
            cursor=self._control.cursor,
            states=_STATES,
            id=[trial.id for trial in trials],
            sequence_id=[trial.sequence_id for trial in trials],
            parameter_id=[trial.parameter_id for trial in trials],
            source=[trial.source for trial in trials],
            state=[_STATE_INDEX[trial.state] for trial in trials],
            created_at=[trial.created_at for trial in trials],
            started_at=[trial.started_at for trial in trials],
            ended_at=[trial.ended_at for trial in trials],
            duration=[duration_of(trial) for trial in trials],
            attempt=[trial.attempt for trial in trials],
            exit_code=[trial.exit_code for trial in trials],
            signal=[trial.signal for trial in trials],
            message=[trial.message for trial in trials],
            value=[trial.final.number if trial.final else None for trial in trials],
            latest=[trial.latest.number if trial.latest else None for trial in trials],
            intermediate_count=[trial.intermediate_count for trial in trials],
            metrics=_by_name([extra_metrics(trial) for trial in trials]),
            parameters=_by_name([self._flat_parameters(trial) for trial in trials]),
        )

    def _flat_parameters(self, trial: Trial) -> Mapping[str, Json]:
        flat = self._flat.get(trial.id)
        if flat is None:
            flat = self._flat[trial.id] = dict(flatten(trial.parameters))
        return flat


def flatten(parameters: Parameters, prefix: str = "") -> Iterable[tuple[str, Json]]:
    """Parameters without nesting: a nested choice gives its name, and what was drawn inside it."""
    for name, value in parameters.items():
        if isinstance(value, Mapping) and "_name" in value:
            yield prefix + name, value["_name"]
            yield from flatten({key: inner for key, inner in value.items() if key != "_name"}, f"{prefix}{name}/")
        else:
            yield prefix + name, tag_floats(value)


def _by_name(rows: Sequence[Mapping[str, V]]) -> dict[str, list[V | None]]:
    """Columns by name; None where a row lacks one."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
