"""Opening the database file of an experiment: settings, checks and migrations. Every failure is a
:class:`~nni_core.store.base.StoreError` that says what to do."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from nni_core.store.base import StoreError
from nni_core.store.sql import MIGRATIONS

#: marks a SQLite file as ours: "NNIx" in ASCII
APPLICATION_ID = 0x4E4E4978

#: seconds to wait for another connection to let go of the file
_BUSY_TIMEOUT = 2.0

#: bytes that the write-ahead log grows to: 1000 pages, each with its header, until SQLite empties it; and some to spare
_WAL_BYTES = 1024 * (4096 + 24)

#: what a disk, a quota and a limit of the process say when there is no more room
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def create(path: Path, *, exclusive: bool) -> sqlite3.Connection:
    """Make a new database, readable by its owner alone, and open it for writing.

    :raises StoreError: when there is a file of that name already, or it cannot be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"cannot create {path}: {error.strerror}") from error
    connection = _open(_uri(path, "mode=rw"), path)
    with _explained(path, connection):
        _prepare_for_writing(connection, exclusive=exclusive)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _migrate(connection)
        if not exclusive:
            _fill_write_ahead_log(connection, path)
    return connection


def open_for_writing(path: Path, *, exclusive: bool) -> sqlite3.Connection:
    """Open an existing database, check it and bring it up to date. One that fails the check is left as it is.

    :raises StoreError: when it is missing, damaged, in use, no log of ours or of a newer version.
    """
    _require_file(path)
    connection = _open(_uri(path, "mode=rw"), path)
    with _explained(path, connection):
        if exclusive:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check(connection, path)
        _prepare_for_writing(connection, exclusive=exclusive)
        _migrate(connection)
        if not exclusive:
            _fill_write_ahead_log(connection, path)
    return connection


def open_for_reading(path: Path, *, check: bool = True) -> sqlite3.Connection:
    """Open an existing database without ever writing to it."""
    _require_file(path)
    # In a folder that cannot be written, SQLite has nowhere to put its shared memory; without a write-ahead log
    # there is nothing to share, and no writer that could begin one.
    sealed = not os.access(path.parent, os.W_OK) and not write_ahead_log(path).exists()
    connection = _open(_uri(path, "immutable=1" if sealed else "mode=ro"), path)
    with _explained(path, connection):
        connection.execute("PRAGMA query_only = ON")
        if check:
            _check(connection, path)
            if (version := _pragma(connection, "user_version")) < len(MIGRATIONS):
                raise StoreError(
                    f"{path} has format {version} and this version of nni-core reads format {len(MIGRATIONS)}; "
                    "resume the experiment once to bring it up to date"
                )
    return connection


def write_ahead_log(path: Path) -> Path:
    """The file beside a database that transactions are written to first. SQLite, too, follows links to the database."""
    real = path.resolve()
    return real.with_name(f"{real.name}-wal")


def _open(uri: str, path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT
        )
    except sqlite3.Error as error:
        raise StoreError(f"cannot open {path}: {error}") from error
    with _explained(path, connection):
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _prepare_for_writing(connection: sqlite3.Connection, *, exclusive: bool) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    if exclusive:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute(f"PRAGMA journal_mode = {'TRUNCATE' if exclusive else 'WAL'}")
    # A write-ahead log is made durable by whoever writes it: see writer.py.
    connection.execute(f"PRAGMA synchronous = {'FULL' if exclusive else 'NORMAL'}")
    # Find out now, and not at the first event, that someone else holds the file.
    connection.execute("BEGIN EXCLUSIVE" if exclusive else "BEGIN IMMEDIATE")
    connection.execute("COMMIT")


def _fill_write_ahead_log(connection: sqlite3.Connection, path: Path) -> None:
    """Give the write-ahead log the size that it grows to anyway. Zeros are the end of the log to SQLite.

    To make it durable is then to overwrite blocks that it has. To make a file longer takes kernel threads and the file
    system's own journal, which wait for a core like everybody else: on two cores busy with trials, 2 ms instead of 0.7.
    """
    connection.execute("BEGIN IMMEDIATE")  # an earlier manager may still be alive, and must not write meanwhile
    try:
        with write_ahead_log(path).open("r+b", buffering=0) as log:
            _lengthen(log)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror}: make room or mend the disk, then resume the experiment"
        ) from error
    finally:
        connection.execute("COMMIT")


def _lengthen(log: FileIO) -> None:
    """Fill a write-ahead log up to its size, and make durable what an earlier manager has written to it.

    :raises OSError: when the disk fails. One that is nearly full does not: what is left of it is for what must be kept.
    """
    size = log.seek(0, os.SEEK_END)
    missing = bytes(max(0, _WAL_BYTES - size))
    try:
        if log.write(missing) < len(missing):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(log.fileno())
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        log.truncate(size)
        os.fsync(log.fileno())


def _uri(path: Path, query: str) -> str:
    return f"{path.absolute().as_uri()}?{query}"


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise StoreError(f"{path} {'is not a file' if path.exists() else 'does not exist'}")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        raise sqlite3.DatabaseError(found.replace("\n", " "))
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreError(f"{path} is a SQLite database, but not the log of an experiment")
    version = _pragma(connection, "user_version")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} has format {version}, written by a newer nni-core; this version reads up to format "
            f"{len(MIGRATIONS)}: upgrade with pip install --upgrade nni-core"
        )


def _migrate(connection: sqlite3.Connection) -> None:
    for version in range(_pragma(connection, "user_version"), len(MIGRATIONS)):
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{MIGRATIONS[version]}\nPRAGMA user_version = {version + 1};\nCOMMIT;"
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def _explained(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """Let go of the connection when opening fails, and say what happened in the user's terms."""
    try:
        yield
    except StoreError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreError(_explain(path, error)) from error


def _explain(path: Path, error: sqlite3.DatabaseError) -> str:
    if "locked" in str(error):
        return f"{path} is in use by another manager: stop that one first, or wait for it to end"
    if isinstance(error, sqlite3.OperationalError):
        return f"cannot open {path}: {error}"
    return (
        f"{path} is damaged ({error}); it was left as it is: copy it aside, then rescue what can be read with "
        f"'sqlite3 {path.name} .recover | sqlite3 rescued.sqlite' and put rescued.sqlite in its place"
    )
