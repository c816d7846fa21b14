"""One process of a tuner: told what it is to be, asked, watched, and ended. That it may fail, and how, is what
:class:`TunerFailedError` says; whether another takes its place is for :mod:`tuner_host` to see to."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from nni_core.children import Child
from nni_core.errors import NniError
from nni_core.experiment.clock import Clock
from nni_core.experiment.transitions import signal_name
from nni_core.experiment.tuner_messages import Call, Failure, TunerSetup
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


def _object(line: bytes) -> dict[str, Json]:
    """:raises ValueError: when it is none."""
    reply = json.loads(line)
    if not isinstance(reply, dict):
        raise ValueError("not an object")
    return reply


def _ignore(_: Failure) -> None:
    """A process that is stopped on purpose has not failed."""
