"""The manager's web server: the HTTP interface, and whatever applications plugins bring."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from typing import Any

from nni_core.api import WebAppSpec
from nni_core.errors import PluginError
from nni_core.folders import ExperimentFolder
from nni_core.http.app import create_app
from nni_core.http.auth import Guard, Policy
from nni_core.http.server import make_server
from nni_core.log import get_logger
from nni_core.manager.assembly import Assembly
from nni_core.manager.order import Order
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry

log = get_logger(__name__)


class WebServer:
    """Serves one experiment on the sockets that came with the order."""

    def __init__(
        self, assembly: Assembly, *, order: Order, folder: ExperimentFolder, sockets: Sequence[socket.socket]
    ) -> None:
        listening = order.listening
        policy = Policy(
            token=token_of(folder),
            port=listening.port,
            addresses=listening.addresses,
            lan_control=order.lan_control,
        )
        guard = Guard(policy)
        self._sockets = list(sockets)
        self._app = create_app(
            assembly.control,
            guard=guard,
            url_prefix=listening.url_prefix,
            web_apps=web_apps(assembly.registry),
            log_directory=folder.logs,
        )
        self._server = make_server(self._app, guard)

    async def serve(self) -> None:
        """Answer until :meth:`stop`."""
        await self._server.serve(sockets=self._sockets)

    def stop(self) -> None:
        """Let :meth:`serve` return once open requests have ended. May be called twice."""
        self._server.stop()


def token_of(folder: ExperimentFolder) -> str:
    """The experiment's token; made at the first start, and kept, so that links stay good."""
    try:
        return folder.token.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(32)
        with os.fdopen(os.open(folder.token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
        return token


def web_apps(registry: PluginRegistry) -> list[tuple[str, Any]]:
    """The applications of plugins with the paths they are mounted at. A broken one is left out and logged."""
    apps: list[tuple[str, Any]] = []
    for spec in registry.specs(PluginKind.WEB_APP):
        if not isinstance(spec, WebAppSpec):
            continue
        try:
            apps.append((spec.mount, registry.implementation(spec)()))
        except PluginError as error:
            log.warning("web_app.broken", name=spec.name, reason=str(error))
        except Exception:
            # A plugin may raise anything; the manager serves everything else without it.
            log.exception("web_app.failed", name=spec.name)
    return apps
