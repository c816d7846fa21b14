"""What the SQLite store does about files that are missing, damaged, foreign, too new, or in someone else's hands."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_core.store.base import StoreError
from nni_core.store.events import Note
from nni_core.store.sqlite import create_store, open_readonly, open_store
from nni_core.testing.store import report, started


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """The file of a finished store with many events in it."""
    path = tmp_path / "experiment.sqlite"
    store = create_store(path, network=False)
    store.submit([started(1), *(report(sequence=i) for i in range(500))], timestamp=5)
    await store.close()
    return path


async def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """The database and its companions are readable by nobody else, whatever the umask."""
    before = os.umask(0)
    try:
        store = create_store(tmp_path / "experiment.sqlite", network=False)
        store.submit([started(1)], timestamp=5)
        await store.flush()
        modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        await store.close()
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_an_existing_file_is_never_overwritten(path: Path) -> None:
    """Creating a store where there is one is refused."""
    with pytest.raises(StoreError, match=r"cannot create .*experiment\.sqlite: File exists"):
        create_store(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Opening does not create."""
    for opening in (open_store, open_readonly):
        with pytest.raises(StoreError, match=r"nothing\.sqlite does not exist"):
            opening(tmp_path / "nothing.sqlite")
    with pytest.raises(StoreError, match="is not a file"):
        open_store(tmp_path)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero_a_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(bytes(4096))


def spoil_the_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"not a database, really")


@pytest.mark.parametrize("damage", [cut_in_half, zero_a_page, spoil_the_header])
@pytest.mark.parametrize("opening", [open_store, open_readonly])
def test_a_damaged_file_is_left_alone(
    path: Path, damage: Callable[[Path], None], opening: Callable[[Path], object]
) -> None:
    """The message says how to rescue what is left, and not a byte is changed."""
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"is damaged \(.*\.recover"):
        opening(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("opening", [open_store, open_readonly])
def test_a_newer_file_is_refused_naming_both_versions(path: Path, opening: Callable[[Path], object]) -> None:
    """A file of a later nni-core says so."""
    _execute(path, "PRAGMA user_version = 99")
    with pytest.raises(
        StoreError, match=r"has format 99, written by a newer nni-core; this version reads up to format 1"
    ):
        opening(path)


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    """Somebody else's SQLite file is not taken for a log, nor changed into one."""
    path = tmp_path / "experiment.sqlite"
    _execute(path, "CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not the log of an experiment"):
        open_store(path)
    assert path.read_bytes() == before


async def test_an_unknown_event_is_named(path: Path) -> None:
    """Replay stops at an entry that it cannot read, and says which."""
    _execute(path, "UPDATE event SET kind = 'FromTheFuture' WHERE number = 3")
    with open_readonly(path) as reader, pytest.raises(StoreError, match=r"event 3 of .* kind 'FromTheFuture'"):
        list(reader.replay())


async def test_reading_beside_a_running_manager(path: Path) -> None:
    """A viewer sees what is durable, and cannot write."""
    store = open_store(path, network=False)
    store.submit([started(2)], timestamp=6)
    await store.flush()
    store.submit([Note(message="not yet durable")], timestamp=7)
    with open_readonly(path) as reader:
        assert reader.last == 502
        assert len(list(reader.replay(after=500))) == 2
        assert len(reader.metrics()) == 500
    await store.close()


async def test_a_long_replay_does_not_stop_the_writer(path: Path) -> None:
    """A reader that pauses in the middle holds no transaction: the log is folded back when the writer closes."""
    with open_readonly(path) as reader:
        events = reader.replay()
        assert next(events).number == 1
        store = open_store(path, network=False)
        store.submit([started(2)], timestamp=6)
        await store.close()
        assert sum(1 for _ in events) == 501


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_reading_in_a_folder_that_cannot_be_written(path: Path) -> None:
    """A colleague who may only read can view a finished experiment."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(path, folder)
        Path(copy).chmod(0o444)
        Path(folder).chmod(0o555)
        code = (
            "import os, sys; from pathlib import Path; from nni_core.store.sqlite import open_readonly\n"
            "os.setuid(65534); print(open_readonly(Path(sys.argv[1])).last)"
        )
        done = subprocess.run([sys.executable, "-c", code, copy], capture_output=True, text=True, check=False)
    assert done.stdout == "501\n", done.stderr


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
