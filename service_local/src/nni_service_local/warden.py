"""The process that trials are forked from. One for each service, started once, small on purpose.

The manager is big and threaded: forking it is slow and unsafe, and starting an interpreter for each trial costs more
than many trials do. The warden has imported a few modules, holds nothing, and takes about a millisecond to fork.

It speaks JSON lines on a socket. From the manager: ``run`` and ``cancel``. To the manager: ``ready`` once, then for
each trial ``started`` and ``gone`` (with the supervisor's exit status: 0, or an errno when it could not do its work),
or ``refused`` when it cannot be forked. When the manager closes the socket or dies, the warden ends; supervisors stay.
"""

# pathlib is not imported: the warden starts faster, and forks faster, for every module that it does without.
# ruff: noqa: PTH103, PTH123

from __future__ import annotations

import errno
import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback

from nni_service_local import records, supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

#: supervisors let these through when they have their own handlers; the warden itself ends with its manager only
_BLOCKED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}


def main() -> None:
    """Entry point: ``<descriptor of the socket> <lock file>``."""
    link = socket.socket(fileno=int(sys.argv[1]))
    link.set_inheritable(False)
    umask = os.umask(0o077)
    # Held: supervisors may still be on their way. What goes wrong here and in supervisors is written to the same file.
    lock = os.open(sys.argv[2], os.O_APPEND | records.WRITE_ONLY, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # A second descriptor of one open file would hold the lock for as long as a supervisor lives.
    os.dup2(os.open(sys.argv[2], os.O_APPEND | records.WRITE_ONLY), 2)
    Warden(link, lock, umask).serve()


class Warden:
    """Forks supervisors, tells of their beginning and end, and passes cancellations on."""

    def __init__(self, link: socket.socket, lock: int, umask: int) -> None:
        self.link = link
        self.lock = lock
        self.origin = {"umask": umask, "boot_id": _boot_id()}
        #: pid of each supervisor that has not been waited for -> its order
        self.supervisors: dict[int, dict[str, Any]] = {}
        self.awake, self.wake = os.pipe()
        os.set_blocking(self.awake, False)
        os.set_blocking(self.wake, False)

    def serve(self) -> None:
        """Until the manager is gone."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Collections would touch, and so copy, every page that a supervisor shares with the warden.
        gc.freeze()
        gc.disable()
        try:
            self._tell("ready")
            self._listen()
        except (BrokenPipeError, ConnectionResetError):
            return

    def _listen(self) -> None:
        unread = b""
        while True:
            readable, _, _ = select.select([self.link.fileno(), self.awake], [], [])
            if self.awake in readable:
                supervisor.drain(self.awake)
                self._reap()
            if self.link.fileno() in readable:
                received = self.link.recv(1 << 20)
                if not received:
                    return
                *lines, unread = (unread + received).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))

    def _obey(self, order: dict[str, Any]) -> None:
        if order["op"] == "run":
            self._run(order | self.origin)
        else:
            self._cancel(order["attempt_id"], order["grace"])

    def _run(self, order: dict[str, Any]) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._tell("refused", attempt_id=order["attempt_id"], reason=f"cannot fork: {error.strerror}")
            return
        if pid == 0:
            self._become_supervisor(order)
        self.supervisors[pid] = order
        self._tell("started", attempt_id=order["attempt_id"], timestamp=supervisor.now())

    def _become_supervisor(self, order: dict[str, Any]) -> NoReturn:
        status = errno.EIO
        try:
            supervisor.supervise(order, [self.link.fileno(), self.lock, self.awake, self.wake])
            status = 0
        except OSError as error:
            traceback.print_exc()
            status = error.errno or errno.EIO
        except Exception:  # noqa: BLE001 - a bug must not run on in the warden's loop; it leaves its trace in the file
            traceback.print_exc()
        os._exit(status)

    def _cancel(self, attempt_id: str, grace: float) -> None:
        for pid, order in self.supervisors.items():
            if order["attempt_id"] == attempt_id:
                _leave_grace(order["directory"], grace)
                # Not waited for yet, so the pid is still this supervisor's.
                os.kill(pid, signal.SIGTERM)

    def _reap(self) -> None:
        while self.supervisors:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            order = self.supervisors.pop(pid)
            self._tell("gone", attempt_id=order["attempt_id"], status=os.waitstatus_to_exitcode(status))

    def _tell(self, event: str, **details: Any) -> None:
        self.link.sendall(json.dumps({"event": event, **details}).encode() + b"\n")


def _leave_grace(directory: str, grace: float) -> None:
    try:
        os.makedirs(directory, 0o700, exist_ok=True)
        records.write_record(f"{directory}/{records.CANCEL_FILE}", {"grace": grace})
    except OSError:
        # A full disk must not keep a trial from ending: it gets the supervisor's own grace.
        traceback.print_exc()


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""
