"""Reads what trials write, while they write it."""

from __future__ import annotations

import os
import stat

from nni_core.api import LogChunk

#: bytes that one step of a tail reads at most, so that a flood of results does not hold up the event loop
CHUNK = 1 << 18
# A trial may put a link or a pipe where the file is to be: the one is not followed, the other does not block.
_READ_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class Tail:
    """A file that grows, read from an offset. Costs one system call when there is nothing new."""

    def __init__(self, path: str, offset: int) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._closed = False
        #: where the next byte comes from
        self.offset = offset

    def read(self) -> bytes:
        """Bytes that are new, at most ``CHUNK``; empty when there are none, or no file yet.

        :raises OSError: when the file cannot be read.
        """
        if self._descriptor is None and not self._closed:
            self._descriptor = open_regular(self._path)
        if self._descriptor is None:
            return b""
        data = os.pread(self._descriptor, CHUNK, self.offset)
        self.offset += len(data)
        return data

    def close(self) -> None:
        """Let go of the file; there is nothing new from now on."""
        self._closed = True
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def open_regular(path: str) -> int | None:
    """A descriptor of a plain file; None when there is none of that name.

    :raises OSError: when it cannot be opened, or is no plain file.
    """
    try:
        descriptor = os.open(path, _READ_ONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a plain file")
    return descriptor


def read_piece(path: str, offset: int, limit: int) -> LogChunk:
    """At most ``limit`` bytes of a file; a negative offset counts from the end. A missing file is an empty one.

    :raises OSError: when the file cannot be read.
    """
    descriptor = open_regular(path)
    if descriptor is None:
        return LogChunk(data=b"", next_offset=0, size=0)
    try:
        size = os.fstat(descriptor).st_size
        start = max(0, size + offset) if offset < 0 else min(offset, size)
        data = os.pread(descriptor, max(0, limit), start)
    finally:
        os.close(descriptor)
    return LogChunk(data=data, next_offset=start + len(data), size=max(size, start + len(data)))
