"""Writes a file wholly or not at all: what was there before stays until the new one is complete."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nni_core.errors import MachineError, Problem

Pieces = Callable[[], Iterator[bytes]]


def write_output(file: Path, pieces: Pieces) -> None:
    """Write pieces to a file, or to stdout when it is ``-``.

    :raises MachineError: when that cannot be done.
    """
    if str(file) == "-":
        for piece in pieces():
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with replaced(file) as opened:
        for piece in pieces():
            opened.write(piece)


@contextmanager
def replaced(file: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of ``file`` when the block ends well. A device or a pipe is written to
    as it is, and behind a link its target is replaced.

    :raises MachineError: when it cannot be written.
    """
    try:
        if file.exists() and not file.is_file() and not file.is_dir():
            with file.open("wb") as opened:
                yield opened
            return
        target = file.resolve()
        if target.is_dir():
            raise IsADirectoryError(21, "is a directory", str(file))
        fresh = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
        try:
            with fresh.open("xb") as opened:
                yield opened
                opened.flush()
                os.fsync(opened.fileno())
            fresh.replace(target)
        except BaseException:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "its folder does not exist" if not file.absolute().parent.exists() else ""
        raise MachineError(Problem(code="NNI533", message=f"cannot write '{file}': {reason}", help=hint)) from error
