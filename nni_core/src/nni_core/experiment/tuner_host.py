"""The manager's half of the tuner: starts its process, talks to it, and replaces it when it fails.

A tuner that crashes, hangs, raises or answers rubbish costs a restart, in which the new process is told the whole story
again. Only when it keeps failing is the tuner given up, with the reason.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from attrs import frozen

from nni_core.children import Child
from nni_core.errors import NniError
from nni_core.experiment.clock import Clock
from nni_core.experiment.transitions import signal_name
from nni_core.experiment.tuner_messages import Answer, Call, Failure, TunerSetup, ask
from nni_core.experiment.tuner_spawn import TunerLine
from nni_core.model import Json

#: seconds that a process is given to end in after it closed its line
CLOSING = 1.0
#: seconds that what is told to a tuner may wait for what comes next
COMPANY = 0.005
#: longest line that a tuner's process may answer with, in bytes
LINE_LIMIT = 16 * 1024 * 1024


class TunerFailedError(NniError):
    """The tuner's process cannot go on; :attr:`failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@frozen(kw_only=True)
class TunerLimits:
    """How patient the manager is. Seconds."""

    #: for each call
    deadline: float = 600.0
    #: failures within ``window`` after which the tuner is given up
    restarts: int = 3
    window: float = 600.0


class TunerProcess:
    """One process of the tuner, from its start to its end. Calls are answered in the order in which they were made."""

    def __init__(
        self,
        *,
        setup: TunerSetup,
        log_file: Path,
        clock: Clock,
        limits: TunerLimits,
        on_failure: Callable[[Failure], None],
    ) -> None:
        self._setup = setup
        self._on_failure = on_failure
        self._log_file = log_file
        self._clock = clock
        self._limits = limits
        self._pending: deque[tuple[float, asyncio.Future[Json]]] = deque()
        self._failure: Failure | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._process: Child | None = None
        #: tuner or assessor want to be told of the end
        self._has_last_words = False
        #: it was seen dead, and whatever it left in its group was killed: its number may be another's now
        self._over = False
        self._writer: asyncio.StreamWriter | None = None
        self._unsent: list[bytes] = []
        self._sending: asyncio.TimerHandle | None = None

    async def start(self, line: TunerLine, environment: Mapping[str, str]) -> None:
        """Take charge of a process and wait until tuner and assessor are built.

        :raises TunerFailedError: when they cannot be.
        """
        self._process = line.process
        if not line.settled:
            line.settle_in(self._log_file, environment)
        reader, self._writer = await asyncio.open_unix_connection(sock=line.socket, limit=LINE_LIMIT)
        self._tasks = [
            asyncio.create_task(self._read(reader), name="tuner answers"),
            asyncio.create_task(self._watch_deadlines(), name="tuner deadlines"),
        ]
        # However busy the machine is: until the process has begun, nothing is late.
        await self._expect(math.inf)
        self._has_last_words = bool((await self.call(self._setup.call())).get("closes"))

    def call(self, call: Call, *, told: bool = False) -> asyncio.Future[Json]:
        """Make a call; the answer comes through the future, which raises :class:`TunerFailedError` when it cannot.
        What is only told waits a moment for company, so that a trial's end and the question that follows it wake the
        process once."""
        if self._failure is not None or self._writer is None:
            answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
            answer.set_exception(TunerFailedError(self._failure or Failure(message="the tuner is not running")))
            answer.exception()
            return answer
        answer = self._expect(self._clock.monotonic())
        self._unsent.append(json.dumps(call, separators=(",", ":")).encode() + b"\n")
        if not told:
            self._send()
        elif self._sending is None:
            self._sending = asyncio.get_running_loop().call_later(COMPANY, self._send)
        return answer

    def _expect(self, since: float) -> asyncio.Future[Json]:
        """The answer to a call that was made at a time by the clock."""
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._pending.append((since, answer))
        return answer

    def _send(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        if self._unsent and self._writer is not None:
            self._writer.write(b"".join(self._unsent))
        self._unsent.clear()

    @property
    def thinking_since(self) -> float | None:
        """Since when the process has been busy with the oldest call that is not answered, by the clock; None when there
        is none."""
        return self._pending[0][0] if self._pending else None

    async def stop(self) -> None:
        """End the process: at once, unless there are last words to wait for. May be called twice."""
        self._on_failure = _ignore
        self._send()
        self._fail(Failure(message="the tuner was stopped"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._has_last_words:
            await self._hear_last_words()
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
        if self._process is not None:
            self._kill()
            await asyncio.to_thread(self._process.wait)
            self._over = True

    async def _hear_last_words(self) -> None:
        """Hang up, and give the process the time that it is promised for its end."""
        if self._process is None or self._writer is None or self._over:
            return
        with suppress(OSError):
            self._writer.write_eof()
        await asyncio.wait({asyncio.create_task(asyncio.to_thread(self._process.wait))}, timeout=CLOSING)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await self._line(reader):
            try:
                reply = _object(line)
                _, answer = self._pending.popleft()
            except (ValueError, IndexError):
                self.refuse(line)
                break
            if "error" in reply:
                self._pending.appendleft((0.0, answer))
                self._fail(self._failure_of(reply))
                break
            if not answer.done():
                answer.set_result(reply)
            self._begin_next()
        else:
            self._fail(await self._death())

    def _begin_next(self) -> None:
        """The process turns to the next call, if there is one: its time begins now."""
        if self._pending:
            since, answer = self._pending[0]
            self._pending[0] = max(since, self._clock.monotonic()), answer

    def refuse(self, answer: object) -> TunerFailedError:
        """Fail: the process gave an answer to what was not asked, so that its answers mean nothing any more."""
        failure = Failure(message=f"{self._title} answered what is no answer: {str(answer)[:80]}")
        self._kill()
        self._fail(failure)
        return TunerFailedError(failure)

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readline()
        except (ConnectionError, ValueError):
            return b""

    async def _death(self) -> Failure:
        assert self._process is not None  # noqa: S101 - it was started before its answers are read
        # A process that has closed its line is of no use, even if it lives.
        await asyncio.wait({asyncio.create_task(asyncio.to_thread(self._process.wait))}, timeout=CLOSING)
        self._kill()
        code = await asyncio.to_thread(self._process.wait)
        self._over = True
        how = f"was killed by {signal_name(-code)}" if code < 0 else f"exited with code {code}"
        return Failure(message=f"the process of {self._title} {how}")

    async def _watch_deadlines(self) -> None:
        while True:
            await self._clock.sleep(min(1.0, self._limits.deadline / 10))
            since = self.thinking_since
            if since is not None and self._clock.monotonic() - since > self._limits.deadline:
                self._kill()
                self._fail(Failure(message=f"{self._title} gave no answer in {self._limits.deadline:g} s"))
                return

    @property
    def _title(self) -> str:
        return f"tuner {self._setup.tuner.title}"

    def _failure_of(self, reply: Mapping[str, Json]) -> Failure:
        permanent = bool(reply.get("permanent"))
        assessor = self._setup.assessor
        title = f"assessor {assessor.title}" if assessor and reply.get("whose") == "assessor" else self._title
        return Failure(
            message=reply["error"] if permanent and reply.get("key_path") else f"{title} {reply['error']}",
            permanent=permanent,
            code=reply.get("code", "NNI415"),
            key_path=tuple(reply.get("key_path") or ("tuner",)),
            help=reply.get("help") or f"the traceback is in {self._log_file}",
        )

    def _fail(self, failure: Failure) -> None:
        if self._failure is not None:
            return
        self._failure = failure
        while self._pending:
            _, answer = self._pending.popleft()
            if not answer.done():
                answer.set_exception(TunerFailedError(failure))
                # Told calls are not awaited one by one; on_failure is how their failure is heard of.
                answer.exception()
        self._on_failure(failure)

    def _kill(self) -> None:
        """SIGKILL to the process, and to what it started and left in its group, even when it is dead itself."""
        if self._process is None or self._over:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            # No group of its own yet, so early is it.
            self._process.kill()


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


def _object(line: bytes) -> dict[str, Json]:
    """:raises ValueError: when it is none."""
    reply = json.loads(line)
    if not isinstance(reply, dict):
        raise ValueError("not an object")
    return reply


def _ignore(_: Failure) -> None:
    """A process that is stopped on purpose has not failed."""
