"""Where a manager's words go: structlog lines and the stray output of libraries, into ``log/nnimanager.log``."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from nni_core.log import load_structlog


class _Lossy:
    """A stream that a full disk costs a few lines, and not the experiment."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


#: NNI's levels
LEVELS = {
    "fatal": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}


class Threshold:
    """Drops what is less important than a level, which the config says when the first lines are written already."""

    def __init__(self, level: int) -> None:
        self._level = level

    def set(self, name: str) -> None:
        """Take one of NNI's levels."""
        self._level = LEVELS[name]
        logging.getLogger().setLevel(self._level)

    def __call__(self, _: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A processor of structlog's."""
        if LEVELS.get("error" if method == "exception" else method, logging.INFO) < self._level:
            raise load_structlog().DropEvent
        return event


def write_to(path: Path, *, debug: bool) -> Threshold:
    """Send this process's stdout, stderr, logging and structlog to a file, for good; the answer sets the level."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    faulthandler.enable()
    structlog = load_structlog()
    level = logging.DEBUG if debug else logging.INFO
    threshold = Threshold(level)
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        processors=[
            threshold,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=_Lossy(sys.stderr)),
        cache_logger_on_first_use=True,
    )
    return threshold
