"""The process that supervisors are forked from. One for each service, started once, small on purpose.

The manager is big and threaded: forking it is slow and unsafe, and an interpreter for each trial costs more than many
trials do. The warden has imported a few modules, holds nothing, and takes a fraction of a millisecond to fork.

It speaks JSON lines on a socket. From the manager: ``run`` and ``cancel``. To the manager: ``ready`` once, then for
each trial ``started`` and ``gone`` (with the supervisor's exit status: 0, or an errno when it could not do its work),
or ``refused`` when there can be no supervisor. When the manager closes the socket or dies, the warden ends; supervisors
stay as long as their trials do.
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
import sys

from nni_service_local import descent, records, supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

#: supervisors let these through when they have their own handlers; the warden itself ends with its manager only
_BLOCKED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}


def main() -> None:
    """Entry point: ``<descriptor of the socket> <lock file> <log file>``."""
    link, lock_path, log_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    os.set_inheritable(link, False)
    umask = os.umask(records.UMASK)
    # What goes wrong here and in supervisors.
    os.dup2(os.open(log_path, os.O_APPEND | records.WRITE_ONLY, 0o600), 2)
    lock = os.open(lock_path, records.WRITE_ONLY, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # From here on, supervisors of an earlier warden start nothing.
    mark = os.urandom(16).hex().encode()
    os.pwrite(lock, mark, 0)
    Warden(link, lock, supervisor.Origin(lock_path, mark, umask, _boot_id())).serve()


class Seat:
    """A supervisor and what it does."""

    def __init__(self, orders: int) -> None:
        #: where it reads from
        self.orders = orders
        #: the trial that it holds; None while it waits for one
        self.order: dict[str, Any] | None = None


class Warden:
    """Keeps supervisors, tells of the beginning and end of their trials, and passes cancellations on."""

    def __init__(self, link: int, lock: int, origin: supervisor.Origin) -> None:
        self.link = link
        self.lock = lock
        self.origin = origin
        #: by pid; a supervisor leaves when it has been waited for
        self.seats: dict[int, Seat] = {}
        self.ended, self.reports = os.pipe()
        self.awake, self.wake = os.pipe()
        os.set_blocking(self.awake, False)
        os.set_blocking(self.wake, False)

    def serve(self) -> None:
        """Until the manager is gone."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        descent.keep_orphans()
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
            readable, _, _ = select.select([self.link, self.awake, self.ended], [], [])
            # Before the dead are counted: a supervisor may report and die.
            if self.ended in readable:
                self._hear_reports()
            if self.awake in readable:
                supervisor.drain(self.awake)
                self._reap()
            if self.link in readable:
                received = os.read(self.link, 1 << 20)
                if not received:
                    return
                *lines, unread = (unread + received).split(b"\n")
                for line in lines:
                    self._obey(line)

    def _obey(self, line: bytes) -> None:
        order = json.loads(line)
        if order["op"] == "run":
            self._run(order, line)
        else:
            self._cancel(order["attempt_id"], order["grace"])

    def _run(self, order: dict[str, Any], line: bytes) -> None:
        try:
            seat = self._free_seat()
        except OSError as error:
            self._tell("refused", attempt_id=order["attempt_id"], reason=f"no supervisor: {error.strerror}")
            return
        seat.order = order
        timestamp = supervisor.now()
        try:
            _write_all(seat.orders, line + b"\n")
        except BrokenPipeError:
            # It was killed while it waited. Its end is told when it has been waited for.
            return
        self._tell("started", attempt_id=order["attempt_id"], timestamp=timestamp)

    def _free_seat(self) -> Seat:
        for seat in self.seats.values():
            if seat.order is None:
                return seat
        return self._new_seat()

    def _new_seat(self) -> Seat:
        theirs, ours = os.pipe()
        seat = Seat(ours)
        try:
            pid = os.fork()
        except OSError:
            os.close(theirs)
            os.close(ours)
            raise
        if pid == 0:
            self._become_supervisor(seat, theirs)
        os.close(theirs)
        self.seats[pid] = seat
        return seat

    def _become_supervisor(self, seat: Seat, orders: int) -> NoReturn:
        status = errno.EIO
        try:
            # A copy of another's pipe would keep it from noticing that the warden is gone.
            others = [other.orders for other in self.seats.values()]
            for descriptor in (self.link, self.lock, self.ended, self.awake, self.wake, seat.orders, *others):
                os.close(descriptor)
            supervisor.serve(self.origin, orders, self.reports)
            status = 0
        except OSError as error:
            _leave_trace()
            status = error.errno or errno.EIO
        except Exception:  # noqa: BLE001 - a bug must not run on in the warden's loop; it leaves its trace in the log
            _leave_trace()
        os._exit(status)

    def _hear_reports(self) -> None:
        # Lines are shorter than what a pipe takes whole, so none is ever cut.
        for line in os.read(self.ended, 4096).splitlines():
            seat = self.seats.get(int(line))
            if seat:
                self._tell_end(seat, 0)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            seat = self.seats.pop(pid, None)
            if seat:
                os.close(seat.orders)
                if seat.order and descent.KEEPS_ORPHANS:
                    # It was killed, and we have inherited what it held.
                    descent.kill_all(pid, keep=self.seats)
                self._tell_end(seat, os.waitstatus_to_exitcode(status))

    def _tell_end(self, seat: Seat, status: int) -> None:
        if seat.order:
            self._tell("gone", attempt_id=seat.order["attempt_id"], status=status)
            seat.order = None

    def _cancel(self, attempt_id: str, grace: float) -> None:
        for pid, seat in self.seats.items():
            if seat.order and seat.order["attempt_id"] == attempt_id:
                _leave_grace(seat.order["directory"], grace)
                # Not waited for yet, so the pid is still this supervisor's.
                os.kill(pid, signal.SIGTERM)

    def _tell(self, event: str, **details: Any) -> None:
        _write_all(self.link, json.dumps({"event": event, **details}).encode() + b"\n")


def _leave_grace(directory: str, grace: float) -> None:
    try:
        os.makedirs(directory, 0o700, exist_ok=True)
        records.replace_file(f"{directory}/{records.CANCEL_FILE}", {"grace": grace})
    except OSError:
        # A full disk must not keep a trial from ending: it gets the supervisor's own grace.
        _leave_trace()


def _leave_trace() -> None:
    import traceback

    traceback.print_exc()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""
