"""Receives a manager's order while the manager still imports what it needs to carry it out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

from nni_core.experiment.tuner_spawn import TunerLine, environment_of
from nni_core.folders import ExperimentFolder
from nni_core.manager.order import Order
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind

#: descriptors that can travel with an order
MAX_SOCKETS = 16


class Inbox(threading.Thread):
    """A thread that waits for the order; for a new experiment, it tells the tuner's process at once what to expect."""

    def __init__(self, channel: socket.socket, tuner: TunerLine) -> None:
        super().__init__(name="order", daemon=True)
        self.channel = channel
        self.tuner = tuner
        self._order: Order | None = None
        self._sockets: list[socket.socket] = []
        self.start()

    def run(self) -> None:
        """Not to be called."""
        first, descriptors, _, _ = socket.recv_fds(self.channel, 1, MAX_SOCKETS)
        self._sockets = [socket.socket(fileno=one) for one in descriptors]
        text = b""
        while first and (more := self.channel.recv(1 << 16)):
            text += more
        if text:
            self._order = Order.decode(text)
            if self._order.config is not None:
                self._announce(ExperimentFolder(self._order.folder), self._order.config)

    def _announce(self, folder: ExperimentFolder, config: Mapping[str, Json]) -> None:
        kinds = ((PluginKind.TUNER, config["tuner"]), (PluginKind.ASSESSOR, config.get("assessor")))
        expected = [(kind, algorithm["name"]) for kind, algorithm in kinds if algorithm and algorithm.get("name")]
        self.tuner.settle_in(folder.tuner_log, environment_of(folder, config.get("tunerGpuIndices")), expected)

    def order(self) -> tuple[Order | None, list[socket.socket]]:
        """The order and its listening sockets, when they have come; None when the starter has changed its mind."""
        self.join()
        return self._order, self._sockets
