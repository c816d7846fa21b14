"""The spool: the one file through which a trial's results reach the manager, and the format of its records.

A record is one line, ``LLLLLLLL CCCCCCCC payload``: the payload's length in bytes and its CRC-32, both as eight
lower-case hexadecimal digits, then strict JSON in UTF-8. It is appended by a single write, so that records of several
threads and processes never mix, and a trial never waits for a manager. ``nni_core.wire`` reads what is written here.
"""

# pathlib, and typing, would take a third of the time that a trial needs to reach its first call.
# ruff: noqa: PTH102, PTH118, PTH120

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: where the spool lies in the trial's directory
SPOOL_FILE = ".nni/metrics"
#: bytes of the JSON text of a metric's value
MAX_VALUE = 64 * 1024
#: bytes of a payload: a value and what is said about it
MAX_PAYLOAD = MAX_VALUE + 4096
#: bytes before the payload
HEADER = 18
#: the key that marks a float which JSON cannot hold: ``{"$float": "nan"}``
FLOAT_TAG = "$float"

PERIODICAL = "PERIODICAL"
FINAL = "FINAL"
#: no result, but why the trial gives up
ERROR = "ERROR"


class Appended(Enum):
    """What became of a result."""

    WRITTEN = "written"
    #: written, and another process of the trial has written since this one last did
    AMONG_OTHERS = "among others"
    #: not written: the trial has its final result
    AFTER_FINAL = "after final"


def dump(value: Any) -> bytes:
    """Strict JSON in UTF-8. NaN and infinities are tagged.

    :raises TypeError, ValueError: for what JSON cannot hold.
    """
    text = json.dumps(_tagged(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def load(text: bytes) -> Any:
    """The inverse of :func:`dump`.

    :raises ValueError: for anything that is not strict JSON.
    """
    return json.loads(text, object_hook=_untagged, parse_constant=_refuse_constant)


def encode(record: Mapping[str, Any]) -> bytes:
    """One record as the bytes to append."""
    payload = dump(record)
    return _header(payload) + payload + b"\n"


def next_line(data: bytes | bytearray, start: int) -> tuple[bytes | None, int] | None:
    """What begins at ``start``, the end of another line: its payload and where the next line begins.

    The payload is None for a damaged line and for an empty one. The whole is None when only more bytes can tell.
    """
    payload = _payload_at(data, start)
    if payload is not None:
        return payload, start + HEADER + len(payload) + 1
    newline = data.find(b"\n", start)
    return None if newline < 0 else (None, newline + 1)


class Spool:
    """Appends the results of one trial; safe in threads, in forked children and beside other processes of the trial.

    The file is opened and locked anew for every record: a lock held through an inherited descriptor would not keep a
    forked child out, and a folder deleted in the meantime would go unnoticed. Under the lock, records that others
    have appended are counted, so that sequence numbers are unique and a second final result is seen across processes.
    """

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, SPOOL_FILE)
        self._seen = 0
        self._intermediates = 0
        self._has_final = False
        self._has_written = False

    def append(self, kind: str, about: Mapping[str, Any]) -> Appended:
        """Write one result, unless the trial has its final one; an error is written even then.

        :raises OSError: when it cannot be written, or not whole.
        """
        with self._locked() as descriptor:
            others = self._read_news(descriptor)
            if self._has_final and kind != ERROR:
                return Appended.AFTER_FINAL
            sequence = self._intermediates if kind == PERIODICAL else 0
            self._write(descriptor, encode({"kind": kind, **about, "sequence": sequence}))
            self._count(kind)
        among_others = others > 0 and self._has_written
        self._has_written = True
        return Appended.AMONG_OTHERS if among_others else Appended.WRITTEN

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = self._open()
        try:
            # A file system without locks still appends whole records; only their numbering is less sure there.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            # Closing is not enough: a child forked a moment ago has the same descriptor, and with it the lock.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self.path, flags, 0o600)
        except FileNotFoundError:
            # Never the trial's directory itself: if that is gone, it was deleted on purpose.
            with suppress(FileExistsError):
                os.mkdir(os.path.dirname(self.path), 0o700)
            return os.open(self.path, flags, 0o600)

    def _read_news(self, descriptor: int) -> int:
        """Count the records that others have appended; how many there were."""
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # A writer died in the middle of a record: end its line, so that the next record begins one of its own.
            size += os.write(descriptor, b"\n")
        data = os.pread(descriptor, max(size - self._seen, 0), self._seen)
        kinds = [_kind(payload) for payload in _payloads(data)]
        for kind in kinds:
            self._count(kind)
        self._seen = size
        return len(kinds)

    def _count(self, kind: str) -> None:
        self._intermediates += kind == PERIODICAL
        self._has_final |= kind == FINAL

    def _write(self, descriptor: int, line: bytes) -> None:
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)
        self._seen += len(line)


def _header(payload: bytes) -> bytes:
    return b"%08x %08x " % (len(payload), zlib.crc32(payload))


def _payload_at(data: bytes | bytearray, start: int) -> bytes | None:
    """The payload of a whole and sound record at ``start``. The byte after it may be damaged: it proves nothing."""
    try:
        length = int(data[start : start + 8], 16)
    except ValueError:
        return None
    end = start + HEADER + length
    if not 0 < length <= MAX_PAYLOAD or len(data) <= end:
        return None
    payload = bytes(data[start + HEADER : end])
    return payload if data[start : start + HEADER] == _header(payload) else None


def _payloads(data: bytes) -> Iterator[bytes]:
    position = 0
    while line := next_line(data, position):
        payload, position = line
        if payload is not None:
            yield payload


def _kind(payload: bytes) -> str:
    try:
        record = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    return str(record.get("kind")) if isinstance(record, dict) else ""


def _tagged(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {FLOAT_TAG: repr(value)}
    if isinstance(value, Mapping):
        return {key: _tagged(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tagged(item) for item in value]
    return value


def _untagged(found: dict[str, Any]) -> Any:
    if found.keys() == {FLOAT_TAG}:
        return float(found[FLOAT_TAG])
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
