"""What is acknowledged survives: kills at any moment, full disks, and a crowd of reports."""

import asyncio
import errno
import math
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
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
            await getattr(store, sys.argv[3])()
            os.write(1, b"%d\\n" % events[-1].number)
    await asyncio.gather(*(worker() for _ in range(3)))

asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.mark.parametrize("promise", ["write", "flush"])
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path, promise: str) -> None:
    """Twelve managers in turn are killed at random moments; the log is a whole prefix with every acknowledged event."""
    path = tmp_path / "experiment.sqlite"
    moments = random.Random(3)
    acknowledged = 0
    for epoch in range(1, 13):
        acknowledged = max(acknowledged, _write_until_killed(path, epoch, promise, moments.uniform(0, 0.05)))
        with open_readonly(path) as reader:
            numbers = [event.number for event in reader.replay()]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) >= acknowledged
            assert len(reader.metrics()) == len(numbers) - epoch
    assert acknowledged > 100


def _write_until_killed(path: Path, epoch: int, promise: str, delay: float) -> int:
    """The last number that a writer acknowledged, killed some seconds after its first."""
    command = [sys.executable, "-c", WRITER, str(path), str(epoch), promise]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    # The line that the kill may have cut was written after its commit, but cannot be relied on.
    lines = (first + rest).splitlines(keepends=True)
    return max(int(line) for line in lines if line.endswith(b"\n"))


#: bytes of a page in the write-ahead log, and of the log's own header
FRAME, HEADER = 4096 + 24, 32


@pytest.mark.parametrize("rest", ["nothing", "zeros", "noise"])
async def test_a_loss_of_power_leaves_a_whole_prefix(tmp_path: Path, rest: str) -> None:
    """Wherever the disk stopped, and whatever it has beyond: the events up to some number, and all that it had."""
    path = tmp_path / "experiment.sqlite"
    log = path.with_name("experiment.sqlite-wal")
    store = create_store(path, network=False)
    store.submit([started(1)], timestamp=0)
    await store.flush()
    #: length of the log at each promise, and the number of the latest event then
    promises = [(_used(log), 1)]
    for sequence in range(12):
        store.submit([report(sequence=sequence, value="x" * 500 * sequence)], timestamp=1)
        await store.write()
        promises.append((_used(log), store.last))
    database, written = path.read_bytes(), log.read_bytes()
    await store.close()
    beyond = {"nothing": b"", "zeros": bytes(2 * FRAME), "noise": random.Random(1).randbytes(2 * FRAME)}[rest]
    for length in range(promises[0][0], promises[-1][0] + 1, 211):
        numbers = _numbers_in(tmp_path / "image", database, written[:length] + beyond)
        safe = max(number for size, number in promises if size <= length)
        assert numbers == list(range(1, safe + 1)), length


def _numbers_in(folder: Path, database: bytes, log: bytes) -> list[int]:
    """The events that are found on a disk with these contents."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "experiment.sqlite").write_bytes(database)
    (folder / "experiment.sqlite-wal").write_bytes(log)
    with open_readonly(folder / "experiment.sqlite") as reader:
        return [event.number for event in reader.replay()]


def _used(log: Path) -> int:
    """How long a log is that has zeros at its end: whole pages."""
    return HEADER + math.ceil((len(log.read_bytes().rstrip(b"\0")) - HEADER) / FRAME) * FRAME


async def test_a_full_disk_breaks_the_store_and_loses_nothing(tmp_path: Path) -> None:
    """After the first failure everything raises, with the reason; what was acknowledged is there afterwards."""
    path = tmp_path / "experiment.sqlite"
    store = create_store(path, network=False)
    store.submit([started(1)], timestamp=0)
    await store.flush()
    _limit_pages(store, 40)
    with pytest.raises(StoreError, match=r"cannot write .*database or disk is full; events after number \d+ may not"):
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


class Disk:
    """Stands between the store and a disk that takes its time. Real ones cannot be told when to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = threading.Event()
        self.fault: OSError | None = None
        self.syncs = 0
        monkeypatch.setattr("nni_core.store.writer._sync", self._sync)

    def _sync(self, descriptor: int) -> None:
        self.answers.wait()
        if self.fault:
            raise self.fault
        os.fdatasync(descriptor)
        self.syncs += 1


async def _quick_store(path: Path, disk: Disk) -> SqliteStore:
    """One that has found out that it writes quickly."""
    store = create_store(path, network=False)
    store.submit([started(1)], timestamp=0)
    disk.answers.set()
    await store.flush()
    disk.answers.clear()
    return store


async def test_writing_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written can be read by others at once; a flush waits until the disk has it."""
    disk = Disk(monkeypatch)
    store = await _quick_store(tmp_path / "experiment.sqlite", disk)
    store.submit([report()], timestamp=1)
    await store.write()
    with open_readonly(tmp_path / "experiment.sqlite") as reader:
        assert (store.last, len(list(reader.replay()))) == (2, 2)
    flush = asyncio.ensure_future(store.flush())
    await asyncio.sleep(0.3)
    assert not flush.done()
    store.submit([report(sequence=1)], timestamp=2)
    await store.write()
    assert store.last == 3
    disk.answers.set()
    await flush
    await store.close()


async def test_a_disk_that_does_not_answer_holds_up_nobody_who_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes, and whether somebody asked for the earlier events to be written or not."""
    store = await _quick_store(tmp_path / "experiment.sqlite", disk := Disk(monkeypatch))
    async with asyncio.timeout(10):
        for sequence in range(5):
            store.submit([report(sequence=2 * sequence)], timestamp=1)
            await asyncio.sleep(0.15)
            store.submit([report(sequence=2 * sequence + 1)], timestamp=1)
            await store.write()
    assert (store.last, disk.syncs) == (11, 1)
    disk.answers.set()
    await store.close()


async def test_a_thread_that_writes_tells_so_before_the_disk_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where transactions are slow, too, only a flush waits for the disk."""
    store = await _quick_store(tmp_path / "experiment.sqlite", disk := Disk(monkeypatch))
    monkeypatch.setattr("nni_core.store.writer.QUICK", 0)
    store.submit([report()], timestamp=1)
    async with asyncio.timeout(10):
        await store.write()
    assert (store.last, disk.syncs) == (2, 1)
    disk.answers.set()
    await store.close()


async def test_what_is_written_is_soon_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a flush, and once for all that was written meanwhile."""
    disk = Disk(monkeypatch)
    store = await _quick_store(tmp_path / "experiment.sqlite", disk)
    disk.answers.set()
    before = disk.syncs
    for sequence in range(20):
        store.submit([report(sequence=sequence)], timestamp=1)
        await store.write()
    async with asyncio.timeout(10):
        while disk.syncs == before:  # noqa: ASYNC110 - the point is that nobody is told
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert disk.syncs - before <= 2
    await store.close()


async def test_a_disk_that_fails_later_breaks_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told with the number up to which everything is safe, to who waits and to whoever comes later."""
    disk = Disk(monkeypatch)
    store = await _quick_store(tmp_path / "experiment.sqlite", disk)
    store.submit([report()], timestamp=1)
    await store.write()
    disk.fault = OSError(errno.EIO, "Input/output error")
    flush = asyncio.ensure_future(store.flush())
    disk.answers.set()
    with pytest.raises(StoreError, match="Input/output error; events after number 1 may not be kept"):
        await flush
    with pytest.raises(StoreError, match="Input/output error"):
        store.submit([report(sequence=1)], timestamp=2)
    await store.close()


async def test_the_write_ahead_log_does_not_grow(tmp_path: Path) -> None:
    """It has its size from the beginning: growing takes kernel threads, which wait for a core like everybody else."""
    path = tmp_path / "experiment.sqlite"
    log = path.with_name("experiment.sqlite-wal")
    store = create_store(path, network=False)
    size = log.stat().st_size
    store.submit([started(1)], timestamp=0)
    for sequence in range(3000):
        store.submit([report(sequence=sequence, value="x" * 200)], timestamp=0)
        await store.write()
    assert log.stat().st_size == size > 0
    await store.close()
    assert not log.exists()


async def test_a_disk_that_is_nearly_full_keeps_its_room(tmp_path: Path) -> None:
    """The log's size is a convenience; what has to be written may still find room, a stop for one."""
    path = tmp_path / "experiment.sqlite"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As on a disk with one megabyte left, the file takes a part of what is written to it.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        store = create_store(path, network=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.with_name("experiment.sqlite-wal").stat().st_size < 100_000
    store.submit([started(1)], timestamp=0)
    await store.flush()
    assert store.last == 1
    await store.close()


async def test_a_disk_that_fails_is_told_when_a_log_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier manager has written may not be durable then, and nobody may rely on it. A disk cannot be told to
    fail, hence the patch."""
    path = tmp_path / "experiment.sqlite"
    await create_store(path, network=False).close()

    faults = [OSError(errno.EIO, "Input/output error")]

    def fail(_: int) -> None:
        if faults:  # the kernel tells of a fault once, and of none afterwards
            raise faults.pop()

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match=r"cannot write .*: Input/output error: make room or mend the disk"):
            open_store(path, network=False)
    await open_store(path, network=False).close()


async def test_a_link_to_a_log_is_followed(tmp_path: Path) -> None:
    """As SQLite does it: nothing is left beside the link."""
    (tmp_path / "links").mkdir()
    await create_store(tmp_path / "experiment.sqlite", network=False).close()
    link = tmp_path / "links" / "experiment.sqlite"
    link.symlink_to(tmp_path / "experiment.sqlite")
    store = open_store(link, network=False)
    store.submit([started(1)], timestamp=0)
    await store.flush()
    assert list(link.parent.iterdir()) == [link]
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
