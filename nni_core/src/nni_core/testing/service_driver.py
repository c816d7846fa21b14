"""Drives a training service from a test: submits commands, gathers events, waits for what a test is about."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

from nni_core.api import (
    AttemptStatus,
    ServiceContext,
    ServiceEvent,
    Submission,
    TrainingService,
    TrialExited,
    TrialLost,
    TrialOutput,
    TrialRequirements,
    TrialSpec,
)
from nni_core.model import AttemptId, ExperimentId, LogStream, TrialId

Command = str | Sequence[str]
E = TypeVar("E", bound=ServiceEvent)


def service_context(directory: Path, *, gpus: int | None = None) -> ServiceContext:
    """What a service is given, with an experiment's folder and a code directory inside ``directory``."""
    code = directory / "code"
    code.mkdir(parents=True, exist_ok=True)
    requirements = TrialRequirements(command="true", code_directory=code, gpus=gpus, concurrency=8)
    return ServiceContext(
        experiment_id=ExperimentId("Exp1"), directory=directory / "experiment", requirements=requirements
    )


class ServiceDriver:
    """One service between ``async with``. Trials are called by short names."""

    def __init__(self, service: TrainingService, context: ServiceContext) -> None:
        self.service = service
        self.context = context
        self._events: dict[AttemptId, list[ServiceEvent]] = {}
        self._news = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self._code = ""
        self._sequence_id = 0

    async def __aenter__(self) -> Self:
        await self.service.start()
        self._code = await self.service.upload(self.context.requirements.code_directory)
        self._reader = asyncio.create_task(self._read(), name="read service events")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.stop(1.0)
        if self._reader:
            await self._reader

    def attempt(self, name: str, number: int = 1) -> AttemptId:
        """The attempt id of a trial of this name: the same for every driver of an experiment, and for no other."""
        experiment = hashlib.sha256(str(self.context.directory).encode()).hexdigest()
        return AttemptId(f"{name}-{number}-{experiment[:16]}")

    def spec(
        self,
        name: str,
        command: Command,
        *,
        attempt: int = 1,
        parameter_file: bytes = b"{}",
        environment: Mapping[str, str] | None = None,
        gpus: int | None = None,
        time_limit: float | None = None,
        checkpoints_of: str | None = None,
    ) -> TrialSpec:
        """A trial ready to submit."""
        self._sequence_id += 1
        return TrialSpec(
            trial_id=TrialId(name),
            attempt_id=self.attempt(name, attempt),
            attempt=attempt,
            sequence_id=self._sequence_id,
            command=command,
            code=self._code,
            parameter_file=parameter_file,
            environment=environment or {},
            gpus=gpus,
            time_limit=time_limit,
            checkpoints_of=TrialId(checkpoints_of) if checkpoints_of else None,
        )

    async def submit(self, *specs: TrialSpec) -> Sequence[Submission]:
        return await self.service.submit(specs)

    async def run(self, spec: TrialSpec) -> TrialExited:
        """Submit a trial and wait for its end."""
        await self.submit(spec)
        return await self.exited(spec.attempt_id)

    async def exited(self, attempt: AttemptId) -> TrialExited:
        return await self.seen(attempt, TrialExited)

    async def lost(self, attempt: AttemptId) -> TrialLost:
        return await self.seen(attempt, TrialLost)

    async def seen(self, attempt: AttemptId, kind: type[E]) -> E:
        """Wait for the first event of a kind about an attempt."""
        async with self._news:
            while True:
                for event in self.about(attempt):
                    if isinstance(event, kind):
                        return event
                await self._news.wait()

    async def output(self, attempt: AttemptId, text: bytes) -> None:
        """Wait until the spool of an attempt, as told so far, holds a text."""
        async with self._news:
            await self._news.wait_for(lambda: text in self.spool(attempt))

    def about(self, attempt: AttemptId) -> Sequence[ServiceEvent]:
        """The events of an attempt so far, in order."""
        return self._events.get(attempt, [])

    def spool(self, attempt: AttemptId) -> bytes:
        """The spool of an attempt, as told so far."""
        return b"".join(event.data for event in self.about(attempt) if isinstance(event, TrialOutput))

    async def log(self, name: str, stream: LogStream = LogStream.STDOUT, attempt: int = 1) -> bytes:
        """The whole of a log."""
        return (await self.service.read_log(TrialId(name), attempt, stream, 0, 1 << 30)).data

    async def reattach(self, *names: str, known: int = 0) -> Mapping[AttemptId, AttemptStatus]:
        """Ask for first attempts; ``known`` bytes of their spools are known already."""
        return await self.service.reattach({self.attempt(name): (TrialId(name), known) for name in names})

    async def _read(self) -> None:
        async for event in self.service.events():
            async with self._news:
                self._events.setdefault(event.attempt_id, []).append(event)
                self._news.notify_all()
