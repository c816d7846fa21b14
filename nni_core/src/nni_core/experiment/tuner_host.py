"""The manager's half of the tuner: starts its process, talks to it, and replaces it when it fails.

A tuner that crashes, hangs, raises or answers rubbish costs a restart, in which the new process is told the whole story
again. Only when it keeps failing is the tuner given up, with the reason.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from nni_core.experiment.clock import Clock
from nni_core.experiment.tuner_messages import Answer, Call, Failure, TunerSetup, ask
from nni_core.experiment.tuner_process import TunerFailedError, TunerLimits, TunerProcess
from nni_core.experiment.tuner_spawn import TunerLine
from nni_core.model import Json


class Tuner(Protocol):
    """The tuner as the engine sees it: always there, until it is given up."""

    #: set when the tuner failed, until it is restarted
    failed: asyncio.Event
    failure: Failure | None

    async def start(self, story: Iterable[Call] = ()) -> None:
        """Make ready, and begin to tell the story so far.

        :raises TunerFailedError: when the tuner cannot be built. One that does not get through the story fails later.
        """

    def tell(self, calls: Sequence[Call]) -> Sequence[asyncio.Future[Json]]:
        """Make calls whose answers need not be waited for."""

    async def ask(self, count: int, first_id: int) -> Answer:
        """Ask for parameter sets.

        :raises TunerFailedError: when the tuner failed; restart it and ask again.
        """

    def may_restart(self) -> bool:
        """Whether the failure so far leaves hope."""

    async def restart(self, story: Iterable[Call]) -> None:
        """Begin anew with the story.

        :raises TunerFailedError: when that fails too.
        """

    @property
    def thinking_for(self) -> float:
        """Seconds that the oldest call has been waiting for its answer."""

    async def stop(self) -> None:
        """End. May be called twice, or early."""


class TunerHost:
    """:class:`Tuner` in a process of its own."""

    def __init__(
        self,
        *,
        setup: TunerSetup,
        log_file: Path,
        clock: Clock,
        limits: TunerLimits,
        environment: Mapping[str, str],
        line: TunerLine | None = None,
    ) -> None:
        """``environment`` is what its process finds beyond the manager's own; ``line`` is a process that was started
        beforehand, for the first start."""
        self._line = line
        self._setup = setup
        self._log_file = log_file
        self._clock = clock
        self._limits = limits
        self._environment = environment
        self._failures: deque[float] = deque()
        self._process: TunerProcess | None = None
        #: set when the process failed, until :meth:`restart`
        self.failed = asyncio.Event()
        self.failure: Failure | None = None

    async def start(self, story: Iterable[Call] = ()) -> None:
        """Start the process and begin to tell it the story so far.

        :raises TunerFailedError: when it cannot be built. One that does not get through the story fails later.
        """
        self.failed.clear()
        self.failure = None
        self._process = TunerProcess(
            setup=self._setup,
            log_file=self._log_file,
            clock=self._clock,
            limits=self._limits,
            on_failure=self._note,
        )
        try:
            line, self._line = self._line or TunerLine(), None
            await self._process.start(line, self._environment)
            # Its answers are not waited for: a long story takes some tuners minutes, and questions come after it.
            self.tell(list(story))
        except TunerFailedError:
            await self.stop()
            raise

    def tell(self, calls: Sequence[Call]) -> Sequence[asyncio.Future[Json]]:
        """Make calls whose answers need not be waited for."""
        return [self._call(call, told=True) for call in calls]

    async def ask(self, count: int, first_id: int) -> Answer:
        """Ask for parameter sets.

        :raises TunerFailedError: when the process failed; restart it and ask again.
        """
        process = self._process
        reply = await self._call(ask(count, first_id))
        try:
            return Answer.from_json(reply)
        except (KeyError, TypeError, ValueError):
            if process is None:
                raise
            raise process.refuse(reply) from None

    def may_restart(self) -> bool:
        """Whether the failure so far leaves hope."""
        now = self._clock.monotonic()
        while self._failures and now - self._failures[0] > self._limits.window:
            self._failures.popleft()
        permanent = self.failure is not None and self.failure.permanent
        return not permanent and len(self._failures) <= self._limits.restarts

    async def restart(self, story: Iterable[Call]) -> None:
        """Replace the process and tell the new one the story.

        :raises TunerFailedError: when that fails too.
        """
        await self.stop()
        await self.start(story)

    @property
    def thinking_for(self) -> float:
        """Seconds that the oldest call has been waiting for its answer."""
        since = self._process.thinking_since if self._process else None
        return 0.0 if since is None else self._clock.monotonic() - since

    async def stop(self) -> None:
        """End the process. May be called twice, or early."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    def _call(self, call: Call, *, told: bool = False) -> asyncio.Future[Json]:
        if self._process is not None:
            return self._process.call(call, told=told)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        answer.set_exception(TunerFailedError(self.failure or Failure(message="the tuner is not running")))
        answer.exception()
        return answer

    def _note(self, failure: Failure) -> None:
        self.failure = failure
        self._failures.append(self._clock.monotonic())
        self.failed.set()
