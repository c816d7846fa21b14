"""The process of a view: serves a log read-only until it is told to end, and removes what it was given."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from attrs import asdict

from nni_core.client.archive_server import archive_server
from nni_core.client.viewing import ViewOrder
from nni_core.client.views import remove_view
from nni_core.experiment.clock import SystemClock
from nni_core.folders import ExperimentFolder, ManagerRecord, replace_file
from nni_core.log import get_logger
from nni_core.manager import logs
from nni_core.manager.order import Reply
from nni_core.store.reader import open_readonly

log = get_logger(__name__)

#: descriptors that can travel with an order
_MOST_DESCRIPTORS = 17
#: seconds between looks at whether the view's folder is still there
_INTERVAL = 5.0


def main(arguments: list[str]) -> int:
    """Entry of the process, with the descriptor of its starter's socket; the answer is its exit code."""
    channel = socket.socket(fileno=int(arguments[0]))
    channel.set_inheritable(False)
    _, descriptors, _, _ = socket.recv_fds(channel, 1, _MOST_DESCRIPTORS)
    text = b""
    while piece := channel.recv(1 << 16):
        text += piece
    if not text:
        # The starter has changed its mind.
        return 0
    order = ViewOrder.decode(text)
    lock, *listening = descriptors
    os.umask(0o077)
    view = ExperimentFolder(Path(order.view))
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    os.ftruncate(lock, len(b"%d\n" % os.getpid()))
    logs.write_to(view.path / "view.log", debug=False)
    try:
        asyncio.run(_serve(order, view, [socket.socket(fileno=one) for one in listening], channel))
    except Exception as error:  # the border of the process: whoever started it is told
        log.exception("view.failed")
        _reply(channel, Reply(fault="".join(traceback.format_exception_only(error)).strip()))
        return 1
    finally:
        # The lock, which goes with the process, is the last thing that is left of it.
        remove_view(view)
    return 0


async def _serve(
    order: ViewOrder, view: ExperimentFolder, sockets: Sequence[socket.socket], channel: socket.socket
) -> None:
    shown = ExperimentFolder(Path(order.shown))
    token = _token(view, shown)
    with open_readonly(view.database) as reader:
        server = archive_server(reader, shown, order.listening, token=token)
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        serving = asyncio.create_task(server.serve(sockets=list(sockets)), name="web server")
        _introduce(view, order)
        _reply(channel, Reply())
        while view.lock.exists() and not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _INTERVAL)
        server.stop()
        await serving


def _token(view: ExperimentFolder, shown: ExperimentFolder) -> str:
    """The experiment's token, so that links stay good, or a new one; kept where nnictl finds it."""
    try:
        token = shown.token.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = secrets.token_urlsafe(32)
    view.token.write_text(f"{token}\n")
    return token


def _introduce(view: ExperimentFolder, order: ViewOrder) -> None:
    listening = order.listening
    record = ManagerRecord(
        pid=os.getpid(),
        port=listening.port,
        url_prefix=listening.url_prefix,
        urls=listening.urls,
        started_at=SystemClock().now(),
    )
    replace_file(view.manager_file, json.dumps(asdict(record)).encode())


def _reply(channel: socket.socket, reply: Reply) -> None:
    """Answer the starter. It may have gone: then nobody needs to know."""
    with suppress(OSError):
        channel.sendall(reply.encode())
        channel.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
