"""Removes experiments from the disk: wholly, or not at all when something of them may still run."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nni_core.client.stopping import needs_stop
from nni_core.errors import ConflictError, MachineError, Problem
from nni_core.folders import ExperimentFolder, unlink_experiment

#: bytes of a block in ``st_blocks``, whatever the file system's own are
_BLOCK = 512


def disk_usage(folder: ExperimentFolder) -> int:
    """Bytes that an experiment takes on its disk. What is linked from elsewhere counts once, links do not count."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for path, _, names in os.walk(folder.path):
        for name in names:
            with suppress(OSError):
                found = os.lstat(f"{path}/{name}")
                if (found.st_dev, found.st_ino) not in seen:
                    seen.add((found.st_dev, found.st_ino))
                    total += found.st_blocks * _BLOCK
    return total


def check_removable(folder: ExperimentFolder) -> None:
    """:raises ConflictError: when something of an experiment runs, or may."""
    if folder.is_live():
        raise ConflictError(
            Problem(
                code="NNI560",
                message=f"experiment {folder.id} is running",
                help=f"nnictl stop {folder.id} ends it; then it can be deleted",
            )
        )
    if needs_stop(folder):
        raise ConflictError(
            Problem(
                code="NNI560",
                message=f"the manager of experiment {folder.id} is gone, and its trials may still run",
                help=f"nnictl stop {folder.id} ends them; then it can be deleted",
            )
        )


def remove_experiment(folder: ExperimentFolder) -> None:
    """Remove the folder of an experiment, with everything in it, and the links to it.

    :raises ConflictError: when something of it runs, or may.
    :raises MachineError: when a part of it cannot be removed. It is still listed then, and can be removed again.
    """
    check_removable(folder)
    with _in_charge(folder):
        try:
            for path in _in_order(folder):
                _remove(path)
            folder.path.rmdir()
        except OSError as error:
            raise MachineError(
                Problem(
                    code="NNI561",
                    message=f"cannot delete '{error.filename}': {os.strerror(error.errno or 0)}",
                    help=f"remove what stands in the way, then nnictl experiment delete {folder.id} again",
                )
            ) from error
    unlink_experiment(folder)


@contextmanager
def _in_charge(folder: ExperimentFolder) -> Iterator[None]:
    """Hold the manager's lock, so that no manager begins in the middle."""
    try:
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        # A folder that nobody may write to: removing the first file will say so.
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                Problem(code="NNI560", message=f"experiment {folder.id} is being started or deleted by another command")
            ) from error
        yield
    finally:
        os.close(descriptor)


def _in_order(folder: ExperimentFolder) -> list[Path]:
    """The log next to last and the lock last: what was interrupted is an experiment still, to be deleted again."""
    late = [*folder.path.glob(f"{folder.database.name}*"), folder.lock]
    return [*(path for path in folder.path.iterdir() if path not in late), *(path for path in late if path.exists())]


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    # A trial may have left folders that even their owner cannot change.
    for directory, _, _ in os.walk(path):
        mode = stat.S_IMODE(os.lstat(directory).st_mode)
        if mode & stat.S_IRWXU != stat.S_IRWXU:
            os.chmod(directory, mode | stat.S_IRWXU)  # noqa: PTH101 - os.walk gives text
    shutil.rmtree(path)
