"""The manager's end of the line to the warden."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import nni_service_local
from nni_core.errors import PermanentError

# Isolated and without site: the warden sees the standard library and this package, and starts in a few milliseconds.
_WARDEN = "import sys; sys.path.append(sys.argv.pop(1)); from nni_service_local.warden import main; main()"
_PACKAGES = str(Path(nni_service_local.__file__).parent.parent)


class WardenLink(asyncio.Protocol):
    """One warden and the connection to it. ``on_event`` hears its messages, ``on_loss`` that it was ready and is gone
    unasked."""

    def __init__(self, on_event: Callable[[dict[str, Any]], None], on_loss: Callable[[WardenLink], None]) -> None:
        self._on_event = on_event
        self._on_loss = on_loss
        self._unread = b""
        self._closing = False
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    async def open(self, lock: str, log: str) -> None:
        """Start a warden. It takes orders at once, and obeys them when an earlier holder of ``lock`` has ended."""
        ours, theirs = socket.socketpair()
        arguments = [sys.executable, "-I", "-S", "-c", _WARDEN, _PACKAGES, str(theirs.fileno()), lock, log]
        with theirs:
            # Not through asyncio: its child watchers cost a thread. A session of its own keeps Ctrl-C away.
            self._process = subprocess.Popen(  # noqa: ASYNC220 - a vfork, which takes a millisecond
                arguments, pass_fds=[theirs.fileno()], start_new_session=True, stdin=subprocess.DEVNULL, cwd="/"
            )
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)

    async def ready(self) -> None:
        """Return when no earlier warden can start anything any more.

        :raises PermanentError: when the warden ended instead.
        """
        await asyncio.shield(self._ready)

    def order(self, op: str, **details: Any) -> None:
        """Tell the warden what to do. Without effect when it is gone: ``on_loss`` says so."""
        if self._transport is not None:
            self._transport.write(json.dumps({"op": op, **details}).encode() + b"\n")

    async def close(self) -> None:
        """Let the warden end, and wait for it."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["event"] == "ready":
                self._ready.set_result(None)
            else:
                self._on_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self._ready.done():
            self._ready.set_exception(PermanentError("the warden ended before it was ready: see trials/warden.log"))
            # Nobody may be waiting, when the service stops at once.
            self._ready.exception()
        elif not self._closing:
            self._on_loss(self)
