"""The files by which a supervisor, the warden and any later manager know of a trial. Standard library only.

``trial.lock``   held with ``flock`` for as long as the supervisor lives: the sign of life. A pid proves nothing.
``start.json``   written before the command starts. Without it, the command never ran.
``cancel.json``  how much grace a cancellation leaves; the supervisor reads it when it gets SIGTERM.
``exit.json``    written when nothing of the process tree is left.

Records are renamed into place and not synced: they have to outlive every process, which the kernel's cache does. After
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

LOCK_FILE, START_FILE, CANCEL_FILE, EXIT_FILE = "trial.lock", "start.json", "cancel.json", "exit.json"
PARAMETER_FILE = "parameter.cfg"
SPOOL_FILE = ".nni/metrics"

#: a trial may have put a link where a file of ours is to be; it is not followed
WRITE_ONLY = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
#: keeps files from everybody else
UMASK = 0o077


def write_record(path: str, record: dict[str, Any]) -> None:
    """Put a JSON document in place, whole or not at all."""
    write_file(path + ".tmp", json.dumps(record).encode())
    os.rename(path + ".tmp", path)


def read_record(path: str, attempt_id: str) -> dict[str, Any] | None:
    """A document of this attempt; None when there is none, or one that a power cut left in pieces."""
    try:
        with open(path, "rb") as file:
            record = json.loads(file.read())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("attempt_id") == attempt_id else None


def write_file(path: str, content: bytes) -> None:
    """Make or replace a file that only this user may read."""
    descriptor = os.open(path, os.O_TRUNC | WRITE_ONLY, 0o600)
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
