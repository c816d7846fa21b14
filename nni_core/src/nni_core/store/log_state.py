"""Whether a log is as it was: for what is derived from it and kept, so that it need not be derived again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def log_state(database: Path) -> Sequence[int]:
    """What changes with every event that is written: sizes and times of a log and of its write-ahead log, which is
    there and empty, or not there, when nobody writes."""
    log, ahead = (_size_and_time(Path(f"{database}{end}")) for end in ("", "-wal"))
    return [*log, *(ahead if ahead[0] else (0, 0))]


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns
