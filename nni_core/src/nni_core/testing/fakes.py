"""Stand-ins for what an experiment needs, real enough to be relied on: they keep the contracts of what they replace."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

from nni.spool import encode
from nni_core.api import (
    Assessor,
    AttemptStatus,
    Capabilities,
    LogChunk,
    NoCapacity,
    ServiceEvent,
    Submission,
    Submitted,
    TrainingService,
    TrialExited,
    TrialLost,
    TrialOutput,
    TrialSpec,
    TrialStarted,
    Tuner,
)
from nni_core.errors import Problem
from nni_core.experiment.clock import Clock
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.tuner_messages import Answer, Call, Failure, ask
from nni_core.experiment.tuner_process import TunerFailedError
from nni_core.experiment.tuner_worker import perform
from nni_core.experiment.worker import Worker
from nni_core.model import AttemptId, Json, LogStream, MetricKind, TrialId


class HandService(TrainingService):
    """A training service worked by hand: trials do what the test says, when it says so."""

    capabilities = Capabilities(reattach=True, shared_fs=True)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: asyncio.Queue[ServiceEvent | None] = asyncio.Queue()
        #: every execution that was ever submitted, in order
        self.submitted: dict[AttemptId, TrialSpec] = {}
        self.cancelled: list[AttemptId] = []
        self.stopped = 0
        #: answers for coming submissions instead of taking them; None takes
        self.no_room: str | None = None
        #: what :meth:`reattach` finds
        self.found: dict[AttemptId, AttemptStatus] = {}
        self.stderr = b""
        self._sizes: dict[AttemptId, int] = {}
        #: called for each submission: lets trials act by themselves
        self.on_submit: Callable[[TrialSpec], None] = lambda _: None

    async def check(self) -> Sequence[Problem]:
        return ()

    async def start(self) -> None:
        """Nothing to make ready."""

    async def stop(self, grace: float) -> None:
        self.stopped += 1
        self._queue.put_nowait(None)

    async def submit(self, batch: Sequence[TrialSpec]) -> Sequence[Submission]:
        answers: list[Submission] = []
        for spec in batch:
            if self.no_room is not None:
                answers.append(NoCapacity(attempt_id=spec.attempt_id, reason=self.no_room))
                continue
            self.submitted[spec.attempt_id] = spec
            answers.append(Submitted(attempt_id=spec.attempt_id))
            self.on_submit(spec)
        return answers

    async def cancel(self, attempt_id: AttemptId, grace: float) -> None:
        self.cancelled.append(attempt_id)

    async def events(self) -> AsyncIterator[ServiceEvent]:
        while (event := await self._queue.get()) is not None:
            yield event

    async def reattach(self, attempts: Mapping[AttemptId, tuple[TrialId, int]]) -> Mapping[AttemptId, AttemptStatus]:
        for attempt_id, (_, known) in attempts.items():
            self._sizes[attempt_id] = known
        return {one: self.found.get(one, AttemptStatus.ABSENT) for one in attempts}

    async def read_log(self, trial_id: TrialId, attempt: int, stream: LogStream, offset: int, limit: int) -> LogChunk:
        data = self.stderr if stream is LogStream.STDERR else b""
        return LogChunk(data=data, next_offset=len(data), size=len(data))

    # What trials do.

    def begin(self, attempt_id: AttemptId) -> None:
        """The command runs."""
        self._queue.put_nowait(TrialStarted(attempt_id=attempt_id, timestamp=self._clock.now()))

    def report(
        self,
        attempt_id: AttemptId,
        value: Json,
        *,
        kind: MetricKind = MetricKind.FINAL,
        sequence: int = 0,
        parameter_id: int | None = None,
    ) -> None:
        """The trial reports; by default its final result under its own parameter id."""
        own = self.parameter_id(attempt_id) if parameter_id is None else parameter_id
        self.write(
            attempt_id,
            encode(
                {
                    "kind": kind,
                    "parameter_id": own,
                    "trial_job_id": "",
                    "sequence": sequence,
                    "value": value,
                    "timestamp": self._clock.now(),
                }
            ),
        )

    def give_up(self, attempt_id: AttemptId, message: str, *, retryable: bool = True) -> None:
        """The trial raises ``nni.TrialError``; its exit is another matter."""
        about = {"parameter_id": self.parameter_id(attempt_id), "trial_job_id": "", "sequence": 0}
        value = {"message": message, "retryable": retryable}
        self.write(attempt_id, encode({"kind": "ERROR", **about, "value": value, "timestamp": self._clock.now()}))

    def write(self, attempt_id: AttemptId, data: bytes) -> None:
        """Bytes in the trial's spool."""
        offset = self._sizes.get(attempt_id, 0)
        self._sizes[attempt_id] = offset + len(data)
        self._queue.put_nowait(TrialOutput(attempt_id=attempt_id, offset=offset, data=data))

    def exit(
        self, attempt_id: AttemptId, code: int | None = 0, *, signal: int | None = None, timed_out: bool = False
    ) -> None:
        """The command is over."""
        self._queue.put_nowait(
            TrialExited(
                attempt_id=attempt_id,
                timestamp=self._clock.now(),
                exit_code=code,
                signal=signal,
                timed_out=timed_out,
            )
        )

    def lose(self, attempt_id: AttemptId) -> None:
        """The execution is gone without a trace."""
        self._queue.put_nowait(
            TrialLost(attempt_id=attempt_id, timestamp=self._clock.now(), message="its supervisor was killed")
        )

    def parameter_id(self, attempt_id: AttemptId) -> int:
        """The id in the trial's parameter file."""
        found: int = json.loads(self.submitted[attempt_id].parameter_file)["parameter_id"]
        return found

    def parameters(self, attempt_id: AttemptId) -> Mapping[str, Json]:
        """The parameters in the trial's parameter file."""
        found: Mapping[str, Json] = json.loads(self.submitted[attempt_id].parameter_file)["parameters"]
        return found


class InlineTuner:
    """A tuner and an assessor in this process: the same calls and checks as in a process of their own."""

    def __init__(
        self,
        tuner: Callable[[], Tuner],
        search_space: Mapping[str, Json],
        *,
        assessor: Callable[[], Assessor] | None = None,
        restarts: int = 3,
        rules: SearchRules | None = None,
    ) -> None:
        self._rules = rules
        self._make = tuner
        self._make_assessor = assessor
        self._space = search_space
        self._restarts = restarts
        self._failures = 0
        self._worker: Worker | None = None
        self.failed = asyncio.Event()
        self.failure: Failure | None = None
        self.thinking_for = 0.0
        #: every call, in order, of every process
        self.calls: deque[Call] = deque()

    @property
    def tuner(self) -> Tuner:
        """The tuner as it is now."""
        assert self._worker is not None
        return self._worker.tuner

    async def start(self, story: Iterable[Call] = ()) -> None:
        self.failed.clear()
        self.failure = None
        assessor = self._make_assessor() if self._make_assessor else None
        self._worker = Worker(tuner=self._make(), assessor=assessor, search_space=self._space, rules=self._rules)
        for call in story:
            await self._call(call)

    def tell(self, calls: Sequence[Call]) -> Sequence[asyncio.Future[Json]]:
        return [self._call(call) for call in calls]

    async def ask(self, count: int, first_id: int) -> Answer:
        reply = await self._call(ask(count, first_id))
        return Answer.from_json(reply)

    def may_restart(self) -> bool:
        return self._failures <= self._restarts

    async def restart(self, story: Iterable[Call]) -> None:
        await self.start(story)

    async def stop(self) -> None:
        self._worker = None

    def _call(self, call: Call) -> asyncio.Future[Json]:
        self.calls.append(call)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        # Through JSON, as between processes: what does not survive it is found here.
        plain = json.loads(json.dumps(call))
        reply = perform(self._worker, plain) if self._worker else {"error": "is not running"}
        if "error" not in reply:
            answer.set_result(json.loads(json.dumps(reply)))
            return answer
        failure = Failure(message=f"tuner {reply['error']}")
        answer.set_exception(TunerFailedError(failure))
        answer.exception()
        if self.failure is None:
            self.failure = failure
            self._failures += 1
            self._worker = None
            self.failed.set()
        return answer
