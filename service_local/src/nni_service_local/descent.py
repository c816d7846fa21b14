"""The process tree below the current process: who is in it, and how it is brought to an end. Standard library only.

On Linux the supervisor is a child-subreaper, so nothing leaves the tree by a double fork or a session of its own; so is
the warden, which inherits the tree of a supervisor that was killed. macOS offers no such thing: there, the tree is the
command's process group.
"""

# pathlib is not imported: the warden starts faster, and forks faster, for every module that it does without.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import ctypes
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable

#: whether orphans of a tree stay below the supervisor
KEEPS_ORPHANS = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER = 36


def keep_orphans() -> None:
    """From now on, what is left without a parent below this process becomes its child."""
    if KEEPS_ORPHANS:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def ask_all_to_end(group: int, asked: set[int]) -> None:
    """SIGTERM to every process of the tree, except those ``asked`` before: many programs take a second SIGTERM for
    impatience. SIGCONT with it, because a stopped process does not hear."""
    fresh = [pid for pid in _tree(group, keep=()) if pid not in asked]
    asked.update(fresh)
    _signal(fresh, signal.SIGTERM)
    _signal(fresh, signal.SIGCONT)


def kill_all(group: int, keep: Container[int] = ()) -> None:
    """SIGKILL to every process of the tree but those children, and what is below them. They are stopped first, so that
    none starts another in the meantime."""
    stopped: set[int] = set()
    while fresh := [pid for pid in _tree(group, keep) if pid not in stopped]:
        _signal(fresh, signal.SIGSTOP)
        stopped.update(fresh)
    _signal(stopped, signal.SIGKILL)


def _tree(group: int, keep: Container[int]) -> list[int]:
    # A negative number names a process group, for kill() as well.
    return descendants(keep) if KEEPS_ORPHANS else [-group]


def descendants(keep: Container[int] = ()) -> list[int]:
    """Every process below this one and not below a child to ``keep``, parents before their children. Linux only."""
    children: dict[int, list[int]] = {}
    for pid, parent in _every_process():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    level = [child for child in children.get(os.getpid(), []) if child not in keep]
    while level:
        found += level
        level = [child for pid in level for child in children.get(pid, ())]
    return found


def _every_process() -> Iterable[tuple[int, int]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # The command's name, in parentheses, may hold anything; the parent is the second field after it.
                    yield int(name), int(file.read().rpartition(b")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            # Gone already; or another user's (sudo), which nothing that we may do ends: the trial lasts until it does.
            continue
