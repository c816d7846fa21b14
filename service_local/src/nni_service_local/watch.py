"""Turns what becomes known of executions into events, in the order that every consumer relies on.

Facts come from the warden, or from the lock of an adopted trial; bytes come from spools, which are read only while
somebody iterates: the reader sets the pace, and nothing piles up in memory.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from nni_core.api import ServiceEvent, TrialExited, TrialLost, TrialOutput, TrialStarted
from nni_core.model import AttemptId
from nni_service_local import marked, records
from nni_service_local.execution import Execution

#: seconds between two looks at spools and at the locks of adopted trials
POLL_INTERVAL = 0.05


@frozen
class Began:
    """The supervisor was forked."""

    execution: Execution
    timestamp: int


@frozen
class Ended:
    """The supervisor is gone."""

    execution: Execution
    #: why, in case that it left no record
    reason: str
    #: whether the command may have started; None when that is what its record says
    ran: bool | None = True


@frozen
class Swept:
    """Nothing is left of an execution that has no record of its end."""

    execution: Execution
    reason: str


Fact = Began | Ended | Swept


class Watch:
    """The executions of a service that have not ended yet."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._executions: dict[AttemptId, Execution] = {}
        self._facts: deque[Fact] = deque()
        self._news = asyncio.Event()
        self._sweeps: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def executions(self) -> Mapping[AttemptId, Execution]:
        """Everything between submission and its last event."""
        return self._executions

    def add(self, execution: Execution) -> None:
        """Look after one more execution."""
        self._executions[execution.attempt_id] = execution

    def learn(self, fact: Fact) -> None:
        """Something became known."""
        if isinstance(fact, Ended):
            fact.execution.link = None
        self._facts.append(fact)
        self._news.set()

    async def events(self) -> AsyncIterator[ServiceEvent]:
        """Everything that happens, until :meth:`close`."""
        while not self._closed:
            while self._facts and not self._closed:
                for event in self._told(self._facts.popleft()):
                    yield event
            for execution in list(self._executions.values()):
                if execution.began:
                    for event in self._outputs(execution):
                        yield event
                self._look_at_lock(execution)
            await self._wait()

    async def close(self) -> None:
        """Stop telling, and let go of every file. The executions go on."""
        self._closed = True
        self._news.set()
        await asyncio.gather(*self._sweeps)
        for execution in self._executions.values():
            execution.close()
        self._executions.clear()

    async def _wait(self) -> None:
        if self._facts:
            return
        poll = asyncio.get_running_loop().call_later(POLL_INTERVAL, self._news.set) if self._executions else None
        await self._news.wait()
        self._news.clear()
        if poll:
            poll.cancel()

    def _told(self, fact: Fact) -> Iterator[ServiceEvent]:
        execution = fact.execution
        if self._executions.get(execution.attempt_id) is not execution:
            return  # told already
        if isinstance(fact, Began):
            # A warden that was killed may have told it before another had to start the trial.
            if not execution.began:
                execution.began = True
                yield TrialStarted(attempt_id=execution.attempt_id, timestamp=fact.timestamp)
            return
        yield from self._outputs(execution)
        if isinstance(fact, Swept):
            self._forget(execution)
            yield TrialLost(attempt_id=execution.attempt_id, timestamp=self._now(), message=fact.reason)
        elif event := self._end(fact):
            self._forget(execution)
            yield event

    def _outputs(self, execution: Execution) -> Iterator[TrialOutput]:
        offset = execution.spool.offset
        while not self._closed and (data := execution.read_spool()):
            yield TrialOutput(attempt_id=execution.attempt_id, offset=offset, data=data)
            offset = execution.spool.offset

    def _end(self, fact: Ended) -> ServiceEvent | None:
        execution = fact.execution
        record = execution.read(records.EXIT)
        if record:
            return _exited(execution, record)
        ran = execution.read(records.START) is not None if fact.ran is None else fact.ran
        if not ran:
            message = f"the trial could not be started: {fact.reason}"
            return TrialExited(attempt_id=execution.attempt_id, timestamp=self._now(), exit_code=None, message=message)
        sweep = asyncio.create_task(self._sweep(fact), name=f"sweep {execution.attempt_id}")
        self._sweeps.add(sweep)
        sweep.add_done_callback(self._sweeps.discard)
        return None

    async def _sweep(self, fact: Ended) -> None:
        """End what a killed supervisor left behind; only then is the execution over."""
        left = await asyncio.to_thread(marked.end_all, fact.execution.attempt_id)
        ended = f"; ended {left} processes that were left of it" if left else ""
        self.learn(Swept(fact.execution, fact.reason + ended))

    def _look_at_lock(self, execution: Execution) -> None:
        if execution.lock is not None and not execution.is_alive:
            os.close(execution.lock)
            execution.lock = None
            self.learn(Ended(execution, "its supervisor ended without a record: killed, or the machine went down"))

    def _forget(self, execution: Execution) -> None:
        execution.close()
        del self._executions[execution.attempt_id]


def _exited(execution: Execution, record: Mapping[str, Any]) -> TrialExited:
    return TrialExited(
        attempt_id=execution.attempt_id,
        timestamp=record["ended_at"],
        exit_code=record["exit_code"],
        signal=record["signal"],
        timed_out=record["timed_out"],
        message="; ".join(filter(None, [record["message"], execution.spool_fault])),
    )
