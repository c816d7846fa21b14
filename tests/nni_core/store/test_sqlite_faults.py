"""What is acknowledged survives: kills at any moment, full disks, and a crowd of reports."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_core.store.base import StoreError
from nni_core.store.events import Note
from nni_core.store.sqlite import SqliteStore, create_store, open_readonly, open_store
from nni_core.testing.store import report, started

WRITER = """
import asyncio, os, sys
from pathlib import Path
from nni_core.store.sqlite import create_store, open_store
from nni_core.testing.store import report, started

async def write(path, epoch):
    store = open_store(path, network=False) if path.exists() else create_store(path, network=False)
    store.submit([started(epoch)], timestamp=0)
    async def worker():
        while True:
            events = store.submit([report(), report(sequence=1)], timestamp=0)
            await store.flush()
            os.write(1, b"%d\\n" % events[-1].number)
    await asyncio.gather(*(worker() for _ in range(3)))

asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
"""


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    """Twelve managers in turn are killed at random moments; the log is a whole prefix with every acknowledged event."""
    path = tmp_path / "experiment.sqlite"
    moments = random.Random(3)
    acknowledged = 0
    for epoch in range(1, 13):
        acknowledged = max(acknowledged, _write_until_killed(path, epoch, moments.uniform(0, 0.05)))
        with open_readonly(path) as reader:
            numbers = [event.number for event in reader.replay()]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) >= acknowledged
            assert len(reader.metrics()) == len(numbers) - epoch
    assert acknowledged > 100


def _write_until_killed(path: Path, epoch: int, delay: float) -> int:
    """The last number that a writer acknowledged, killed some seconds after its first."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(epoch)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    # The line that the kill may have cut was written after its commit, but cannot be relied on.
    lines = (first + rest).splitlines(keepends=True)
    return max(int(line) for line in lines if line.endswith(b"\n"))


async def test_a_full_disk_breaks_the_store_and_loses_nothing(tmp_path: Path) -> None:
    """After the first failure everything raises, with the reason; what was acknowledged is there afterwards."""
    path = tmp_path / "experiment.sqlite"
    store = create_store(path, network=False)
    store.submit([started(1)], timestamp=0)
    await store.flush()
    _limit_pages(store, 40)
    with pytest.raises(StoreError, match=r"cannot write .*database or disk is full; events after number \d+ are not"):
        await _fill(store)
    durable = store.last
    with pytest.raises(StoreError, match="disk is full"):
        store.submit([Note(message="more")], timestamp=1)
    with pytest.raises(StoreError, match="disk is full"):
        await store.flush()
    assert len(store.metrics()) == len(list(store.replay())) - 1 == durable - 1
    await store.close()
    again = open_store(path, network=False)
    assert (again.last, len(again.metrics())) == (durable, durable - 1)
    await again.close()


async def test_everyone_who_waits_hears_of_a_failure(tmp_path: Path) -> None:
    """Events submitted while the failing transaction runs are not lost silently either."""
    store = create_store(tmp_path / "experiment.sqlite", network=False)
    _limit_pages(store, 1)
    store.submit([report(value="x" * 100_000)], timestamp=0)
    waiting = [asyncio.ensure_future(store.flush()) for _ in range(3)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [StoreError] * 3
    await store.close()


async def test_events_nobody_flushes_become_durable_soon(tmp_path: Path) -> None:
    """Intermediate reports need no flush of their own."""
    store = create_store(tmp_path / "experiment.sqlite", network=False)
    store.submit([started(1), report()], timestamp=0)
    async with asyncio.timeout(10):
        while store.last < 2:  # noqa: ASYNC110 - the point is that nobody is told
            await asyncio.sleep(0.01)
    await store.close()


async def test_a_hundred_thousand_reports(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Speed of taking in reports in groups of a thousand; the bar is far below what an idle machine does."""
    store = create_store(tmp_path / "experiment.sqlite", network=False)
    store.submit([started(1)], timestamp=0)
    began, count = time.perf_counter(), 100_000
    for start in range(0, count, 1000):
        for sequence in range(start, start + 1000):
            store.submit([report(f"T{sequence % 100}", sequence=sequence)], timestamp=0)
        await store.flush()
    rate = count / (time.perf_counter() - began)
    record_property("reports per second", round(rate))
    print(f"\n{rate:.0f} reports per second")
    assert len(store.metrics()) == count
    await store.close()
    assert rate > 1000


def _limit_pages(store: SqliteStore, pages: int) -> None:
    store._writer._connection.execute(f"PRAGMA max_page_count = {pages}")


async def _fill(store: SqliteStore) -> None:
    for sequence in range(10_000):
        store.submit([report(value="x" * 200, sequence=sequence)], timestamp=1)
        await store.flush()
