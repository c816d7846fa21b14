"""A manager's life: order, assembly, service, end."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from attrs import asdict

from nni_core.errors import MachineError, Problem, UserError
from nni_core.experiment.clock import SystemClock
from nni_core.experiment.kept_trials import keep_trials
from nni_core.experiment.tuner_process import TunerFailedError
from nni_core.experiment.tuner_spawn import TunerLine
from nni_core.folders import ExperimentFolder, ManagerRecord, replace_file
from nni_core.log import get_logger
from nni_core.manager import logs
from nni_core.manager.assembly import Assembly, assemble
from nni_core.manager.inbox import Inbox
from nni_core.manager.order import Action, Order, Reply
from nni_core.store.base import StoreError
from nni_core.store.log_state import log_state

log = get_logger(__name__)

#: seconds between looks at whether the experiment's folder is still there
FOLDER_INTERVAL = 5.0


def run(inbox: Inbox) -> int:
    """Entry of the process; the answer is its exit code."""
    order, sockets = inbox.order()
    channel, tuner = inbox.channel, inbox.tuner
    if order is None:
        # The tuner's process sees the line go dead, and ends too.
        return 0
    os.umask(0o077)
    folder = ExperimentFolder(order.folder)
    threshold = logs.write_to(folder.manager_log, debug=order.debug)
    lock = folder.take_charge()
    if lock is None:
        _reply(channel, Reply(problems=[_in_use(folder)]))
        return 3
    with lock:
        try:
            return asyncio.run(Manager(order, folder, channel, sockets, tuner, threshold).main())
        except StoreError as error:
            log.exception("store.failed")
            _reply(channel, Reply(problems=[Problem(code="NNI816", message=str(error))]))
            return MachineError.exit_code
        except Exception as error:
            # The border of the process: a bug keeps its traceback in the log, and whoever started it is told.
            log.exception("manager.failed")
            _reply(channel, Reply(fault="".join(traceback.format_exception_only(error)).strip()))
            return 1


def _in_use(folder: ExperimentFolder) -> Problem:
    manager = folder.manager()
    where = f" (pid {manager.pid}, port {manager.port})" if manager else ""
    return Problem(
        code="NNI523",
        message=f"experiment {folder.id} is already running{where}",
        help=f"nnictl stop {folder.id} ends it",
    )


def _stopped_early(folder: ExperimentFolder) -> Problem:
    return Problem(code="NNI530", message=f"experiment {folder.id} was stopped while it was starting")


def _reply(channel: socket.socket, reply: Reply) -> None:
    """Answer the starter, once. It may have gone: then nobody needs to know."""
    with suppress(OSError):
        channel.sendall(reply.encode())
        channel.shutdown(socket.SHUT_RDWR)


class Manager:
    """One experiment's process, from its order to its end."""

    def __init__(
        self,
        order: Order,
        folder: ExperimentFolder,
        channel: socket.socket,
        sockets: Sequence[socket.socket],
        tuner: TunerLine,
        threshold: logs.Threshold,
    ) -> None:
        self._threshold = threshold
        self._tuner = tuner
        self._order = order
        self._folder = folder
        self._channel = channel
        self._sockets = sockets
        self._stopping = asyncio.Event()

    async def main(self) -> int:
        """Run the experiment until somebody stops it; the answer is the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            # Asked twice is asked once: a second ``nnictl stop`` waits like the first.
            loop.add_signal_handler(number, self._asked_to_stop, number)
        try:
            assembly = await assemble(self._order, self._folder, SystemClock(), self._stopping.set, self._tuner)
        except UserError as error:
            _reply(self._channel, Reply(problems=error.problems))
            return error.exit_code
        if not self._order.debug:
            self._threshold.set(assembly.log_level)
        log.info("experiment.seed", seed=assembly.engine.ledger.config.get("seed"))
        try:
            return await self._serve(assembly)
        except TunerFailedError as error:
            failure = error.failure
            problem = Problem(code=failure.code, message=failure.message, key_path=failure.key_path, help=failure.help)
            _reply(self._channel, Reply(problems=[problem]))
            return UserError.exit_code
        finally:
            await assembly.engine.close()
            self._keep_trials(assembly)

    def _keep_trials(self, assembly: Assembly) -> None:
        """Leave what the log adds up to for who looks at the experiment next."""
        engine = assembly.engine
        if engine.broken is None:
            keep_trials(self._folder.trials_file, list(engine.ledger.trials.values()), log_state(self._folder.database))

    def _asked_to_stop(self, number: int) -> None:
        log.info("manager.asked_to_stop", signal=signal.Signals(number).name)
        self._stopping.set()

    async def _serve(self, assembly: Assembly) -> int:
        if self._order.action is Action.STOP:
            await assembly.engine.take_down()
            _reply(self._channel, Reply())
            return 0
        starting = asyncio.create_task(assembly.engine.start(), name="engine start")
        # In a thread, so that the tuner hears what it is to build before the web server's modules are imported.
        web = await asyncio.to_thread(import_module, "nni_core.manager.web")
        server = web.WebServer(assembly, order=self._order, folder=self._folder, sockets=self._sockets)
        if not await self._begun(starting):
            return UserError.exit_code
        serving = asyncio.create_task(server.serve(), name="web server")
        self._introduce()
        _reply(self._channel, Reply(problems=assembly.warnings))
        gc.freeze()
        gc.enable()
        log.info("experiment.started", urls=self._order.listening.urls, pid=os.getpid())
        await self._until_stopped()
        await assembly.engine.stop()
        server.stop()
        await serving
        log.info("Experiment stopped")
        return 0

    async def _begun(self, starting: asyncio.Task[None]) -> bool:
        """Wait until the engine has started; False when somebody stopped the experiment before, and said so."""
        stopped = asyncio.create_task(self._stopping.wait(), name="stop while starting")
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if starting.done():
            await starting
            return True
        # A tuner may take for ever to be built, and it is the one thing that a start waits for.
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        _reply(self._channel, Reply(problems=[_stopped_early(self._folder)]))
        return False

    async def _until_stopped(self) -> None:
        """Return when it is time to stop. An experiment whose folder was deleted can be neither seen nor stopped from
        outside: it ends itself."""
        while self._folder.path.exists():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), FOLDER_INTERVAL)
                return
        log.warning("experiment.folder_deleted", folder=str(self._folder.path))

    def _introduce(self) -> None:
        listening = self._order.listening
        record = ManagerRecord(
            pid=os.getpid(),
            port=listening.port,
            url_prefix=listening.url_prefix,
            urls=listening.urls,
            started_at=SystemClock().now(),
        )
        replace_file(self._folder.manager_file, json.dumps(asdict(record)).encode())
