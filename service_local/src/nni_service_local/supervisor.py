"""Holds a trial from its first process to its last. Forked from the warden, so no interpreter starts for it.

Standard library only, and little of it: what is imported here is copied by every fork. The supervisor leads a session
of its own, collects every orphan of the trial's tree (Linux), and depends on nobody while a trial runs: neither the
manager nor the warden has to be alive for a time limit, a cancellation or the record of the end.

When nothing of a trial is left, its supervisor is as good as new, and much cheaper than a new one: it takes the next.
"""

# pathlib is not imported: the warden starts faster, and forks faster, for every module that it does without.
# ruff: noqa: PTH102, PTH103, PTH104, PTH110, PTH112, PTH113, PTH118, PTH123

from __future__ import annotations

import errno
import json
import os
import select
import signal
import time

from nni_service_local import descent, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

#: seconds that processes which the command left behind have, between SIGTERM and SIGKILL
LEFTOVER_GRACE = 2.0
#: seconds that a trial has after its time limit, and after a SIGTERM to the supervisor that names no other grace
DEFAULT_GRACE = 10.0
#: seconds between two rounds of SIGKILL: the first, and the longest that it grows to
_FIRST_KILL_PAUSE, _LAST_KILL_PAUSE = 0.02, 1.0

#: what Python or the manager may ignore, and a program expects to find as at a login. A supervisor that reports to a
#: dead warden ends of SIGPIPE, with everything done.
_USUAL = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGINT", "SIGHUP", "SIGQUIT")]
#: what a shell answers for a command that it does not find, and for one that cannot be run
_NOT_FOUND, _CANNOT_RUN = 127, 126


class Origin:
    """What a supervisor knows of the warden that it came from."""

    def __init__(self, lock: str, mark: bytes, umask: int, boot_id: str) -> None:
        #: file that a warden holds, with the mark of the latest one in it
        self.lock = lock
        self.mark = mark
        #: the user's own, for the trials; ours keeps files from everybody else
        self.umask = umask
        self.boot_id = boot_id
        #: the manager's variables, as it had them when it started the warden
        self.environment = dict(os.environb)
        self.null = os.open(os.devnull, os.O_RDONLY)


def serve(origin: Origin, orders: int, reports: int) -> None:
    """Run trials, one after the other, until the warden is gone.

    Orders are JSON lines, one at a time; the report of a trial's end is a line with our pid.

    :raises OSError: when a trial's directory cannot be written. The process must end then: what it leaves is swept.
    """
    os.setsid()
    descent.keep_orphans()
    for number in _USUAL:
        signal.signal(number, signal.SIG_DFL)
    lock = os.open(origin.lock, os.O_RDONLY | os.O_NOFOLLOW)
    alarm = Alarm()
    while line := _read_line(orders):
        trial = Trial(json.loads(line), origin, alarm)
        if trial.prepare(lock):
            trial.run()
        trial.release()
        os.write(reports, b"%d\n" % os.getpid())


class Alarm:
    """Wakes a sleeping supervisor when a child ends or somebody wants its trial to end."""

    def __init__(self) -> None:
        #: somebody sent SIGTERM since this was last set to False
        self.cancelled = False
        self._awake, wake = os.pipe()
        os.set_blocking(self._awake, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_cancel)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    def sleep(self, seconds: float | None) -> None:
        """Until a signal comes, or the time is over."""
        select.select([self._awake], [], [], seconds)
        drain(self._awake)

    def _on_cancel(self, *_: object) -> None:
        self.cancelled = True


class Trial:
    """One attempt, and the process tree that it becomes."""

    def __init__(self, order: dict[str, Any], origin: Origin, alarm: Alarm) -> None:
        self.order = order
        self.origin = origin
        self.alarm = alarm
        self.file: records.SupervisorFile
        self.command = 0
        self.status: int | None = None
        self.timed_out = False
        self.message = ""
        self.limit_at: float | None = None
        self.kill_at: float | None = None
        self.kill_pause = _FIRST_KILL_PAUSE
        self.left_command = False
        self.asked: set[int] = set()

    def prepare(self, warden_lock: int) -> bool:
        """Everything up to the command itself; False when a later warden has taken over, so that it must not run."""
        # A signal that came before may have meant the trial before; a request in this directory means this one.
        self.alarm.cancelled = False
        _make_directory(self.order["directory"])
        os.chdir(self.order["directory"])
        if os.path.exists(records.CANCEL_FILE):
            self.alarm.cancelled = True
        _make_directory(".nni")
        self.file = records.SupervisorFile()
        records.write_file(records.PARAMETER_FILE, self.order["parameter_file"].encode("latin-1"))
        start = {key: self.order[key] for key in ("attempt_id", "gpus", "gpu_share")}
        start |= {"pid": os.getpid(), "boot_id": self.origin.boot_id, "started_at": now()}
        self.file.add(records.START, start)
        # A later manager looks for trials after its warden has left its mark. Whoever still finds the old mark here has
        # left the record before that look; whoever finds the new one may have been missed, and must not run.
        if os.pread(warden_lock, len(self.origin.mark), 0) == self.origin.mark:
            return True
        self.file.empty()
        return False

    def release(self) -> None:
        """The trial is over."""
        self.file.release()

    def run(self) -> None:
        """Start the command and stay until nothing of its tree is left."""
        if self._take_checkpoints():
            self._start_command()
        if self.order["time_limit"] is not None:
            self.limit_at = time.monotonic() + self.order["time_limit"]
        while self._reap():
            self._advance()
            self.alarm.sleep(self._patience())
        if self.command and not descent.KEEPS_ORPHANS:
            descent.kill_all(self.command)
        self._record_end()

    def _take_checkpoints(self) -> bool:
        """Begin with a copy of what another trial left, once; False when that cannot be done."""
        theirs, own = self.order["checkpoints_of"], self.order["checkpoints"]
        if theirs is None or os.path.isdir(own) or not os.path.isdir(theirs):
            return True
        import shutil

        half = f"{own}.half"
        try:
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(theirs, half, symlinks=True)
            os.rename(half, own)
        except OSError as error:
            self.message = f"the checkpoints in {theirs} cannot be copied: {error}"
            self.status = _CANNOT_RUN << 8
            return False
        return True

    def _start_command(self) -> None:
        """Spawn, not fork: the child borrows this process's memory until it is the command, and nothing is copied."""
        order = self.order
        given = {os.fsencode(name): os.fsencode(value) for name, value in order["environment"].items()}
        # As a shell sets it: programs take its word for where they are.
        environment = self.origin.environment | {b"PWD": os.fsencode(order["code_directory"])} | given
        output = os.O_APPEND | records.WRITE_ONLY
        stdout, stderr = os.open("stdout", output, 0o600), os.open("stderr", output, 0o600)
        here = os.open(".", os.O_RDONLY)
        os.umask(self.origin.umask)
        try:
            os.chdir(order["code_directory"])
            self.command = self._spawn(environment, (self.origin.null, stdout, stderr))
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOMEM):
                raise
            self._tell_failure(stderr, error)
        finally:
            os.umask(records.UMASK)
            os.fchdir(here)
            for descriptor in (here, stdout, stderr):
                os.close(descriptor)

    def _spawn(self, environment: Mapping[bytes, bytes], streams: Sequence[int]) -> int:
        words, argv = self.order["plain_words"], self.order["argv"]
        try:
            return _spawned(words or argv, environment, streams)
        except OSError:
            if not words:
                raise
            # No program, or a script that does not say what runs it. The shell may know better, and says why not.
            return _spawned(argv, environment, streams)

    def _tell_failure(self, stderr: int, error: OSError) -> None:
        """The command cannot be run; it is told as a shell tells it."""
        order = self.order
        os.write(stderr, f"nni: cannot run {order['argv'][0]!r} in {order['code_directory']!r}: {error}\n".encode())
        self.status = (_NOT_FOUND if isinstance(error, FileNotFoundError) else _CANNOT_RUN) << 8

    def _reap(self) -> bool:
        """Collect what has ended; False when nothing of the tree is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.command:
                self.status = status

    def _advance(self) -> None:
        """Take the next step towards the end, if it is time for one."""
        now = time.monotonic()
        if self.alarm.cancelled:
            self.alarm.cancelled = False
            self._end_within(_requested_grace())
        elif self.status is not None and not self.left_command:
            self.left_command = True
            self._end_what_is_left()
        elif self.status is None and self.limit_at is not None and now >= self.limit_at:
            self.limit_at, self.timed_out = None, True
            self._end_within(DEFAULT_GRACE)
        if self.kill_at is not None and now >= self.kill_at:
            descent.kill_all(self.command)
            self.kill_at = now + self.kill_pause
            self.kill_pause = min(2 * self.kill_pause, _LAST_KILL_PAUSE)

    def _end_what_is_left(self) -> None:
        """The command is over, and others are not."""
        if self.kill_at is None:
            self.message = "ended processes that the command left behind"
            self._end_within(LEFTOVER_GRACE)
        else:
            # Born while the command was asked to end. They have the rest of its grace.
            descent.ask_all_to_end(self.command, self.asked)

    def _end_within(self, grace: float) -> None:
        """Ask the tree to end, and set the time at which it is no longer asked. A later call only brings it forward."""
        kill_at = time.monotonic() + grace
        if self.kill_at is None:
            self.kill_at = kill_at
            descent.ask_all_to_end(self.command, self.asked)
        self.kill_at = min(self.kill_at, kill_at)

    def _patience(self) -> float | None:
        """Seconds until there is something to do without a signal."""
        limit_at = self.limit_at if self.status is None else None
        moments = [moment for moment in (limit_at, self.kill_at) if moment is not None]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _record_end(self) -> None:
        code = None if self.status is None else os.waitstatus_to_exitcode(self.status)
        killed = code is not None and code < 0
        record = {
            "attempt_id": self.order["attempt_id"],
            "exit_code": None if killed else code,
            "signal": -code if killed and code is not None else None,
            "timed_out": self.timed_out,
            "ended_at": now(),
            "message": self.message,
        }
        try:
            self.file.add(records.EXIT, record)
        except FileNotFoundError:
            # The trial has deleted its folder, which is where we are.
            _make_directory(self.order["directory"])
            os.chdir(self.order["directory"])
            self.file.add(records.EXIT, record)


def _spawned(argv: list[str], environment: Mapping[bytes, bytes], streams: Sequence[int]) -> int:
    return os.posix_spawn(
        _program(argv[0], environment),
        argv,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, own, number) for number, own in enumerate(streams)],
        setpgroup=0,
    )


def _program(name: str, environment: Mapping[bytes, bytes]) -> str:
    """The file that a command names, found on the command's own PATH."""
    if "/" in name:
        return name
    path = os.fsdecode(environment[b"PATH"]) if b"PATH" in environment else os.defpath
    paths = (os.path.join(directory, name) for directory in path.split(os.pathsep))
    found = next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), None)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return found


def _make_directory(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        os.makedirs(path, 0o700, exist_ok=True)


def _requested_grace() -> float:
    """Seconds that whoever sent SIGTERM leaves to the trial."""
    try:
        with open(records.CANCEL_FILE, "rb") as file:
            return float(json.load(file)["grace"])
    except FileNotFoundError:
        return DEFAULT_GRACE


def _read_line(descriptor: int) -> bytes:
    """One line; empty when the other end is gone."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            return b""
        line += piece
    return line


def drain(descriptor: int) -> None:
    """Empty the pipe that signals write to."""
    try:
        os.read(descriptor, 4096)
    except BlockingIOError:
        return


def now() -> int:
    """Milliseconds since the epoch, for display."""
    return time.time_ns() // 1_000_000
