"""The files by which a supervisor, the warden and any later manager know of a trial. Standard library only.

``supervisor.jsonl``  held with ``flock`` for as long as the supervisor lives: the sign of life. A pid proves nothing.
                      Its lines are records: ``start``, added before the command starts, without which the command never
                      ran; and ``exit``, added when nothing of the process tree is left.
``cancel.json``       how much grace a cancellation leaves; the supervisor reads it when it gets SIGTERM.

One file for all that the supervisor says, because to make a file takes longer than anything else that it does. A record
counts when its line is whole. None is synced: they have to outlive every process, which the kernel's cache does. After
a loss of power the trial is over in any case, and a record that did not reach the disk makes it a lost one.
"""

# pathlib is not imported: the warden starts faster, and forks faster, for every module that it does without.
# ruff: noqa: PTH104, PTH123

from __future__ import annotations

import fcntl
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUPERVISOR_FILE, CANCEL_FILE = "supervisor.jsonl", "cancel.json"
#: kinds of records
START, EXIT = "start", "exit"
PARAMETER_FILE = "parameter.cfg"
SPOOL_FILE = ".nni/metrics"

#: a trial may have put a link where a file of ours is to be; it is not followed
WRITE_ONLY = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
#: keeps files from everybody else
UMASK = 0o077


#: bytes of a supervisor's file that are read at most: a trial may have filled it
_LONGEST = 1 << 16


def add_record(directory: str, kind: str, record: dict[str, Any]) -> None:
    """Add a line to the supervisor's file; one that the trial has removed is made again."""
    line = json.dumps({"record": kind, **record}).encode() + b"\n"
    _write(f"{directory}/{SUPERVISOR_FILE}", os.O_APPEND, line)


def read_record(directory: str, kind: str, attempt_id: str) -> dict[str, Any] | None:
    """The latest record of this kind and attempt; None when there is none, or one that a power cut left in pieces."""
    try:
        with open(f"{directory}/{SUPERVISOR_FILE}", "rb") as file:
            lines = file.read(_LONGEST).split(b"\n")[:-1]
    except (FileNotFoundError, NotADirectoryError):
        return None
    records = (_record(line) for line in reversed(lines))
    return next((one for one in records if (one.get("record"), one.get("attempt_id")) == (kind, attempt_id)), None)


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def replace_file(path: str, content: dict[str, Any]) -> None:
    """Put a JSON document in place, whole or not at all."""
    write_file(path + ".tmp", json.dumps(content).encode())
    os.rename(path + ".tmp", path)


def write_file(path: str, content: bytes) -> None:
    """Make or replace a file that only this user may read."""
    _write(path, os.O_TRUNC, content)


def _write(path: str, how: int, content: bytes) -> None:
    descriptor = os.open(path, how | WRITE_ONLY, 0o600)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
    finally:
        os.close(descriptor)


def is_held(descriptor: int) -> bool:
    """Whether another process holds the lock of an open file. Never keeps it."""
    try:
        # Shared, so that two who ask at the same time do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
