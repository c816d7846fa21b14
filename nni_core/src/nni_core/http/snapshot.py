"""All trials at one cursor, in columns, compressed once for everyone who asks."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from attrs import frozen

from nni_core.experiment.control import ExperimentControl
from nni_core.http.documents import duration_of, extra_metrics
from nni_core.http.encoding import encode
from nni_core.model import Json, Parameters, Trial, TrialId, TrialState, tag_floats

#: the fastest level: half as large as a better one would make it, in a quarter of the time
_LEVEL = 1

_STATES = [state.value for state in TrialState]
_STATE_INDEX = {state: index for index, state in enumerate(TrialState)}


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
    """Keeps the latest snapshot until something happens, and each trial's cells until that trial changes."""

    def __init__(self, control: ExperimentControl) -> None:
        self._control = control
        self._latest: Snapshot | None = None
        self._rows: dict[TrialId, _Row] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}

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
        rows = [self._row(trial) for trial in self._control.trials()]
        cells: Iterable[Sequence[Any]] = zip(*(row.cells for row in rows), strict=True) if rows else [()] * len(_CELLS)
        return TrialColumns(
            epoch=self._control.epoch,
            cursor=self._control.cursor,
            states=_STATES,
            metrics=_by_name([row.metrics for row in rows]),
            parameters=_by_name([row.parameters for row in rows]),
            **dict(zip(_CELLS, cells, strict=True)),
        )

    def _row(self, trial: Trial) -> _Row:
        row = self._rows.get(trial.id)
        # A record never changes: the same one has the same cells.
        if row is None or row.trial is not trial:
            parameters = row.parameters if row else self._named(dict(flatten(trial.parameters)))
            row = self._rows[trial.id] = _Row(
                trial=trial,
                cells=tuple(cell(trial) for cell in _CELLS.values()),
                metrics=self._named(extra_metrics(trial)),
                parameters=parameters,
            )
        return row

    def _named(self, cells: Mapping[str, Any]) -> _Named:
        names = tuple(cells)
        return _Named(names=self._names.setdefault(names, names), values=tuple(cells.values()))


@frozen(kw_only=True, slots=True)
class _Named:
    """Cells whose columns come from the search space or from a trial."""

    #: one and the same object for all trials that have the same names in the same order
    names: tuple[str, ...]
    values: tuple[Any, ...]


@frozen(kw_only=True, slots=True)
class _Row:
    """What a trial puts into the columns."""

    trial: Trial
    cells: tuple[Any, ...]
    metrics: _Named
    parameters: _Named


#: what each plain column holds of a trial
_CELLS: Mapping[str, Callable[[Trial], Any]] = {
    "id": attrgetter("id"),
    "sequence_id": attrgetter("sequence_id"),
    "parameter_id": attrgetter("parameter_id"),
    "source": attrgetter("source"),
    "state": lambda trial: _STATE_INDEX[trial.state],
    "created_at": attrgetter("created_at"),
    "started_at": attrgetter("started_at"),
    "ended_at": attrgetter("ended_at"),
    "duration": duration_of,
    "attempt": attrgetter("attempt"),
    "exit_code": attrgetter("exit_code"),
    "signal": attrgetter("signal"),
    "message": attrgetter("message"),
    "value": lambda trial: trial.final.number if trial.final else None,
    "latest": lambda trial: trial.latest.number if trial.latest else None,
    "intermediate_count": attrgetter("intermediate_count"),
}


def flatten(parameters: Parameters, prefix: str = "") -> Iterable[tuple[str, Json]]:
    """Parameters without nesting: a nested choice gives its name, and what was drawn inside it."""
    for name, value in parameters.items():
        if isinstance(value, Mapping) and "_name" in value:
            yield prefix + name, value["_name"]
            yield from flatten({key: inner for key, inner in value.items() if key != "_name"}, f"{prefix}{name}/")
        else:
            yield prefix + name, tag_floats(value)


def _by_name(rows: Sequence[_Named]) -> dict[str, Sequence[Any]]:
    """Columns by name; None where a row lacks one."""
    first = rows[0].names if rows else ()
    if all(row.names is first for row in rows):
        return dict(zip(first, zip(*(row.values for row in rows), strict=True), strict=True))
    names = dict.fromkeys(name for names in {row.names: None for row in rows} for name in names)
    cells = [dict(zip(row.names, row.values, strict=True)) for row in rows]
    return {name: [row.get(name) for row in cells] for name in names}
