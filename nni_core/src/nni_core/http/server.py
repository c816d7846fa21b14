"""The manager's web server: uvicorn, with what a manager needs changed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from nni_core.http.access import Access
from nni_core.http.auth import HEADER_LIMIT, PEER_IS_OWNER, Guard

#: open connections; more are answered with 503
_CONNECTIONS = 200
#: seconds from opening a connection until the headers of a request are complete
_HEADER_TIMEOUT = 10.0
_KEEP_ALIVE = 30
#: seconds that open requests get to end in when the server stops
_GRACE = 3


def make_server(app: Starlette, guard: Guard) -> ManagerServer:
    """A server for what :func:`nni_core.http.app.create_app` made with this guard.

    Serve with ``await server.serve(sockets=[...])``, end with ``server.stop()``.
    """

    class Connection(_Connection):
        access = guard.access

    config = uvicorn.Config(
        app,
        http=Connection,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=HEADER_LIMIT,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )
    return ManagerServer(config, app.state.streams.close)


class ManagerServer(uvicorn.Server):
    """Leaves signals to the manager, and sleeps while nothing happens."""

    def __init__(self, config: uvicorn.Config, closing: Callable[[], None]) -> None:
        super().__init__(config)
        self._closing = closing
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Let :meth:`serve` return once open requests have ended. May be called twice, or early."""
        self.should_exit = True
        self._stopped.set()

    async def main_loop(self) -> None:
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Connection(H11Protocol):
    """Finds out once for a connection whose process is at its other end, and drops it when a request does not come."""

    access: Access
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        is_owner = self.access.is_owner_process(self.client, self.server)
        self.app_state = {**self.app_state, PEER_IS_OWNER: is_owner}
        self._watch_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_headers(self) -> None:
        """While no request is being answered, time runs for the next one's headers to be complete."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_watching()
        elif self._header_timer is None:
            self._header_timer = self.loop.call_later(_HEADER_TIMEOUT, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
