"""Copies of a log for somewhere else: consistent ones, in one file, with what must not leave the house taken out."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from nni_core.store import database
from nni_core.store.base import StoreError
from nni_core.store.codec import decode_body, encode_body
from nni_core.store.events import EventBody, ExperimentCreated, SettingsChanged
from nni_core.store.sql import QUERIES

#: the same event with another config in it
Rewrite = Callable[[ExperimentCreated | SettingsChanged], ExperimentCreated | SettingsChanged]


def copy_closed(path: Path, target: Path) -> None:
    """Copy a log that nobody writes, byte by byte: not even SQLite touches the original.

    :raises StoreError: when it cannot be read or written.
    """
    try:
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            if not suffix or source.exists():
                copied = target.with_name(target.name + suffix)
                shutil.copyfile(source, copied)
                copied.chmod(0o600)
    except OSError as error:
        raise StoreError(f"cannot copy {path}: {error.strerror}") from error


def copy_open(path: Path, target: Path) -> None:
    """Copy a log that its manager writes: what was written at one moment.

    :raises StoreError: when it cannot be read or written.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with closing(database.open_for_reading(path, check=False)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot copy {path}: {error}") from error


def seal(path: Path, *, append: Sequence[EventBody], timestamp: int, rewrite: Rewrite) -> None:
    """Finish a copy: bring it up to date, rewrite its configs, append events, and leave one file without any trace of
    what was there before.

    :raises StoreError: when it is damaged, or cannot be written.
    """
    # In the mode for network file systems there is no write-ahead log beside the file.
    with closing(database.open_for_writing(path, exclusive=True)) as connection:
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN")
            for number, kind, text in connection.execute(QUERIES["settings_events"]).fetchall():
                _rewrite(connection, number, kind, text, rewrite)
            (last,) = connection.execute(QUERIES["last_event"]).fetchone()
            rows = [(number, timestamp, *encode_body(body)) for number, body in enumerate(append, last + 1)]
            connection.executemany(QUERIES["insert_event"], rows)
            connection.execute("COMMIT")
            connection.execute("VACUUM")
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise StoreError(f"cannot write {path}: {error}") from error


def _rewrite(connection: sqlite3.Connection, number: int, kind: str, text: str, rewrite: Rewrite) -> None:
    body = decode_body(kind, text)
    if not isinstance(body, ExperimentCreated | SettingsChanged):
        raise StoreError(f"event {number} is not what its kind says")
    if (changed := rewrite(body)) != body:
        connection.execute(QUERIES["replace_body"], (encode_body(changed)[1], number))
