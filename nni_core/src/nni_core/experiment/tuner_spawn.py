"""Starts the process that a tuner will live in. Imports almost nothing: a manager does this before anything else, so
that the process imports what it needs on another core while the manager does the same."""

from __future__ import annotations

import socket
import subprocess
import sys


class TunerLine:
    """A tuner's process, not told yet what it is for, and the socket to tell it by."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nni_core.experiment.tuner_worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # A signal to the manager's group is the manager's; it ends the tuner itself.
                start_new_session=True,
            )
