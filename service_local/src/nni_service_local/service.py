"""The training service ``local``: trials are processes of this machine, and outlive the manager that started them.

A warden forks a supervisor for each trial (``warden.py``, ``supervisor.py``). Ends of our own trials are told by the
warden, those of an earlier manager's by the lock that their supervisor holds; what happened is read from the
supervisor's records in either case (``watch.py``).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from nni_core.api import (
    AttemptStatus,
    Capabilities,
    LogChunk,
    NoCapacity,
    Rejected,
    ServiceContext,
    ServiceEvent,
    Submission,
    Submitted,
    TrainingService,
    TrialSpec,
)
from nni_core.errors import NotFoundError, PermanentError, Problem
from nni_core.model import AttemptId, LogStream, TrialId
from nni_service_local import records
from nni_service_local.arguments import LocalArguments
from nni_service_local.execution import Execution
from nni_service_local.gpu import Full, GpuDevice, GpuProbe, Placement
from nni_service_local.gpu_desk import GpuDesk
from nni_service_local.layout import TrialFolders
from nni_service_local.link import WardenLink
from nni_service_local.order import fault_of, order_of
from nni_service_local.tail import Tail, read_piece
from nni_service_local.watch import Began, Ended, Watch

#: seconds before each attempt to replace a warden
_PAUSES = (0.0, 0.1, 0.5, 2.0, 5.0)


class LocalService(TrainingService):
    """Runs trials as processes of this machine."""

    capabilities = Capabilities(gpu=True, reattach=True, shared_fs=True, same_machine=True)

    def __init__(
        self, context: ServiceContext, arguments: LocalArguments | None = None, *, probe: GpuProbe | None = None
    ) -> None:
        """``probe``: looks at GPUs; None for NVML."""
        self._context = context
        self._folders = TrialFolders(context.directory)
        self._gpus = GpuDesk(arguments or LocalArguments(), probe)
        self._watch = Watch(_now)
        self._link: WardenLink | None = None
        self._replacement: asyncio.Task[None] | None = None
        self._stopped = False
        #: why no trial can be started any more; empty when all is well
        self._fault = ""

    async def check(self) -> Sequence[Problem]:
        return await self._gpus.check(self._context.requirements.gpus)

    async def start(self) -> None:
        """See :class:`TrainingService`. Returns when nothing that an earlier manager submitted can still start.

        :raises OSError: when the experiment's folder cannot be written.
        :raises PermanentError: when no warden can be started.
        """
        self._folders.make()
        self._link = await self._open_link()

    async def stop(self, grace: float) -> None:
        if self._stopped:
            return
        self._stopped = True
        if self._replacement:
            self._replacement.cancel()
            await asyncio.wait([self._replacement])
        if self._link:
            await self._link.close()
        await self._watch.close()

    async def submit(self, batch: Sequence[TrialSpec]) -> Sequence[Submission]:
        """See :class:`TrainingService`.

        :raises PermanentError: when there is no warden: the service was not started, was stopped, or cannot go on.
        """
        devices: Sequence[GpuDevice] = ()
        if any(spec.gpus for spec in batch):
            devices = await self._gpus.look(self._watch.executions)
        return [self._submit(spec, devices) for spec in batch]

    async def cancel(self, attempt_id: AttemptId, grace: float) -> None:
        execution = self._watch.executions.get(attempt_id)
        if execution is None:
            return
        execution.grace = grace
        if execution.lock is not None:
            execution.cancel_adopted(grace)
        elif execution.link is not None:
            execution.link.order("cancel", attempt_id=attempt_id, grace=grace)

    def events(self) -> AsyncIterator[ServiceEvent]:
        return self._watch.events()

    async def reattach(self, attempts: Mapping[AttemptId, tuple[TrialId, int]]) -> Mapping[AttemptId, AttemptStatus]:
        """See :class:`TrainingService`. Exact once :meth:`start` has returned. ``UNKNOWN``: the supervisor is gone and
        left no record; what may be left of the trial is being ended, and :class:`TrialLost` follows."""
        found = await asyncio.to_thread(self._find, attempts)
        return {attempt_id: self._reattach(found[attempt_id]) for attempt_id in attempts}

    async def read_log(self, trial_id: TrialId, attempt: int, stream: LogStream, offset: int, limit: int) -> LogChunk:
        path = f"{self._folders.of(trial_id, attempt)}/{stream}"
        return await asyncio.to_thread(read_piece, path, offset, limit)

    def trial_directory(self, trial_id: TrialId, attempt: int) -> str:
        return self._folders.of(trial_id, attempt)

    # --- submitting ---------------------------------------------------------------------------------------------------

    def _submit(self, spec: TrialSpec, devices: Sequence[GpuDevice]) -> Submission:
        if self._link is None or self._fault or self._stopped:
            cause = self._fault or "it was not started, or has ended"
            raise PermanentError(f"the local training service does not run: {cause}")
        if spec.attempt_id in self._watch.executions:
            return Submitted(attempt_id=spec.attempt_id)
        try:
            directory = self._folders.of(spec.trial_id, spec.attempt)
        except NotFoundError:
            return Rejected(attempt_id=spec.attempt_id, reason=f"{spec.trial_id!r} cannot be the id of a trial")
        if fault := fault_of(spec):
            return Rejected(attempt_id=spec.attempt_id, reason=fault)
        placement = self._place(spec, devices)
        if isinstance(placement, Full):
            return NoCapacity(attempt_id=spec.attempt_id, reason=placement.reason)
        order = order_of(spec, self._context.experiment_id, self._folders, placement)
        spool = Tail(f"{directory}/{records.SPOOL_FILE}", 0)
        execution = Execution(
            attempt_id=spec.attempt_id, directory=directory, spool=spool, placement=placement, order=order
        )
        self._watch.add(execution)
        self._order(execution)
        return Submitted(attempt_id=spec.attempt_id)

    def _place(self, spec: TrialSpec, devices: Sequence[GpuDevice]) -> Placement | Full | None:
        if not spec.gpus:
            return None
        taken = [execution.placement for execution in self._watch.executions.values() if execution.placement]
        return self._gpus.place(devices, spec.gpus, taken)

    # --- what the warden tells ----------------------------------------------------------------------------------------

    async def _open_link(self) -> WardenLink:
        """A link to a warden that is ready.

        :raises OSError: when no process can be started.
        :raises PermanentError: when the warden ends at once.
        """
        link = WardenLink(self._on_warden_event, self._on_warden_loss)
        try:
            await link.open(self._folders.warden_lock, self._folders.warden_log)
            await link.ready()
        except BaseException:
            await link.close()
            raise
        return link

    def _on_warden_event(self, event: Mapping[str, Any]) -> None:
        execution = self._watch.executions.get(event["attempt_id"])
        if execution is None:
            return
        if event["event"] == "started":
            self._watch.learn(Began(execution, event["timestamp"]))
        elif event["event"] == "gone":
            self._watch.learn(_ended(execution, event["status"]))
        else:
            self._watch.learn(Ended(execution, event["reason"], ran=False))

    def _on_warden_loss(self, lost: WardenLink) -> None:
        """The warden was killed. Its supervisors were not: they are watched by their locks from now on."""
        if not self._stopped:
            self._replacement = asyncio.create_task(self._replace_warden(lost), name="replace the warden")

    async def _replace_warden(self, lost: WardenLink) -> None:
        try:
            await lost.close()
            self._fault = await self._open_another()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody else would hear of it
            self._fault = f"its warden was killed and cannot be replaced: {error!r}"
        # Whatever was submitted until now, and went to the one that is lost.
        for execution in list(self._watch.executions.values()):
            if execution.link is lost:
                self._take_over(execution)

    async def _open_another(self) -> str:
        """Open a new link; the answer is why that cannot be done, after several attempts, or empty."""
        fault = ""
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            try:
                # When it is ready, nothing of the old one can start any more, and what has started left its record.
                self._link = await self._open_link()
            except (OSError, PermanentError) as error:
                # Told to whoever submits next. What runs is watched on.
                fault = f"its warden was killed and cannot be replaced: {error}"
            else:
                return ""
        return fault

    def _take_over(self, execution: Execution) -> None:
        """Look after a trial whose warden was killed: watch it if it has started, start it if not."""
        if start := execution.read(records.START):
            self._watch.learn(Began(execution, start.get("started_at", _now())))
            execution.adopt()
        elif self._fault:
            self._watch.learn(Ended(execution, self._fault, ran=False))
        else:
            self._order(execution)
            if execution.grace is not None and execution.link is not None:
                execution.link.order("cancel", attempt_id=execution.attempt_id, grace=execution.grace)

    def _order(self, execution: Execution) -> None:
        """Have an execution started. When the warden is gone, that is done once there is another."""
        execution.link = self._link
        if execution.link is not None and execution.order is not None:
            execution.link.order("run", **execution.order)

    # --- reattaching --------------------------------------------------------------------------------------------------

    def _find(self, attempts: Mapping[AttemptId, tuple[TrialId, int]]) -> dict[AttemptId, Execution | None]:
        found: dict[AttemptId, Execution | None] = {}
        for attempt_id, (trial_id, offset) in attempts.items():
            directory = self._folders.find(trial_id, attempt_id)
            found[attempt_id] = _found(attempt_id, directory, offset) if directory else None
        return found

    def _reattach(self, execution: Execution | None) -> AttemptStatus:
        if execution is None:
            return AttemptStatus.ABSENT
        start = execution.read(records.START) or {}
        self._watch.add(execution)
        self._watch.learn(Began(execution, start.get("started_at", _now())))
        if execution.is_alive:
            return AttemptStatus.RUNNING
        return AttemptStatus.EXITED if execution.read(records.EXIT) else AttemptStatus.UNKNOWN


def _found(attempt_id: AttemptId, directory: str, offset: int) -> Execution:
    execution = Execution(
        attempt_id=attempt_id, directory=directory, spool=Tail(f"{directory}/{records.SPOOL_FILE}", offset)
    )
    execution.adopt()
    start = execution.read(records.START)
    if start and start["gpus"]:
        execution.placement = Placement(indices=tuple(start["gpus"]), share=start["gpu_share"])
    return execution


def _ended(execution: Execution, status: int) -> Ended:
    if status < 0:
        return Ended(execution, f"its supervisor was killed by signal {-status}")
    fault = os.strerror(status) if status else "it kept no record"
    return Ended(execution, f"its supervisor failed: {fault}", ran=None)


def _now() -> int:
    return time.time_ns() // 1_000_000
