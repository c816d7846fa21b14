"""Starts a view: checks what is to be viewed, copies or unpacks it, and hands it to a process of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path

from attrs import asdict, frozen

from nni_core.children import Child, start_child
from nni_core.client.bundle import EXPERIMENT
from nni_core.client.bundle_experiment import check_id, checked_ledger
from nni_core.client.bundle_reading import BundleFile
from nni_core.client.log_copies import copy_log, unreadable
from nni_core.client.starting import refuse_running
from nni_core.client.views import new_view
from nni_core.errors import MachineError, Problem
from nni_core.folders import ExperimentFolder, all_experiments, find
from nni_core.manager.order import Listening, Reply
from nni_core.store.base import StoreError
from nni_core.store.reader import open_readonly

_PROCESS = "nni_core.client.view_process"


@frozen(kw_only=True)
class ViewOrder:
    """What the process of a view is started with."""

    #: folder of the view
    view: str
    #: folder of the experiment that is viewed
    shown: str
    listening: Listening

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, data: bytes) -> ViewOrder:
        raw = json.loads(data)
        return cls(view=raw["view"], shown=raw["shown"], listening=Listening(**raw["listening"]))


@frozen(kw_only=True)
class StartedView:
    """A view that answers."""

    view: ExperimentFolder
    process: Child


def is_bundle(what: str) -> bool:
    """Whether what is to be viewed is a bundle and not an experiment."""
    return what.lower().endswith(".zip") or Path(what).is_file()


def view_experiment(
    name: str, sockets: Sequence[socket.socket], listening: Listening, *, parent: Path | None = None
) -> StartedView:
    """Serve a stopped experiment; ``parent`` is the folder that holds its folder, where that is none of this user's.

    :raises NotFoundError: when there is none.
    :raises ConflictError: when it runs, or is viewed already.
    :raises MachineError: when it cannot be read.
    """
    folder = find(name) if parent is None else find(name, list(all_experiments(parent)))
    refuse_running(folder)
    with new_view(folder.id, folder) as (view, lock):
        copy_log(folder, view.database)
        try:
            with open_readonly(view.database):
                pass
        except StoreError as error:
            raise unreadable(folder, error, view.database) from error
        return _started(ViewOrder(view=str(view.path), shown=str(folder.path), listening=listening), sockets, lock)


def view_bundle(path: Path, sockets: Sequence[socket.socket], listening: Listening, *, most_bytes: int) -> StartedView:
    """Serve the experiment in a bundle, which is unpacked for as long as it is viewed.

    :raises ConfigError: when the bundle cannot be trusted.
    :raises ConflictError: when an experiment of its id is viewed already.
    :raises MachineError: when it cannot be unpacked.
    """
    with BundleFile(path, most_bytes=most_bytes) as bundle:
        check_id(bundle.manifest, path)
        with new_view(bundle.manifest.experiment_id, None) as (view, lock):
            bundle.extract(EXPERIMENT, view.path)
            checked_ledger(view.database, bundle.manifest, path)
            return _started(ViewOrder(view=str(view.path), shown=str(view.path), listening=listening), sockets, lock)


def _started(order: ViewOrder, sockets: Sequence[socket.socket], lock: int) -> StartedView:
    channel, theirs = socket.socketpair()
    with channel:
        with theirs:
            process = start_child(_PROCESS, theirs.fileno(), fork=True)
        try:
            socket.send_fds(channel, [b"!"], [lock, *(one.fileno() for one in sockets)])
            channel.sendall(order.encode())
            channel.shutdown(socket.SHUT_WR)
            with channel.makefile("rb") as answers:
                line = answers.readline()
        except BrokenPipeError:
            line = b""
        except BaseException:
            process.terminate()
            process.wait()
            raise
    reply = Reply.decode(line) if line else Reply(fault=f"its process ended with code {process.wait()}")
    if not reply.ok:
        process.wait()
        raise MachineError(Problem(code="NNI538", message=f"the view could not be started: {reply.fault}"))
    return StartedView(view=ExperimentFolder(Path(order.view)), process=process)
