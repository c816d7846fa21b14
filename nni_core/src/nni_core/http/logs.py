"""Pieces of log files, and how they are served. Clients name a log, never a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from nni_core.api import LogChunk
from nni_core.http.problems import refusal
from nni_core.http.routing import Parameter, integer

TEXT = "text/plain"

#: bytes in one answer unless asked otherwise, and at most
_USUAL = 256 * 1024
_MOST = 1024 * 1024

LOG_QUERY = (
    Parameter(
        name="offset",
        summary="byte to begin at; negative: that many bytes before the end",
        bounds=(-(2**62), 2**62),
    ),
    Parameter(name="limit", summary="bytes at most", bounds=(1, _MOST)),
)

#: file of each of the experiment's own logs
EXPERIMENT_LOGS: Mapping[str, str] = {"manager": "nnimanager.log", "tuner": "dispatcher.log"}


def asked_piece(request: Request) -> tuple[int, int]:
    """Offset and limit that a request asks for.

    :raises Refusal: 416 for a Range header, which is not how pieces are asked for here.
    """
    if "range" in request.headers:
        raise refusal(416, "NNI733", "logs are not served by Range", help="use ?offset= and ?limit=")
    return integer(request, "offset", 0), integer(request, "limit", _USUAL)


def log_response(chunk: LogChunk) -> Response:
    """A piece of a log as it is, with the offset to go on from. Browsers replace what is not UTF-8."""
    headers = {
        "x-log-next-offset": str(chunk.next_offset),
        "x-log-size": str(chunk.size),
        "cache-control": "no-store",
    }
    return Response(chunk.data, media_type=TEXT, headers=headers)


def read_file(path: Path, offset: int, limit: int) -> LogChunk:
    """At most ``limit`` bytes of a regular file; nothing of one that is not there yet. Follows no link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return LogChunk(data=b"", next_offset=0, size=0)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return LogChunk(data=b"", next_offset=0, size=0)
        start = min(status.st_size, offset) if offset >= 0 else max(0, status.st_size + offset)
        data = os.pread(file.fileno(), limit, start)
        return LogChunk(data=data, next_offset=start + len(data), size=status.st_size)
