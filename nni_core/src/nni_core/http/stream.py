"""What changes, as server-sent events: at most four batches a second, from any cursor that the log still reaches.

Nothing is queued for a client. Each waits for a number that only grows, and asks what changed since the one it has; a
slow client gets fewer and larger batches, and one that is too far behind is told to fetch the snapshot again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

from attrs import frozen
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nni_core.experiment.control import Change, ExperimentControl
from nni_core.http.auth import Role
from nni_core.http.documents import TrialDocument, experiment_document, trial_document
from nni_core.http.encoding import encode
from nni_core.http.problems import refusal
from nni_core.log import get_logger
from nni_core.model import MetricKind

#: seconds from one batch to the next
_INTERVAL = 0.25
#: seconds of silence after which a comment shows that the connection lives
_HEARTBEAT = 15.0
#: seconds that a client may take to receive a batch
_PATIENCE = 30.0
#: changed trials or reports in a batch beyond which a snapshot is the shorter way
_BATCH_LIMIT = 2000
_STREAMS_ALLOWED = 64
#: seconds that clients have to receive the last batch when the server ends
_LAST_WORDS = 1.0
#: milliseconds after which a browser tries again
_RETRY = 1000

_ID = re.compile(r"(?:(?P<epoch>.{1,64})-)?(?P<cursor>[0-9]{1,18})", re.DOTALL)


@frozen(kw_only=True)
class Position:
    """Where a client stands: up to which event it knows everything."""

    cursor: int
    #: None: of the present manager
    epoch: str | None = None


@frozen(kw_only=True)
class TrialsBatch:
    """Trials that changed, as they are now."""

    cursor: int
    rows: Sequence[TrialDocument]


@frozen(kw_only=True)
class Point:
    """An intermediate report."""

    trial_id: str
    sequence: int
    value: float | None
    timestamp: int


@frozen(kw_only=True)
class MetricsBatch:
    """Intermediate reports that came."""

    cursor: int
    points: Sequence[Point]


@frozen(kw_only=True)
class Reset:
    """What the client knows is no longer a base for changes: fetch the snapshot again."""

    epoch: str


class Streams:
    """The open streams of a manager."""

    def __init__(
        self, control: ExperimentControl, *, interval: float = _INTERVAL, heartbeat: float = _HEARTBEAT
    ) -> None:
        self._control = control
        self._interval = interval
        self._heartbeat = heartbeat
        self._open = 0
        self._closed = asyncio.Event()

    def close(self) -> None:
        """End every stream, with what has happened until now. May be called twice."""
        self._closed.set()

    def open(self, start: Position | None, role: Role) -> Response:
        """A response that streams what happens after a position; None: from now on.

        :raises Refusal: 503 when there are too many.
        """
        if self._open >= _STREAMS_ALLOWED:
            raise refusal(503, "NNI734", "too many open event streams", help="close other tabs of the portal")
        return _EventStream(self, self._frames(start, role))

    async def run(self, frames: AsyncIterator[bytes], send: Send, gone: Receive) -> None:
        """Send frames until they, the client or the server end."""
        self._open += 1
        working = [
            asyncio.create_task(_push(frames, send), name="event stream"),
            asyncio.create_task(_disconnected(gone), name="event stream's client"),
        ]
        closed = asyncio.create_task(self._closed.wait(), name="event stream's end")
        tasks = [*working, closed]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                await asyncio.wait(working, timeout=_LAST_WORDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open -= 1
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for failure in results:
            if isinstance(failure, Exception):
                raise failure

    async def _frames(self, start: Position | None, role: Role) -> AsyncIterator[bytes]:
        cursor = self._control.cursor if start is None else start.cursor
        yield f"retry: {_RETRY}\n\n".encode()
        if start is not None and self._is_unknown(start):
            cursor = self._control.cursor
            yield self._reset(cursor)
        while not self._closed.is_set() or self._control.cursor > cursor:
            if not await self._changed(cursor):
                yield b": still here\n\n"
                continue
            began = asyncio.get_running_loop().time()
            frame, cursor = self._batch(cursor, role)
            yield frame
            left = began + self._interval - asyncio.get_running_loop().time()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), max(0.0, left))

    def _is_unknown(self, start: Position) -> bool:
        return start.epoch not in {None, self._control.epoch} or start.cursor > self._control.cursor

    async def _changed(self, cursor: int) -> bool:
        """Whether something happened before the next heartbeat, and before the end."""
        change = asyncio.ensure_future(self._control.wait_for_change(cursor))
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait({change, closed}, timeout=self._heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if change.done():
                change.result()
        finally:
            change.cancel()
            closed.cancel()
        return self._control.cursor > cursor

    def _batch(self, after: int, role: Role) -> tuple[bytes, int]:
        """What changed since a cursor, and the cursor of that."""
        changes = self._control.changes(after)
        cursor = self._control.cursor
        if changes is None or len(changes) > _BATCH_LIMIT:
            return self._reset(cursor), cursor
        cursor = max((change.cursor for change in changes), default=cursor)
        events = {**self._rows(changes, cursor), **_points(changes, cursor)}
        # Counts, best value and notes hang on everything but intermediate reports.
        if any(not _is_intermediate(change) for change in changes):
            events["experiment"] = experiment_document(self._control, role)
        return self._frame(events, cursor), cursor

    def _rows(self, changes: Sequence[Change], cursor: int) -> Mapping[str, object]:
        changed = dict.fromkeys(change.trial_id for change in changes if change.trial_id is not None)
        rows = [trial_document(self._control, self._control.trial(trial_id)) for trial_id in changed]
        return {"trials": TrialsBatch(cursor=cursor, rows=rows)} if rows else {}

    def _reset(self, cursor: int) -> bytes:
        return self._frame({"reset": Reset(epoch=self._control.epoch)}, cursor)

    def _frame(self, events: Mapping[str, object], cursor: int) -> bytes:
        """Events as text. Only the last has an id: a client that lost the connection in between gets them all again."""
        parts = [b"event: %b\ndata: %b\n" % (name.encode(), encode(document)) for name, document in events.items()]
        return b"\n".join(parts) + f"id: {self._control.epoch}-{cursor}\n\n".encode() if parts else b""


class _EventStream(Response):
    media_type = "text/event-stream"

    def __init__(self, streams: Streams, frames: AsyncIterator[bytes]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._streams = streams
        self._frames = frames

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._streams.run(self._frames, send, receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _push(frames: AsyncIterator[bytes], send: Send) -> None:
    async for frame in frames:
        try:
            async with asyncio.timeout(_PATIENCE):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        except TimeoutError:
            # Made here: whoever reads a stopped experiment has no stream, and does without the library for logs.
            get_logger(__name__).info("http.stream.client_too_slow", seconds=_PATIENCE)
            return


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def position_of(text: str) -> Position | None:
    """Read ``<cursor>`` or ``<epoch>-<cursor>``, as event ids are written; None when it is neither."""
    match = _ID.fullmatch(text)
    return Position(cursor=int(match["cursor"]), epoch=match["epoch"]) if match else None


def _is_intermediate(change: Change) -> bool:
    return change.metric is not None and change.metric.kind is MetricKind.PERIODICAL


def _points(changes: Sequence[Change], cursor: int) -> Mapping[str, object]:
    reports = [change.metric for change in changes if change.metric is not None and _is_intermediate(change)]
    points = [
        Point(trial_id=metric.trial_id, sequence=metric.sequence, value=metric.number, timestamp=metric.timestamp)
        for metric in reports
    ]
    return {"metrics": MetricsBatch(cursor=cursor, points=points)} if points else {}
