"""The files by which a supervisor, the warden and any later manager know of a trial. Standard library only.

``supervisor.jsonl``  held with ``flock`` for as long as the supervisor lives: the sign of life. A pid proves nothing.
                      Its lines are records: ``start``, added before the command starts, without which the command never
                      ran; and ``exit``, added when nothing of the process tree is left.
``cancel.json``       how much grace a cancellation leaves; the supervisor reads it when it gets SIGTERM.

One file for all that the supervisor says, because to make a file takes longer than anything else that it does. It lies
where the trial may do anything to it: what is not as the supervisor left it is put in place anew. A record counts when
its line is whole. None is synced: they have to outlive every process, which the kernel's cache does. After
a loss of power the trial is over in any case, and a record that did not reach the disk makes it a lost one.
"""

# pathlib is not imported: the warden starts faster, and forks faster, for every module that it does without.
# ruff: noqa: PTH104

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat

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


class SupervisorFile:
    """The file of records in the working directory, made and held.

    :raises OSError: when it cannot be made, or there is something in it: this attempt was started before.
    """

    def __init__(self) -> None:
        self._descriptor = os.open(SUPERVISOR_FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        if os.fstat(self._descriptor).st_size:
            raise FileExistsError(errno.EEXIST, "this attempt was started before", SUPERVISOR_FILE)
        self._content = b""

    def add(self, kind: str, record: dict[str, Any]) -> None:
        """Add a record. :raises OSError: when it cannot be written."""
        line = json.dumps({"record": kind, **record}).encode() + b"\n"
        if self._is_untouched():
            _write_all(self._descriptor, line)
        else:
            write_file(SUPERVISOR_FILE + ".tmp", self._content + line)
            os.rename(SUPERVISOR_FILE + ".tmp", SUPERVISOR_FILE)
        self._content += line

    def empty(self) -> None:
        """Take back what was added."""
        os.ftruncate(self._descriptor, 0)
        self._content = b""

    def release(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def _is_untouched(self) -> bool:
        try:
            there = os.lstat(SUPERVISOR_FILE)
        except FileNotFoundError:
            return False
        own = os.fstat(self._descriptor)
        same = (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)
        return same and os.pread(self._descriptor, len(self._content) + 1, 0) == self._content


def read_record(directory: str, kind: str, attempt_id: str) -> dict[str, Any] | None:
    """The latest record of this kind and attempt; None when there is none, or one that a power cut or the trial left in
    pieces."""
    try:
        lines = _content(f"{directory}/{SUPERVISOR_FILE}").split(b"\n")[:-1]
    except OSError:
        return None
    records = (_record(line) for line in reversed(lines))
    return next((one for one in records if (one.get("record"), one.get("attempt_id")) == (kind, attempt_id)), None)


def _content(path: str) -> bytes:
    # Of a trial's own making it may be a link or a pipe: the one is not followed, the other does not block.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return os.read(descriptor, _LONGEST) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def replace_file(path: str, content: dict[str, Any]) -> None:
    """Put a JSON document in place, whole or not at all."""
    write_file(path + ".tmp", json.dumps(content).encode())
    os.rename(path + ".tmp", path)


def write_file(path: str, content: bytes) -> None:
    """Make or replace a file that only this user may read."""
    # Where a trial has put a pipe, to open it fails instead of waiting for a reader.
    descriptor = os.open(path, os.O_TRUNC | os.O_NONBLOCK | WRITE_ONLY, 0o600)
    try:
        _write_all(descriptor, content)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def is_held(descriptor: int) -> bool:
    """Whether another process holds the lock of an open file. Never keeps it."""
    try:
        # Shared, so that two who ask at the same time do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
