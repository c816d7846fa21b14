"""Starts the process that a tuner will live in. Imports almost nothing: a manager does this before anything else, so
that the process imports what it needs on another core while the manager does the same."""

from __future__ import annotations

import socket

from nni_core.children import start_child


class TunerLine:
    """A tuner's process, not told yet what it is for, and the socket to tell it by."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = start_child("nni_core.experiment.tuner_worker", theirs.fileno(), fork=True)
