"""The store of a running experiment: SQLite, one writing connection, committed in groups.

On a quick disk a commit takes a third of a millisecond, and to have it made by a thread takes more than twice that on a
busy machine. So the event loop makes it itself, as long as the latest was quick; otherwise a thread does.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from nni_core.model import Metric, MetricKind, TrialId
from nni_core.store import database
from nni_core.store.base import StoreError
from nni_core.store.events import Event, EventBody
from nni_core.store.filesystem import is_network_file_system
from nni_core.store.pending import PendingMetrics
from nni_core.store.reader import StoreReader, open_readonly
from nni_core.store.writer import Entry, Writer, entry_of

__all__ = ["SqliteStore", "create_store", "open_readonly", "open_store"]

#: seconds that a submitted event waits for company when nobody flushes
_COMMIT_DELAY = 0.1


def create_store(path: Path, *, network: bool | None = None) -> SqliteStore:
    """Make the store of a new experiment. ``network`` tells whether ``path`` lies on a network file system; None:
    find out.

    :raises StoreError: when the file exists or cannot be made.
    """
    exclusive = is_network_file_system(path.parent) if network is None else network
    return SqliteStore(path, database.create(path, exclusive=exclusive), exclusive=exclusive)


def open_store(path: Path, *, network: bool | None = None) -> SqliteStore:
    """Open the store of an experiment to go on with it.

    :raises StoreError: when it is missing, damaged, written by a newer version or in use; says what to do.
    """
    exclusive = is_network_file_system(path.parent) if network is None else network
    return SqliteStore(path, database.open_for_writing(path, exclusive=exclusive), exclusive=exclusive)


class SqliteStore:
    """Passes :class:`nni_core.testing.store.StoreContract`. Made by :func:`create_store` and :func:`open_store`.

    Reading goes through a connection of its own, except on a network file system, where the writing connection holds
    the file alone and reading takes turns with it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, exclusive: bool) -> None:
        self._path = path
        lock = threading.Lock()
        self._writer = Writer(connection, lock, committed=self._on_committed, failed=self._on_failed)
        self._reader = (
            StoreReader(connection, lock, path)
            if exclusive
            else StoreReader(database.open_for_reading(path, check=False), threading.Lock(), path)
        )
        #: who reads from the connection that writes may hold it for long
        self._shares_connection = exclusive
        #: numbers of the latest event that is durable, that the writer has, and that there is
        self._last = self._sent = self._submitted = self._writer.last_at_start
        self._unsent: list[Entry] = []
        self._unsent_timer: asyncio.TimerHandle | None = None
        self._pending = PendingMetrics()
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._broken: StoreError | None = None

    @property
    def last(self) -> int:
        return self._last

    def submit(self, bodies: Sequence[EventBody], *, timestamp: int) -> Sequence[Event]:
        self._refuse_when_broken()
        first = self._submitted + 1
        events = [Event(number=n, timestamp=timestamp, body=body) for n, body in enumerate(bodies, first)]
        self._unsent.extend([entry_of(event) for event in events])
        self._submitted += len(events)
        for event in events:
            self._pending.add(event)
        self._loop = asyncio.get_running_loop()
        if events and self._unsent_timer is None:
            self._unsent_timer = self._loop.call_later(_COMMIT_DELAY, self._send)
        return events

    async def flush(self) -> None:
        self._refuse_when_broken()
        if self._submitted == self._last:
            return
        if self._sent == self._last and self._writer.is_quick and not self._shares_connection:
            self._commit()
            await asyncio.sleep(0)  # everybody else has a turn, as when there is something to wait for
            return
        self._send()
        future = asyncio.get_running_loop().create_future()
        self._waiters.append((self._submitted, future))
        await future

    def replay(self, after: int = 0) -> Iterator[Event]:
        return self._reader.replay(after, self._last)

    def outline(self) -> Iterator[tuple[Event, int]]:
        return self._reader.outline(self._last)

    def metrics(self, trial_id: TrialId | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        durable = self._reader.metrics(trial_id, kind=kind, through=self._last)
        return self._pending.after(durable, trial_id, kind)

    async def close(self) -> None:
        """Write what waits and let go. May be called twice.

        :raises StoreError: when what waits cannot be written; it has let go all the same.
        """
        try:
            if self._broken is None:
                await self.flush()
        finally:
            self._broken = self._broken or StoreError(f"the store {self._path} is closed")
            self._cancel_timer()
            self._reader.close()
            self._writer.close()

    def _refuse_when_broken(self) -> None:
        if self._broken is not None:
            raise type(self._broken)(str(self._broken)) from self._broken.__cause__

    def _commit(self) -> None:
        """Write what waits, with nothing ahead of it."""
        entries = self._taken()
        try:
            self._writer.commit(entries)
        except Exception as error:  # noqa: BLE001 - as in the writer's thread: whatever it is breaks the store
            self._break(error)
            self._refuse_when_broken()
        self._acknowledge(self._sent)

    def _send(self) -> None:
        if entries := self._taken():
            self._writer.put(entries)

    def _taken(self) -> Sequence[Entry]:
        """What waits, for the writer."""
        self._cancel_timer()
        entries, self._unsent = self._unsent, []
        self._sent = self._submitted
        return entries

    def _cancel_timer(self) -> None:
        if self._unsent_timer is not None:
            self._unsent_timer.cancel()
            self._unsent_timer = None

    def _on_committed(self, through: int) -> None:
        """In the writer's thread."""
        self._call_in_loop(self._acknowledge, through)

    def _on_failed(self, error: Exception) -> None:
        """In the writer's thread."""
        self._call_in_loop(self._break, error)

    def _call_in_loop(self, callback: Callable[..., None], argument: object) -> None:
        if self._loop is None:
            return
        # A loop that has ended has nobody left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, argument)

    def _acknowledge(self, through: int) -> None:
        self._last = through
        self._pending.drop(through)
        while self._waiters and self._waiters[0][0] <= through:
            _, future = self._waiters.popleft()
            if not future.done():
                future.set_result(None)

    def _break(self, error: Exception) -> None:
        self._broken = self._explained(error)
        self._pending.clear()
        self._unsent.clear()
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(self._broken)
        self._waiters.clear()

    def _explained(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        explained = StoreError(
            f"cannot write {self._path}: {error}; events after number {self._last} are not kept: "
            "make room or mend the disk, then resume the experiment"
        )
        explained.__cause__ = error
        return explained
