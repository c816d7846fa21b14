"""The store of a running experiment: SQLite, one writing connection, written in groups.

To write a transaction takes a tenth of a millisecond, and to have it written by a thread ten times that on a busy
machine. So the event loop writes it itself, as long as the latest was quick. For the disk, only a thread ever waits.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
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

#: seconds until an event begins to be made durable when nobody flushes; until it is written, when nobody asks for that
_DELAY = 0.1

Waiters = deque[tuple[int, asyncio.Future[None]]]


def create_store(path: Path, *, network: bool | None = None) -> SqliteStore:
    """Make the store of a new experiment. ``network`` tells whether ``path`` lies on a network file system; None:
    find out.

    :raises StoreError: when the file exists or cannot be made.
    """
    exclusive = is_network_file_system(path.parent) if network is None else network
    return _store(path, database.create(path, exclusive=exclusive), exclusive=exclusive)


def open_store(path: Path, *, network: bool | None = None) -> SqliteStore:
    """Open the store of an experiment to go on with it.

    :raises StoreError: when it is missing, damaged, written by a newer version or in use; says what to do.
    """
    exclusive = is_network_file_system(path.parent) if network is None else network
    return _store(path, database.open_for_writing(path, exclusive=exclusive), exclusive=exclusive)


def _store(path: Path, connection: sqlite3.Connection, *, exclusive: bool) -> SqliteStore:
    try:
        return SqliteStore(path, connection, exclusive=exclusive)
    except OSError as error:
        connection.close()
        raise StoreError(f"cannot open {path}: {error.strerror}") from error
    except StoreError:
        connection.close()
        raise


class SqliteStore:
    """Passes :class:`nni_core.testing.store.StoreContract`. Made by :func:`create_store` and :func:`open_store`.

    Reading goes through a connection of its own, except on a network file system, where the writing connection holds
    the file alone and reading takes turns with it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, exclusive: bool) -> None:
        self._path = path
        lock = threading.Lock()
        self._reader = (
            StoreReader(connection, lock, path)
            if exclusive
            else StoreReader(database.open_for_reading(path, check=False), threading.Lock(), path)
        )
        log = None if exclusive else database.write_ahead_log(path)
        self._writer = Writer(
            connection,
            lock,
            log=log,
            written=partial(self._call_in_loop, self._wrote),
            durable=partial(self._call_in_loop, self._synced),
            failed=partial(self._call_in_loop, self._break),
        )
        #: who reads from the connection that writes may hold it for long
        self._shares_connection = exclusive
        #: number of the latest event that there is, that the writer has, that is written, and that is durable
        self._submitted = self._sent = self._written = self._durable = self._writer.last_at_start
        self._unsent: list[Entry] = []
        #: at its end everything begins to be made durable
        self._timer: asyncio.TimerHandle | None = None
        self._pending = PendingMetrics()
        #: who waits until the event of a number is written, or durable
        self._for_written: Waiters = deque()
        self._for_durable: Waiters = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._broken: StoreError | None = None

    @property
    def last(self) -> int:
        return self._written

    def submit(self, bodies: Sequence[EventBody], *, timestamp: int) -> Sequence[Event]:
        self._refuse_when_broken()
        first = self._submitted + 1
        events = [Event(number=n, timestamp=timestamp, body=body) for n, body in enumerate(bodies, first)]
        self._unsent.extend([entry_of(event) for event in events])
        self._submitted += len(events)
        for event in events:
            self._pending.add(event)
        self._loop = asyncio.get_running_loop()
        if events and self._timer is None:
            self._timer = self._loop.call_later(_DELAY, self._on_time)
        return events

    async def write(self) -> None:
        self._refuse_when_broken()
        if self._submitted == self._written:
            return
        if self._may_write:
            self._write()
            await asyncio.sleep(0)  # everybody else has a turn, as when there is something to wait for
            return
        self._send()
        await self._reached(self._for_written)

    async def flush(self) -> None:
        self._refuse_when_broken()
        if self._submitted == self._durable:
            return
        self._send()
        await self._reached(self._for_durable)

    async def _reached(self, waiters: Waiters) -> None:
        """Wait with others until they are called for everything that is submitted now."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters.append((self._submitted, future))
        await future

    def replay(self, after: int = 0) -> Iterator[Event]:
        return self._reader.replay(after, self._written)

    def outline(self) -> Iterator[tuple[Event, int]]:
        return self._reader.outline(self._written)

    def metrics(self, trial_id: TrialId | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        written = self._reader.metrics(trial_id, kind=kind, through=self._written)
        return self._pending.after(written, trial_id, kind)

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

    @property
    def _may_write(self) -> bool:
        """Whether to write in the loop: nothing is ahead, and it will not take long."""
        return self._sent == self._written and self._writer.is_quick and not self._shares_connection

    def _write(self) -> None:
        """Write what waits. The timer sees to it that it becomes durable."""
        try:
            self._writer.write(self._taken())
        except Exception as error:  # noqa: BLE001 - as in the writer's thread: whatever it is breaks the store
            self._break(error)
            self._refuse_when_broken()
        self._wrote(self._sent)

    def _send(self) -> None:
        """Have what waits written, and everything made durable."""
        self._cancel_timer()
        if self._unsent and self._may_write:
            self._write()
        self._writer.put(self._taken())

    def _on_time(self) -> None:
        with suppress(StoreError):  # whoever comes next hears of it
            self._send()

    def _taken(self) -> Sequence[Entry]:
        """What waits, for the writer."""
        entries, self._unsent = self._unsent, []
        self._sent = self._submitted
        return entries

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _call_in_loop(self, callback: Callable[..., None], argument: object) -> None:
        """From the writer's thread."""
        if self._loop is None:
            return
        # A loop that has ended has nobody left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, argument)

    def _wrote(self, through: int) -> None:
        self._written = max(self._written, through)
        self._pending.drop(self._written)
        _release(self._for_written, self._written)

    def _synced(self, through: int) -> None:
        self._wrote(through)
        self._durable = through
        _release(self._for_durable, through)

    def _break(self, error: Exception) -> None:
        self._broken = self._explained(error)
        self._pending.clear()
        self._unsent.clear()
        for waiters in (self._for_written, self._for_durable):
            for _, future in waiters:
                if not future.done():
                    future.set_exception(self._broken)
            waiters.clear()

    def _explained(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        explained = StoreError(
            f"cannot write {self._path}: {error}; events after number {self._durable} may not be kept: "
            "make room or mend the disk, then resume the experiment"
        )
        explained.__cause__ = error
        return explained


def _release(waiters: Waiters, through: int) -> None:
    """Let those go on who wait for nothing later."""
    while waiters and waiters[0][0] <= through:
        _, future = waiters.popleft()
        if not future.done():
            future.set_result(None)
