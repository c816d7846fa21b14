"""Finds processes by the attempt id that every process of a trial carries in its environment.

Only for what a supervisor cannot do: end the tree of a supervisor that was killed, and tell whose a GPU process is.
psutil is imported when that happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nni_core.model import AttemptId
from nni_core.wire import TrialVariable

if TYPE_CHECKING:
    import psutil


def attempt_of(pid: int) -> str | None:
    """The attempt that a process belongs to; None when it is of no trial, is gone, or may not be looked at."""
    import psutil

    try:
        return psutil.Process(pid).environ().get(TrialVariable.TOKEN)
    except psutil.Error:
        return None


def end_all(attempt_id: AttemptId) -> int:
    """Kill every process of an attempt and return when none is left. Blocks; the answer is how many there were."""
    import psutil

    killed: set[int] = set()
    while found := list(_processes_of(attempt_id)):
        for process in found:
            killed.add(process.pid)
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(found, timeout=1.0)
    return len(killed)


def _processes_of(attempt_id: AttemptId) -> Iterator[psutil.Process]:
    import psutil

    for process in psutil.process_iter():
        try:
            if process.environ().get(TrialVariable.TOKEN) == attempt_id and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue
