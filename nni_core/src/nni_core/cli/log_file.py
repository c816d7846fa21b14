"""A log on the disk, of any length: its first lines, its last ones, and what is added to it."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

from nni_core.errors import NotFoundError, Problem

#: bytes that are read at once
PIECE = 1 << 16
#: seconds between looks at a file that is followed
INTERVAL = 0.2


class LogFile:
    """An open log. A context manager."""

    def __init__(self, path: Path) -> None:
        """:raises NotFoundError: when it cannot be read."""
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise NotFoundError(
                Problem(
                    code="NNI531",
                    message=f"cannot read '{path}': {os.strerror(error.errno or 0)}",
                    help="it is made when something is written to it" if not path.exists() else "",
                )
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def first(self, number: int) -> Iterator[bytes]:
        """The first lines."""
        return itertools.islice(self._file, number)

    def all(self) -> Iterator[bytes]:
        """Everything from where reading has come to, piece by piece."""
        while piece := self._file.read(PIECE):
            yield piece

    def last(self, number: int) -> Iterator[bytes]:
        """The last lines, found from the end: a log may be longer than what fits into memory."""
        end = position = self._file.seek(0, os.SEEK_END)
        breaks = 0
        while position > 0:
            start = max(0, position - PIECE)
            self._file.seek(start)
            piece = self._file.read(position - start)
            # The end of the last line begins no other.
            searched = piece[:-1] if position == end else piece
            breaks += searched.count(b"\n")
            if breaks >= number:
                position = start + _after_break(searched, breaks - number)
                break
            position = start
        self._file.seek(position)
        return self.all()


def _after_break(piece: bytes, skipped: int) -> int:
    """Where the line begins that follows the line break with ``skipped`` others before it in the piece."""
    place = -1
    for _ in range(skipped + 1):
        place = piece.index(b"\n", place + 1)
    return place + 1


def write_out(pieces: Iterable[bytes]) -> None:
    """Put pieces of a log on stdout, as they are."""
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def follow_file(file: LogFile, is_written: Callable[[], bool]) -> None:
    """Show what is added to a log, until nobody writes to it any more."""
    while True:
        # Asked before the last look, so that what came meanwhile is not lost.
        going_on = is_written()
        write_out(file.all())
        if not going_on:
            return
        time.sleep(INTERVAL)  # the standard library cannot wait for a file to grow
