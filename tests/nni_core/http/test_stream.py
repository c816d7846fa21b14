"""The stream of changes: nothing lost, nothing piled up."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import field, mutable

from nni_core.http.auth import Role
from nni_core.http.stream import Position, Streams, position_of
from nni_core.model import MetricKind, TrialState
from nni_core.testing.control import FakeControl

from .conftest import Served


@mutable
class Event:
    """What a browser makes of a block of a stream."""

    name: str = "message"
    data: Any = None
    id: str | None = None


async def events_of(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    event = Event()
    async for line in lines:
        key, _, value = line.partition(": ")
        if not line and event.data is not None:
            yield event
            event = Event()
        elif key == "event":
            event.name = value
        elif key == "data":
            event.data = json.loads(value)
        elif key == "id":
            event.id = value


@mutable
class Portal:
    """A client as the protocol wants it: keeps what it was told, and where it stands."""

    client: httpx.AsyncClient
    last_id: str | None = None
    states: dict[str, str] = field(factory=dict)
    points: dict[str, list[int]] = field(factory=dict)
    seen: list[str] = field(factory=list)

    async def watch(self, *, until: Callable[[], bool]) -> None:
        """Take events until that is so, then drop the connection."""
        headers = {"last-event-id": self.last_id} if self.last_id else {}
        async with self.client.stream("GET", "/api/v1/events?cursor=0", headers=headers) as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            async for event in events_of(answer.aiter_lines()):
                self.take(event)
                if until():
                    return

    def take(self, event: Event) -> None:
        self.seen.append(event.name)
        self.last_id = event.id or self.last_id
        if event.name == "trials":
            self.states |= {row["id"]: row["state"] for row in event.data["rows"]}
        for point in event.data.get("points", []):
            known = self.points.setdefault(point["trial_id"], [])
            if point["sequence"] not in known:
                known.append(point["sequence"])


async def test_twenty_lost_connections_lose_nothing(served: Served) -> None:
    """A client that reconnects with its last id knows every trial and every report in the end."""
    control, chance = served.control, random.Random(5)
    portal = Portal(served.client)
    for round_number in range(20):
        for number in range(chance.randrange(1, 4)):
            trial_id = f"T{round_number}-{number}"
            control.create(trial_id)
            for _ in range(chance.randrange(4)):
                control.report(trial_id, chance.random())
            control.finish(trial_id, chance.choice([TrialState.SUCCEEDED, TrialState.FAILED]))
        # The connection drops somewhere inside a batch, which has two events or three.
        drop_at = len(portal.seen) + chance.randrange(1, 3)
        async with asyncio.timeout(20):
            await portal.watch(until=lambda: len(portal.seen) >= drop_at)  # noqa: B023 - called within the round
    control.note("the end")
    async with asyncio.timeout(20):
        await portal.watch(until=lambda: portal.last_id == f"1-{control.cursor}")
    assert portal.states == {trial.id: trial.state.value for trial in control.trials()}
    expected = {trial.id: list(range(trial.intermediate_count)) for trial in control.trials()}
    assert {key: sorted(known) for key, known in portal.points.items()} == {k: v for k, v in expected.items() if v}


async def test_a_batch_tells_rows_points_and_the_experiment(served: Served) -> None:
    """In this order, and with the id on the last of them only."""
    served.control.create("A")
    served.control.report("A", 0.5)
    served.control.report("A", 0.75, MetricKind.FINAL)
    async with served.client.stream("GET", "/api/v1/events?cursor=0") as answer:
        events = events_of(answer.aiter_lines())
        rows, points, experiment = [await anext(events) for _ in range(3)]
    assert (rows.name, rows.data["cursor"], rows.data["rows"][0]["value"], rows.id) == ("trials", 3, 0.75, None)
    assert (points.name, points.data["points"][0]["value"], len(points.data["points"])) == ("metrics", 0.5, 1)
    assert (experiment.name, experiment.data["counts"]["WAITING"], experiment.id) == ("experiment", 1, "1-3")


async def test_intermediate_reports_alone_do_not_repeat_the_experiment(served: Served) -> None:
    """The document is sent when something of it may have changed."""
    served.control.create("A")
    async with served.client.stream("GET", "/api/v1/events") as answer:
        events = events_of(answer.aiter_lines())
        served.control.report("A", 0.5)
        rows, points = await anext(events), await anext(events)
    assert (rows.name, points.name, points.id) == ("trials", "metrics", "1-2")


@pytest.mark.parametrize("last_id", ["0-5", "2-0", "1-999999", "nonsense", "-1", "1-", "9" * 400])
async def test_an_id_of_elsewhere_is_answered_with_a_reset(served: Served, last_id: str) -> None:
    """Forged, of another manager, or from the future: fetch the snapshot, and go on from here."""
    served.control.create("A")
    async with served.client.stream("GET", "/api/v1/events", headers={"last-event-id": last_id}) as answer:
        events = events_of(answer.aiter_lines())
        reset = await anext(events)
        served.control.create("B")
        rows = await anext(events)
    assert (reset.name, reset.data, reset.id) == ("reset", {"epoch": "1"}, "1-1")
    assert [row["id"] for row in rows.data["rows"]] == ["B"]


async def frames_of(streams: Streams, start: Position | None) -> AsyncIterator[str]:
    async for frame in streams._frames(start, Role.OWNER):
        yield frame.decode()


@pytest.mark.parametrize("reach", [2, 100_000])
async def test_too_far_behind_is_a_reset(tmp_path: Path, reach: int) -> None:
    """When the log of changes does not reach back, or the batch would be larger than a snapshot."""
    control = FakeControl(tmp_path, reach=reach)
    for number in range(3 if reach == 2 else 2001):
        control.create(f"T{number}")
    frames = frames_of(Streams(control), Position(cursor=0))
    assert (await anext(frames)).startswith("retry: ")
    assert (await anext(frames)) == f'event: reset\ndata: {{"epoch":"1"}}\nid: 1-{control.cursor}\n\n'


async def test_at_most_four_batches_a_second(control: FakeControl) -> None:
    """What happens in between is told together."""
    frames = frames_of(Streams(control, interval=0.25), None)
    await anext(frames)
    began, batches = asyncio.get_running_loop().time(), 0
    for number in range(3):
        control.create(f"A{number}")
        control.create(f"B{number}")
        assert (await anext(frames)).count('"id":"B') == 1
        batches += 1
    assert asyncio.get_running_loop().time() - began >= 0.25 * (batches - 1)


async def test_silence_is_filled_with_comments(control: FakeControl) -> None:
    """So that proxies and browsers see that the connection lives."""
    frames = frames_of(Streams(control, heartbeat=0.01), None)
    assert [await anext(frames) for _ in range(3)][1:] == [": still here\n\n"] * 2


async def test_a_client_that_reads_nothing_holds_nothing_up(served: Served) -> None:
    """Its batches grow together instead of piling up, and others are served meanwhile."""
    _, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1)
    writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
    await writer.drain()
    portal = Portal(served.client)
    watching = asyncio.create_task(portal.watch(until=lambda: len(portal.states) == 200))
    for number in range(200):
        served.control.create(f"T{number}", {"text": "x" * 10_000})
        await asyncio.sleep(0.005)
    async with asyncio.timeout(20):
        await watching
    writer.close()


async def test_streams_are_bounded_in_number(control: FakeControl) -> None:
    """One too many is told so; closing the streams ends those that are open."""
    streams = Streams(control)
    started = [asyncio.create_task(drive(streams)) for _ in range(64)]
    await asyncio.sleep(0)
    with pytest.raises(Exception, match="too many open event streams"):
        streams.open(None, Role.OWNER)
    streams.close()
    async with asyncio.timeout(10):
        await asyncio.gather(*started)
    streams.open(None, Role.OWNER)


async def drive(streams: Streams) -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(_: Any) -> None:
        pass

    await streams.open(None, Role.OWNER)({}, receive, send)


async def test_a_stopping_server_ends_its_streams(serve: Any) -> None:
    """The manager does not wait for browsers to go away."""
    began = asyncio.get_running_loop().time()
    async with serve() as served:
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        await writer.drain()
        await served.client.get("/api/v1/experiment")
    assert asyncio.get_running_loop().time() - began < 2.5
    writer.close()


async def test_a_stopping_server_tells_the_last_that_happened(serve: Any, control: FakeControl) -> None:
    """Who watches an experiment sees it end."""
    async with serve() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        await reader.readuntil(b"retry: 1000")
        control.create("AAAAA")
        await reader.readuntil(b"AAAAA")
        control.create("BBBBB")  # the next batch is not due yet
    rest = await reader.read()
    assert b"BBBBB" in rest
    writer.close()


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("7", Position(cursor=7)),
        ("1-7", Position(cursor=7, epoch="1")),
        ("1-archive-7", Position(cursor=7, epoch="1-archive")),
        ("-7", None),
        ("x", None),
        ("1.5", None),
        ("٧", None),
    ],
)
def test_positions(text: str, position: Position | None) -> None:
    """Event ids and bare cursors are read; everything else is not."""
    assert position_of(text) == position
