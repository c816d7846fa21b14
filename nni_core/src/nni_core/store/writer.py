"""Writes the log: in one thread, or at once for a caller who knows that nothing is under way.

Everything that waits goes into one transaction. What is written survives the end of every process, its own included;
to survive a loss of power it must be durable, which takes a disk's time, and is for the thread to wait for.
"""

from __future__ import annotations

import math
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from nni_core.store.base import StaleManagerError, StoreError
from nni_core.store.codec import encode_body, encode_value, number_of
from nni_core.store.events import Event, ManagerStarted, MetricReported, TrialRequeued
from nni_core.store.sql import QUERIES

#: seconds that a transaction takes at most where it is quicker to write it than to hand it to the thread and hear of it
QUICK = 0.003

#: all that a file's content takes to be durable
_sync = getattr(os, "fdatasync", os.fsync)

_SQLITE_INTEGERS = range(-(2**63), 2**63)

MetricRow = tuple[int, str, str, int, int, str, float | None, int]


@frozen(kw_only=True, slots=True)
class Entry:
    """An event in the form in which it is written."""

    number: int
    row: tuple[int, int, str, str]
    metric: MetricRow | None = None
    #: of a manager that takes charge with this event
    epoch: int | None = None
    #: the trial whose reports so far are forgotten with this event
    forgets: str | None = None


def entry_of(event: Event) -> Entry:
    """Encode an event.

    :raises ValueError: when a value cannot be kept (NaN, an integer beyond 64 bits where a column takes it).
    """
    kind, text = encode_body(event.body)
    body = event.body
    return Entry(
        number=event.number,
        row=(event.number, event.timestamp, kind, text),
        metric=_metric_row(event, body) if isinstance(body, MetricReported) else None,
        epoch=body.epoch if isinstance(body, ManagerStarted) else None,
        forgets=body.trial_id if isinstance(body, TrialRequeued) else None,
    )


def _metric_row(event: Event, body: MetricReported) -> MetricRow:
    if body.sequence not in _SQLITE_INTEGERS or body.parameter_id not in _SQLITE_INTEGERS:
        raise ValueError(f"a report of trial {body.trial_id} has a sequence or parameter id beyond 64 bits")
    return (
        event.number,
        body.trial_id,
        body.kind.value,
        body.sequence,
        body.parameter_id,
        encode_value(body.value),
        number_of(body),
        event.timestamp,
    )


def epoch_after(epoch: int, entries: Sequence[Entry]) -> int:
    """The epoch in force when these entries are written.

    :raises StoreError: when one of them starts a manager that does not come after all earlier ones.
    """
    for started in (entry.epoch for entry in entries if entry.epoch is not None):
        if started <= epoch:
            raise StoreError(f"a manager with epoch {started} cannot follow one with epoch {epoch}")
        epoch = started
    return epoch


class Writer:
    """Owns the writing connection. ``written``, ``durable`` and ``failed`` are called in its thread, after what was
    :meth:`put`. After a failure nothing is written any more."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: threading.Lock,
        *,
        log: Path | None,
        written: Callable[[int], None],
        durable: Callable[[int], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """``log``: the write-ahead log; None when there is none, and what is written is durable at once.

        :raises OSError: when the log cannot be opened.
        """
        self._connection = connection
        self._lock = lock
        self._log = None if log is None else os.open(log, os.O_RDONLY | os.O_CLOEXEC)
        self._written = written
        self._durable = durable
        self._failed = failed
        self._epoch, self._last = connection.execute(QUERIES["fence"]).fetchone()
        #: seconds that the latest transaction took
        self._took = math.inf
        self._queue: queue.SimpleQueue[Sequence[Entry] | None] = queue.SimpleQueue()
        # A daemon, so that a program which forgets to close a store can still end: nothing acknowledged is lost.
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def last_at_start(self) -> int:
        """Number of the latest event when the writer was made."""
        return int(self._last)

    @property
    def is_quick(self) -> bool:
        """Whether the latest transaction was so quick that the next may be waited for. Not known before the first."""
        return self._took <= QUICK

    def put(self, entries: Sequence[Entry]) -> None:
        """Have entries written, numbered on from the ones before, and everything so far made durable."""
        self._queue.put(entries)

    def close(self) -> None:
        """Write what is queued, then let go of the connection. May be called twice."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def _run(self) -> None:
        while (waiting := self._take()) is not None:
            try:
                if waiting:
                    self.write(waiting)
                    self._written(self._last)
                through = self._last
                if self._log is not None:
                    _sync(self._log)
            except Exception as error:  # noqa: BLE001 - the border of the thread: whoever waits must hear of it
                self._failed(error)
                return
            self._durable(through)

    def _take(self) -> list[Entry] | None:
        """Everything that waits; waits for something when nothing does. None at the end."""
        entries: list[Entry] = []
        batch = self._queue.get()
        if batch is None:
            return None
        while batch is not None:
            entries.extend(batch)
            try:
                batch = self._queue.get_nowait()
            except queue.Empty:
                return entries
        # The end was seen, and there is something to do before it.
        self._queue.put(None)
        return entries

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries, numbered on from the ones before, now. For callers who know that nothing is queued.

        :raises Exception: when they cannot be written. Nothing may be written afterwards.
        """
        began = time.monotonic()
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                epoch = self._fenced_epoch(entries)
                self._insert(entries)
                self._connection.execute("COMMIT")
            except BaseException:
                # Some failures have ended the transaction already; the first one is what counts.
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        self._epoch, self._last = epoch, entries[-1].number
        self._took = time.monotonic() - began

    def _insert(self, entries: Sequence[Entry]) -> None:
        self._connection.executemany(QUERIES["insert_event"], [entry.row for entry in entries])
        if metrics := [entry.metric for entry in entries if entry.metric]:
            self._connection.executemany(QUERIES["insert_metric"], metrics)
        if forgotten := [(entry.forgets, entry.number) for entry in entries if entry.forgets]:
            self._connection.executemany(QUERIES["forget_metrics"], forgotten)

    def _fenced_epoch(self, entries: Sequence[Entry]) -> int:
        """The epoch after these entries; raises when this manager has been replaced."""
        epoch, last = self._connection.execute(QUERIES["fence"]).fetchone()
        if (epoch, last) != (self._epoch, self._last):
            raise StaleManagerError(
                f"another manager (epoch {epoch}, event {last}) has taken over this experiment from this one "
                f"(epoch {self._epoch}, event {self._last}); nothing more is written here"
            )
        after = epoch_after(epoch, entries)
        if after != epoch:
            self._connection.execute(QUERIES["advance_epoch"], (after,))
        return after
