"""What the engine needs of a store. ``sqlite.py`` and ``memory.py`` pass the same contract suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from nni_core.errors import NniError
from nni_core.model import Metric, MetricKind, TrialId
from nni_core.store.events import Event, EventBody


class StoreError(NniError):
    """The store cannot keep events any more (disk full, I/O error, another manager took over). Nothing that was not
    acknowledged is kept; nothing that was is lost. The store must be opened anew."""


class StaleManagerError(StoreError):
    """Another manager has taken over this experiment; this one must not write."""


class Store(Protocol):
    """An append-only log with a few derived answers. One writer; methods are called from the event loop."""

    @property
    def last(self) -> int:
        """Number of the latest event that is written; 0 when there is none."""

    def submit(self, bodies: Sequence[EventBody], *, timestamp: int) -> Sequence[Event]:
        """Number events and queue them to be written, in order, in one transaction. Returns at once; they are written
        with the next :meth:`write` or :meth:`flush`, or soon. Waiting events are written together.

        :raises StoreError: when an earlier write failed.
        """

    async def write(self) -> None:
        """Return when everything submitted so far is written: whatever process ends, it is there. The machine itself
        may lose it until it is durable, which it is soon.

        :raises StoreError: when it cannot be.
        """

    async def flush(self) -> None:
        """Return when everything submitted so far is durable: the machine may lose its power.

        :raises StoreError: when it cannot be.
        """

    def replay(self, after: int = 0) -> Iterator[Event]:
        """Every event that is written after a number, in order."""

    def outline(self) -> Iterator[tuple[Event, int]]:
        """What the events that are written add up to, in order, with many fewer events: of a trial's intermediate
        reports that count only the last one, and beside each event the number of those that it stands for."""

    def metrics(self, trial_id: TrialId | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        """Reports, in order of arrival, of one trial or of all. Includes what is submitted and not yet written."""

    async def close(self) -> None:
        """Write what waits and let go. May be called twice."""
