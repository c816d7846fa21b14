"""Serves a stopped experiment's portal from inside a Python program, read-only, for as long as the program likes."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Sequence

from attrs import evolve

from nni_core.experiment.archive import Archive
from nni_core.experiment.control import ExperimentProfile
from nni_core.folders import ExperimentFolder
from nni_core.http.app import create_app
from nni_core.http.auth import Guard, Policy
from nni_core.http.server import ManagerServer, make_server
from nni_core.manager.order import Listening
from nni_core.manager.web import web_apps
from nni_core.model import ExperimentState
from nni_core.plugins import discover_plugins
from nni_core.store.reader import StoreReader, open_readonly


class ViewedArchive(Archive):
    """An archive that somebody looks at: that is its state."""

    def profile(self) -> ExperimentProfile:
        return evolve(super().profile(), state=ExperimentState.VIEWED)


def archive_server(reader: StoreReader, folder: ExperimentFolder, listening: Listening, *, token: str) -> ManagerServer:
    """A server for the portal of a stopped experiment, which refuses whatever would change something. Nothing is
    written into the experiment's folder."""
    guard = Guard(Policy(token=token, port=listening.port, addresses=listening.addresses))
    archive = ViewedArchive(reader, folder.path)
    app = create_app(
        archive,
        guard=guard,
        url_prefix=listening.url_prefix,
        web_apps=web_apps(discover_plugins()),
        log_directory=folder.logs,
        read_only=True,
    )
    return make_server(app, guard)


class ArchiveServer:
    """A web server in a thread."""

    def __init__(self, folder: ExperimentFolder, listening: Listening, sockets: Sequence[socket.socket]) -> None:
        """Serves at once, on copies of the sockets.

        :raises StoreError: when the log cannot be read.
        """
        self._folder = folder
        self._listening = listening
        self._sockets = [one.dup() for one in sockets]
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: ManagerServer | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"view of {folder.id}", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End; returns when the port is free. May be called twice."""
        if self._thread.is_alive() and self._loop is not None and self._server is not None:
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join()

    def join(self) -> None:
        """Wait until somebody stops it."""
        while self._thread.is_alive():
            # In steps: Ctrl-C is heard in between.
            self._thread.join(1)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the server was asked for
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        token = secrets.token_urlsafe(32)
        with open_readonly(self._folder.database) as reader:
            self._server = archive_server(reader, self._folder, self._listening, token=token)
            self._ready.set()
            await self._server.serve(sockets=self._sockets)
