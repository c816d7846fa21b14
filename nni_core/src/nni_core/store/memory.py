"""A store that forgets everything with its process: for tests, and for trying things out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nni_core.model import Metric, MetricKind, TrialId
from nni_core.store.base import StaleManagerError, StoreError
from nni_core.store.codec import decode_body
from nni_core.store.events import Event, EventBody, MetricReported, TrialRequeued
from nni_core.store.pending import PendingMetrics
from nni_core.store.writer import Entry, entry_of, epoch_after


class MemoryLog:
    """What stores over one log share: the entries that are written, and which manager may write."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.epoch = 0


class MemoryStore:
    """Passes :class:`nni_core.testing.store.StoreContract`."""

    def __init__(self, log: MemoryLog | None = None) -> None:
        self._log = log if log is not None else MemoryLog()
        self._epoch = self._log.epoch
        self._last = len(self._log.entries)
        self._waiting: list[Entry] = []
        self._broken: StoreError | None = None

    @property
    def last(self) -> int:
        return self._last

    def submit(self, bodies: Sequence[EventBody], *, timestamp: int) -> Sequence[Event]:
        self._refuse_when_broken()
        first = self._last + len(self._waiting) + 1
        events = [Event(number=n, timestamp=timestamp, body=body) for n, body in enumerate(bodies, first)]
        self._waiting.extend([entry_of(event) for event in events])
        return events

    async def write(self) -> None:
        await self.flush()

    async def flush(self) -> None:
        self._refuse_when_broken()
        if not self._waiting:
            return
        try:
            self._check_fence()
            self._log.epoch = self._epoch = epoch_after(self._epoch, self._waiting)
        except StoreError as error:
            self._waiting.clear()
            self._broken = error
            raise
        self._log.entries.extend(self._waiting)
        self._waiting.clear()
        self._last = len(self._log.entries)

    def replay(self, after: int = 0) -> Iterator[Event]:
        return (_event(entry) for entry in self._log.entries[after : self._last])

    def outline(self) -> Iterator[tuple[Event, int]]:
        reports: dict[TrialId, list[int]] = {}
        for event in self.replay():
            if isinstance(event.body, TrialRequeued):
                reports.pop(event.body.trial_id, None)
            elif isinstance(event.body, MetricReported) and event.body.kind is MetricKind.PERIODICAL:
                reports.setdefault(event.body.trial_id, []).append(event.number)
        stands_for = {numbers[-1]: len(numbers) for numbers in reports.values()}
        for event in self.replay():
            body = event.body
            if event.number in stands_for or not (
                isinstance(body, MetricReported) and body.kind is MetricKind.PERIODICAL
            ):
                yield event, stands_for.get(event.number, 1)

    def metrics(self, trial_id: TrialId | None = None, *, kind: MetricKind | None = None) -> Sequence[Metric]:
        reports = PendingMetrics()
        for entry in [*self._log.entries[: self._last], *self._waiting]:
            reports.add(_event(entry))
        return reports.after([], trial_id, kind)

    async def close(self) -> None:
        if self._broken is None:
            await self.flush()
        self._broken = self._broken or StoreError("the store is closed")

    def _refuse_when_broken(self) -> None:
        if self._broken is not None:
            raise type(self._broken)(str(self._broken))

    def _check_fence(self) -> None:
        if (self._log.epoch, len(self._log.entries)) != (self._epoch, self._last):
            raise StaleManagerError(
                f"another manager (epoch {self._log.epoch}) has taken over this experiment from this one "
                f"(epoch {self._epoch}); nothing more is written here"
            )


def _event(entry: Entry) -> Event:
    number, timestamp, kind, text = entry.row
    return Event(number=number, timestamp=timestamp, body=decode_body(kind, text))
