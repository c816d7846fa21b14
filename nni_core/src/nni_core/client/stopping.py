"""Stops experiments: asks their managers, or does a dead manager's duty for it, and waits until nothing is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

from nni_core.client.launch import WarmManager
from nni_core.client.views import end_view, is_view, known, live_views, view_of
from nni_core.errors import MachineError, NotFoundError, Problem, UserError
from nni_core.folders import ExperimentFolder, all_experiments, find, live_experiments, only_one
from nni_core.manager.order import Action, Listening, Order
from nni_core.store.reader import open_readonly

#: seconds between looks at a manager that has only just begun
INTERVAL = 0.02


def chosen(name: str | None, *, port: int | None = None, everything: bool = False) -> Sequence[ExperimentFolder]:
    """The experiments that ``nnictl stop`` means: those that have a manager, or trials that a killed one left behind,
    and views.

    :raises NotFoundError: when there are none.
    """
    if name is not None and not name.endswith("*"):
        named = find(name, known())
        if port is not None and _port(named) != port:
            raise NotFoundError(
                Problem(code="NNI521", message=f"experiment {named.id} is not on port {port}", help=_running_hint())
            )
        return [named]
    folders = [*(folder for folder in all_experiments() if needs_stop(folder)), *live_views()]
    if name is None and port is None and not everything:
        return [only_one(folders)]
    if name is not None:
        folders = [folder for folder in folders if folder.id.startswith(name[:-1])]
    if port is not None:
        folders = [folder for folder in folders if folder.is_live() and _port(folder) == port]
    if not folders:
        begins = f" that begins with '{name[:-1]}'" if name and name != "*" else ""
        what = f" on port {port}" if port is not None else begins
        raise NotFoundError(
            Problem(code="NNI521", message=f"there is no experiment running{what}", help=_running_hint())
        )
    return folders


def _port(folder: ExperimentFolder) -> int | None:
    manager = folder.manager()
    return manager.port if manager else None


def _running_hint() -> str:
    running = [f"{folder.id} (port {_port(folder)})" for folder in live_experiments()]
    return f"running: {', '.join(running)}" if running else "nnictl experiment list --all shows those that have ended"


def needs_stop(folder: ExperimentFolder) -> bool:
    """Whether something of an experiment may still run; of one whose log cannot be read that is not known."""
    from nni_core.store.base import StoreError

    try:
        return folder.is_live() or has_unfinished_trials(folder)
    except StoreError:
        return False


def has_unfinished_trials(folder: ExperimentFolder) -> bool:
    """Whether its log says that trials were begun and not ended.

    :raises StoreError: when it cannot be read.
    """
    from nni_core.experiment.archive import unfinished_trials

    if not folder.database.exists():
        return False
    with open_readonly(folder.database) as reader:
        return unfinished_trials(reader)


def stop_experiment(folder: ExperimentFolder) -> None:
    """Stop an experiment, or end a view; returns when its manager, its trials and its view are gone. Nothing happens
    when there are none.

    :raises MachineError: when the manager cannot be reached by a signal.
    :raises StoreError: when nobody can tell whether trials are left, for the log is damaged.
    """
    view = folder if is_view(folder) else view_of(folder.id)
    if view is not None:
        end_view(view)
    if is_view(folder):
        return
    _end_manager(folder)
    # A manager that was killed, even in the middle of this very stop, leaves its trials to us.
    while has_unfinished_trials(folder):
        if not _take_down(folder):
            _end_manager(folder)


def _end_manager(folder: ExperimentFolder) -> None:
    """Return when nobody is in charge."""
    asked: int | None = None
    while folder.is_live():
        pid = folder.holder()
        # None, or a former one's: it has taken charge this moment, and not left its process id yet.
        if pid is not None and pid != asked and _terminate(folder, pid):
            asked = pid
        time.sleep(INTERVAL)  # a file lock has nobody to tell when it changes its owner


def _take_down(folder: ExperimentFolder) -> bool:
    """End what nobody is in charge of; False when somebody has taken charge in the meantime: another stop, a resume."""
    order = Order(action=Action.STOP, directory=str(folder.path), listening=Listening(addresses=[], port=0))
    try:
        with WarmManager() as manager:
            try:
                manager.send(order, [])
            finally:
                manager.process.wait()
    except UserError:
        if has_unfinished_trials(folder) and not folder.is_live():
            raise
        return False
    return True


def _terminate(folder: ExperimentFolder, pid: int) -> bool:
    """Ask a manager to end; False when there is no such process."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise MachineError(
            Problem(code="NNI534", message=f"experiment {folder.id} belongs to another user (pid {pid})")
        ) from error
    return True
