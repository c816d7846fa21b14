"""Reading the log of an experiment, beside its writer or when nobody writes."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from nni_core.model import Metric, MetricKind, TrialId, untag_floats
from nni_core.store import database
from nni_core.store.base import StoreError
from nni_core.store.codec import UnreadableEventError, decode_body
from nni_core.store.events import Event
from nni_core.store.sql import QUERIES

_PAGE = 1000
_END_OF_TIME = 2**63 - 1


def open_readonly(path: Path) -> StoreReader:
    """Open the log of an experiment to look at it, whether its manager runs or not.

    :raises StoreError: when it is missing, damaged or of another version.
    """
    return StoreReader(database.open_for_reading(path), threading.Lock(), path)


class StoreReader:
    """The answers of a store. Usable from any thread, one call at a time.

    Rows are fetched page by page: a transaction left open would keep the writer from folding its write-ahead log
    back into the database.
    """

    def __init__(self, connection: sqlite3.Connection, lock: threading.Lock, path: Path) -> None:
        self._connection = connection
        #: held while the connection is in use; a writer on the same connection holds it through its transaction
        self._lock = lock
        self._path = path

    @property
    def last(self) -> int:
        """Number of the latest event; 0 when there is none."""
        return int(self._rows("last_event", ())[0][0])

    def replay(self, after: int = 0, through: int = _END_OF_TIME) -> Iterator[Event]:
        """Every event after a number and up to another, in order.

        :raises StoreError: when an event cannot be read.
        """
        return self._pages("page_of_events", after, through)

    def outline(self, through: int = _END_OF_TIME) -> Iterator[tuple[Event, int]]:
        """What the events up to one add up to; see :meth:`nni_core.store.base.Store.outline`.

        :raises StoreError: when an event cannot be read.
        """
        reports = deque(self._rows("last_reports", (through,)))
        for event in self._pages("page_of_outline", 0, through):
            while reports and reports[0][0] < event.number:
                *row, count = reports.popleft()
                yield self._event(*row), count
            yield event, 1
        for *row, count in reports:
            yield self._event(*row), count

    def without_reports(self) -> Iterator[Event]:
        """Every event but intermediate reports, in order.

        :raises StoreError: when one of them cannot be read.
        """
        return self._pages("page_of_outline", 0, _END_OF_TIME)

    def about_the_experiment(self) -> Iterator[Event]:
        """The events that tell of the experiment itself and not of its trials, in order.

        :raises StoreError: when one of them cannot be read.
        """
        return (self._event(*row) for row in self._rows("about_the_experiment", ()))

    def number_of(self, kind: type) -> int:
        """How many events of a kind there are."""
        return int(self._rows("number_of_kind", (kind.__name__,))[0][0])

    def latest(self, kind: type) -> Event | None:
        """The latest event of a kind.

        :raises StoreError: when it cannot be read.
        """
        rows = self._rows("latest_of_kind", (kind.__name__,))
        return self._event(*rows[0]) if rows else None

    def metrics(
        self, trial_id: TrialId | None = None, *, kind: MetricKind | None = None, through: int = _END_OF_TIME
    ) -> Sequence[Metric]:
        """Reports up to an event, in order of arrival, of one trial or of all."""
        query = "metrics" if trial_id is None else "metrics_of_trial"
        rows = self._rows(query, {"trial_id": trial_id, "kind": kind, "through": through})
        return [_metric(*row) for row in rows]

    def _pages(self, query: str, after: int, through: int) -> Iterator[Event]:
        while rows := self._rows(query, (after, through, _PAGE)):
            for number, timestamp, kind, text in rows:
                yield self._event(number, timestamp, kind, text)
            after = rows[-1][0]

    def close(self) -> None:
        """Let go. May be called twice."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _rows(self, query: str, parameters: Sequence[object] | Mapping[str, object]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(QUERIES[query], parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"cannot read {self._path}: {error}") from error

    def _event(self, number: int, timestamp: int, kind: str, text: str) -> Event:
        try:
            return Event(number=number, timestamp=timestamp, body=decode_body(kind, text))
        except UnreadableEventError as error:
            raise StoreError(f"event {number} of {self._path} cannot be read: {error}") from error


def _metric(trial_id: TrialId, kind: str, sequence: int, parameter_id: int, value: str, timestamp: int) -> Metric:
    return Metric(
        trial_id=trial_id,
        parameter_id=parameter_id,
        kind=MetricKind(kind),
        sequence=sequence,
        value=untag_floats(json.loads(value)),
        timestamp=timestamp,
    )
