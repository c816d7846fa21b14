"""A copy of an experiment's log, whether its manager runs or not, that leaves the experiment's folder as it is."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nni_core.errors import MachineError, Problem
from nni_core.folders import ExperimentFolder
from nni_core.store.base import StoreError
from nni_core.store.copying import copy_closed, copy_open


def copy_log(folder: ExperimentFolder, target: Path) -> None:
    """Copy the log to a file that is not there yet.

    :raises MachineError: when it cannot be read, or the copy not written.
    """
    try:
        with _no_manager_begins(folder) as quiet:
            if quiet:
                copy_closed(folder.database, target)
                return
        copy_open(folder.database, target)
    except StoreError as error:
        raise unreadable(folder, error) from error


def unreadable(folder: ExperimentFolder, error: StoreError, copy: Path | None = None) -> MachineError:
    """What to tell of an error in the log or in a copy of it: the user knows the log only."""
    text = str(error) if copy is None else str(error).replace(str(copy), str(folder.database))
    return MachineError(Problem(code="NNI816", message=text))


@contextmanager
def _no_manager_begins(folder: ExperimentFolder) -> Iterator[bool]:
    """Whether no manager runs; then none begins before the block ends."""
    try:
        lock = folder.lock.open("rb")
    except OSError:
        # No manager was ever there: the folder was copied from elsewhere, or belongs to a machine that is gone.
        yield True
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
