"""The size of a zip file's directory, read before the directory is: one that claims to be huge is not read at all."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import IO

from nni_core.client.bundle import MOST_ENTRIES
from nni_core.errors import ConfigError, Problem

_END = b"PK\x05\x06"
_LOCATOR = b"PK\x06\x07"
_END_64 = b"PK\x06\x06"
_END_SIZE, _LOCATOR_SIZE, _END_64_SIZE = 22, 20, 56
#: bytes of an entry in the directory: its head, and as long a name as is allowed, with some extra
_MOST_DIRECTORY = MOST_ENTRIES * (46 + 1024 + 64)


def check_directory(file: IO[bytes], path: Path) -> None:
    """:raises ConfigError: when a file is no zip file, or its directory is larger than that of any bundle."""
    entries, size = _directory(file, path)
    if entries > MOST_ENTRIES or size > _MOST_DIRECTORY:
        message = f"'{path.name}' holds {entries} entries in a directory of {size} bytes; {MOST_ENTRIES} are the most"
        raise ConfigError(Problem(code="NNI593", message=message))


def _directory(file: IO[bytes], path: Path) -> tuple[int, int]:
    """Number of entries and bytes of the directory."""
    length = file.seek(0, os.SEEK_END)
    start = max(0, length - _END_SIZE - 0xFFFF)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise ConfigError(_no_zip(file, path))
    entries, size = struct.unpack_from("<HL", tail, at + 10)
    if (large := _large(file, start + at)) is not None:
        return large
    return entries, size


def _large(file: IO[bytes], end: int) -> tuple[int, int] | None:
    """The same of a large archive, which has it a second time in wider fields."""
    if end < _LOCATOR_SIZE:
        return None
    file.seek(end - _LOCATOR_SIZE)
    locator = file.read(_LOCATOR_SIZE)
    if not locator.startswith(_LOCATOR):
        return None
    # Where Python's zipfile looks, too: right before the locator.
    file.seek(max(0, end - _LOCATOR_SIZE - _END_64_SIZE))
    record = file.read(_END_64_SIZE)
    if not record.startswith(_END_64):
        return None
    entries, size = struct.unpack_from("<QQ", record, 32)
    return entries, size


def _no_zip(file: IO[bytes], path: Path) -> Problem:
    file.seek(0)
    head = file.read(4)
    what = (
        "the archive is cut short: its directory is missing"
        if head.startswith(b"PK")
        else "it is empty"
        if not head
        else "it is no zip file"
    )
    return Problem(code="NNI590", message=f"'{path.name}' is no bundle: {what}", help="fetch it again")
