"""Starts our own processes: the manager and the tuner's.

A process of ours that has one thread forks, and its child goes on with everything that is imported already: that is
most of what a start costs. Somebody else's process, such as a notebook, starts an interpreter anew, and so does one
with several threads: locks that another thread holds at the moment of a fork stay locked in the child for ever.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn, Protocol, TextIO


class Child(Protocol):
    """A process that was started here; what :class:`subprocess.Popen` offers of it."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it lives."""

    def wait(self) -> int:
        """Its exit code, when it has one."""

    def terminate(self) -> None:
        """SIGTERM."""

    def kill(self) -> None:
        """SIGKILL."""


def start_child(module: str, descriptor: int, *, fork: bool, stderr: int | None = None) -> Child:
    """Run ``main([descriptor])`` of a module in a process and session of its own, with that descriptor open and no
    other. Its output goes nowhere but for ``stderr``, which is this process's own when not given. ``fork`` allows to
    fork where that is safe: for processes in which nothing runs but this project."""
    if fork and threading.active_count() == 1 and sys.platform == "linux":
        return _Forked(lambda: _run(module, descriptor, stderr))
    # Imported for those who need it: a start by fork is quicker without.
    import subprocess

    return subprocess.Popen(
        [sys.executable, "-m", module, str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        pass_fds=[descriptor],
        start_new_session=True,
    )


def _run(module: str, descriptor: int, stderr: int | None) -> NoReturn:
    """The life of a forked child. It never returns into the frames of its parent, whose open files are not its own."""
    code = 1
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        if stderr is not None:
            os.dup2(stderr, 2)
        # Whoever replaced these objects in the parent did so for the parent.
        sys.stdout, sys.stderr = _on(1), _on(2)
        os.closerange(3, descriptor)
        os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
        main: Callable[[list[str]], int] = import_module(module).main
        code = main([str(descriptor)])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must not see it raised a second time
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _on(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


class _Forked:
    """A forked child, from its parent's side."""

    def __init__(self, run: Callable[[], NoReturn]) -> None:
        # What waits in a buffer now would be written by both.
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            run()
        self._code: int | None = None
        self._waiting = threading.Lock()

    def poll(self) -> int | None:
        return self._look(os.WNOHANG)

    def wait(self) -> int:
        code = self._look(0)
        return -1 if code is None else code

    def _look(self, options: int) -> int | None:
        with self._waiting:
            if self._code is None:
                pid, status = os.waitpid(self.pid, options)
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
            return self._code

    def terminate(self) -> None:
        self._signal(15)

    def kill(self) -> None:
        self._signal(9)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)
