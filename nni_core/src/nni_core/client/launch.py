"""Starts managers. The starter binds the port and makes the folder, the manager says when it is ready or why it is not;
nothing is decided by waiting for some time."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Self

from attrs import frozen

from nni_core.children import Child, start_child
from nni_core.errors import MachineError, PluginError, Problem, UserError
from nni_core.folders import ExperimentFolder
from nni_core.manager.order import Order, Reply


@frozen(kw_only=True)
class Started:
    """A manager that is ready."""

    folder: ExperimentFolder
    process: Child
    warnings: Sequence[Problem]


class LeftBehind(KeyboardInterrupt):
    """A second Ctrl-C: the manager was killed, and its trials go on. The text says how to end them."""

    def __init__(self, folder: ExperimentFolder) -> None:
        super().__init__(f"its manager was killed; nnictl stop {folder.id} ends its trials")


class WarmManager:
    """A manager's process that already imports what it needs while its order is still being checked.

    A context manager: leaving it without :meth:`send` ends the process, and nothing has happened.
    """

    def __init__(self, *, fork: bool = False) -> None:
        """``fork`` lets the process go on from this one; only for programs that are nothing but ours, as nnictl is."""
        self._channel, theirs = socket.socketpair()
        with theirs:
            read, write = os.pipe()
            self.process = start_child("nni_core.manager.__main__", theirs.fileno(), fork=fork, stderr=write)
            os.close(write)
            self._complaints = os.fdopen(read, "rb")
        self._ordered = False
        #: told after how many seconds the manager of an experiment was not ready yet: after ten, then every minute
        self.on_wait: Callable[[int, ExperimentFolder], None] = _ignore
        #: the manager once it is ready: what was started is not taken back any more
        self.started: Started | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if not self._ordered:
            self.process.kill()
            self.process.wait()
        self._channel.close()
        self._complaints.close()

    def send(self, order: Order, sockets: Sequence[socket.socket]) -> Started:
        """Give the order and the listening sockets, and wait until the manager is ready. Ctrl-C meanwhile ends it, and
        the trials that it may have begun, in order.

        :raises PluginError: with the problems that the manager found.
        :raises MachineError: when it died.
        :raises LeftBehind: when that end was interrupted, too.
        """
        folder = ExperimentFolder(order.folder)
        self._ordered = True
        try:
            self._hand_over(order, sockets)
            self.started = self._answer(folder)
        except UserError:
            raise
        except BaseException:
            self.started = None
            self._end(folder)
            raise
        return self.started

    def _hand_over(self, order: Order, sockets: Sequence[socket.socket]) -> None:
        try:
            # One byte carries the descriptors; the order follows it.
            socket.send_fds(self._channel, [b"!"], [one.fileno() for one in sockets])
            self._channel.sendall(order.encode())
            self._channel.shutdown(socket.SHUT_WR)
        except BrokenPipeError:
            pass

    def _answer(self, folder: ExperimentFolder) -> Started:
        self._wait(folder)
        with self._channel.makefile("rb") as answers:
            line = answers.readline()
        if not line:
            raise MachineError(self._death(folder))
        reply = Reply.decode(line)
        if reply.fault:
            raise MachineError(
                Problem(code="NNI530", message=f"the manager failed: {reply.fault}", help=f"see {folder.manager_log}")
            )
        if not reply.ok:
            raise PluginError(*reply.problems)
        return Started(folder=folder, process=self.process, warnings=reply.problems)

    def _wait(self, folder: ExperimentFolder) -> None:
        waited = 0
        for pause in chain((10, 50), repeat(60)):
            if select.select([self._channel], [], [], pause)[0]:
                return
            waited += pause
            self.on_wait(waited, folder)

    def _end(self, folder: ExperimentFolder) -> None:
        self.process.terminate()
        try:
            self.process.wait()
        except KeyboardInterrupt:
            self.process.kill()
            self.process.wait()
            raise LeftBehind(folder) from None

    def _death(self, folder: ExperimentFolder) -> Problem:
        stderr = self._complaints.read().decode(errors="replace").strip()
        code = self.process.wait()
        last = stderr.splitlines()[-1] if stderr else f"exit code {code}"
        return Problem(
            code="NNI530", message=f"the manager ended while starting: {last}", help=f"see {folder.manager_log}"
        )


def _ignore(waited: int, folder: ExperimentFolder) -> None:
    """Nobody wants to know."""
