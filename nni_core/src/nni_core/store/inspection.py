"""Looks at a log that came from elsewhere before anything is believed of it. Nothing in the file can run: it is opened
so that SQLite trusts no part of its schema, and the schema must be ours to the letter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from nni_core.store.base import StoreError
from nni_core.store.database import APPLICATION_ID
from nni_core.store.sql import MIGRATIONS, QUERIES

#: bytes of one event or value
LONGEST_TEXT = 32 * 1024 * 1024

Schema = Sequence[tuple[Any, ...]]


def inspect(path: Path) -> None:
    """Make sure that a file is the log of an experiment and nothing else, without changing it.

    :raises StoreError: saying what is wrong with it; the text does not name the file.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_TEXT * 2)
            _check_header(connection)
            _check_schema(connection)
            _check_content(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreError(f"it is damaged, or no SQLite database: {error}") from error


def _check_header(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError("it is a SQLite database, but not the log of an experiment")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not 1 <= version <= len(MIGRATIONS):
        raise StoreError(
            f"it has format {version}, and this version of nni-core reads formats 1 to {len(MIGRATIONS)}: "
            "pip install --upgrade nni-core"
        )


def _check_schema(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    found, wanted = _schema(connection), _schema_of_version(version)
    if found == wanted:
        return
    known = {(kind, name) for kind, name, *_ in wanted}
    foreign = [f"{kind} '{name}'" for kind, name, *_ in found if (kind, name) not in known]
    raise StoreError(f"it holds what a log does not: {', '.join(foreign[:5]) or 'tables of another shape'}")


def _schema(connection: sqlite3.Connection) -> Schema:
    return connection.execute(QUERIES["schema"]).fetchall()


def _schema_of_version(version: int) -> Schema:
    with closing(sqlite3.connect(":memory:")) as fresh:
        for script in MIGRATIONS[:version]:
            fresh.executescript(script)
        return _schema(fresh)


def _check_content(connection: sqlite3.Connection) -> None:
    result = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if result != "ok":
        raise StoreError(f"it is damaged: {result}")
    if gaps := connection.execute(QUERIES["gaps"]).fetchone()[0]:
        raise StoreError(f"{gaps} of its events are missing")
    longest = connection.execute(QUERIES["longest_body"]).fetchone()[0] or 0
    if longest > LONGEST_TEXT:
        raise StoreError(f"it holds a text of {longest} bytes; {LONGEST_TEXT} are allowed")
    if unreadable := connection.execute(QUERIES["unreadable_metric"]).fetchone():
        raise StoreError(f"the result of event {unreadable[0]} is not JSON, or of no kind")
