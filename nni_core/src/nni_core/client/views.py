"""The views that run: stopped experiments and bundles that somebody looks at in the portal.

Each has a folder, ``~/nni-experiments/.views/<id>``, that looks like an experiment's to everything that reads: its lock
is held by the view's process, its log is a copy, and what it copied or unpacked goes away with it. The experiment that
is viewed, its folder and its files, are only read.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from nni_core.errors import ConflictError, MachineError, Problem
from nni_core.folders import ExperimentFolder, all_experiments, default_root

#: in the folder of a view of an experiment: a link to what is viewed
_VIEWED = "view.of"


def views_root() -> Path:
    """The folder that holds those of views."""
    return default_root() / ".views"


def live_views() -> list[ExperimentFolder]:
    """Every view that runs, oldest first. What is left of those that were killed is removed."""
    root = views_root()
    if not root.is_dir():
        return []
    live: list[ExperimentFolder] = []
    with _alone(root):
        for path in root.iterdir():
            folder = ExperimentFolder(path)
            if path.is_dir() and not folder.is_live():
                _remove(folder)
            elif path.is_dir():
                live.append(folder)
    return sorted(live, key=lambda folder: folder.lock.stat().st_mtime)


def view_of(experiment_id: str) -> ExperimentFolder | None:
    """The view of an experiment that runs, if one does."""
    return next((view for view in live_views() if view.id == experiment_id), None)


def viewed(view: ExperimentFolder) -> Path:
    """The folder of the experiment that is viewed; the view's own when that is a bundle."""
    link = view.path / _VIEWED
    return link.readlink() if link.is_symlink() else view.path


def is_view(folder: ExperimentFolder) -> bool:
    """Whether a folder is that of a view."""
    return folder.path.parent == views_root()


def with_views(folders: Sequence[ExperimentFolder]) -> list[ExperimentFolder]:
    """Experiments and views as a list shows them: a view stands for the experiment that is viewed, unless that runs."""
    views = live_views()
    if not views:
        return list(folders)
    ids = {view.id for view in views}
    return [*(folder for folder in folders if folder.id not in ids or folder.is_live()), *views]


def known() -> list[ExperimentFolder]:
    """Every experiment, and the views of bundles, which are none of this user's experiments."""
    folders = list(all_experiments())
    ids = {folder.id for folder in folders}
    return [*folders, *(view for view in live_views() if view.id not in ids)]


def as_viewed(folder: ExperimentFolder) -> ExperimentFolder:
    """The view of an experiment that does not run and is looked at, which answers for it; else the experiment."""
    return folder if folder.is_live() else view_of(folder.id) or folder


@contextmanager
def new_view(experiment_id: str, of: ExperimentFolder | None) -> Iterator[tuple[ExperimentFolder, int]]:
    """Make the folder of a view and hold its lock; a process that is given the descriptor goes on holding it. When the
    block fails there is no view.

    :raises ConflictError: when one of this id runs already.
    :raises MachineError: when it cannot be made.
    """
    root = views_root()
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder, lock = _made(root, experiment_id)
    except OSError as error:
        message = f"cannot make a folder in '{root}': {(error.strerror or str(error)).lower()}"
        raise MachineError(Problem(code="NNI533", message=message)) from error
    try:
        if of is not None:
            (folder.path / _VIEWED).symlink_to(of.path)
            folder.logs.symlink_to(of.logs)
        yield folder, lock
    except BaseException:
        remove_view(folder)
        raise
    finally:
        os.close(lock)


def _made(root: Path, experiment_id: str) -> tuple[ExperimentFolder, int]:
    folder = ExperimentFolder(root / experiment_id)
    with _alone(root):
        if folder.is_live():
            raise ConflictError(_viewed_already(folder))
        _remove(folder)
        folder.path.mkdir(mode=0o700)
        lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Whoever stops a view that is still being made stops the command that makes it.
        os.write(lock, b"%d\n" % os.getpid())
    return folder, lock


def _viewed_already(folder: ExperimentFolder) -> Problem:
    manager = folder.manager()
    where = f" at {manager.urls[0]}" if manager and manager.urls else ""
    return Problem(
        code="NNI537",
        message=f"experiment {folder.id} is being viewed already{where}",
        help=f"nnictl stop {folder.id} ends that",
    )


def end_view(view: ExperimentFolder) -> None:
    """End a view; returns when nothing of it is left."""
    with suppress(FileNotFoundError):
        # Opened first: the process removes the file, and holds its lock until it is gone itself.
        with view.lock.open("rb") as lock:
            if view.is_live() and (pid := view.holder()) is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            fcntl.flock(lock, fcntl.LOCK_SH)
        remove_view(view)


def remove_view(view: ExperimentFolder) -> None:
    """Remove what a view copied or unpacked: for the process that holds its lock, and when none does."""
    with suppress(FileNotFoundError), _alone(views_root()):
        _remove(view)


def _remove(view: ExperimentFolder) -> None:
    shutil.rmtree(view.path, ignore_errors=True)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """While one process looks at the views or makes one, no other does."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
