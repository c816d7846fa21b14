"""Runs an experiment inside a test: the real engine, ledger and store, a tuner, a service worked by hand, and time that
stands still."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nni_core.api import Assessor, ExperimentInfo, MetricSink, Tuner
from nni_core.experiment.engine import Engine, Parts
from nni_core.experiment.executions import Job
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.sinks import Listener, Listeners
from nni_core.experiment.tuner_messages import AlgorithmRef, TunerSetup
from nni_core.model import AttemptId, ExperimentId, ExperimentState, Json, MetricKind, Parameters, Trial, TrialState
from nni_core.store import events as ev
from nni_core.store.memory import MemoryLog, MemoryStore
from nni_core.testing.clock import VirtualClock, settle
from nni_core.testing.fakes import HandService, InlineTuner

#: a space that is never used up
LINE: Mapping[str, Json] = {"x": {"_type": "uniform", "_value": [0, 1000000]}}


class CountingTuner(Tuner):
    """Suggests ``x = 0, 1, 2, …`` and remembers what it is told."""

    def __init__(self) -> None:
        self.next = 0
        self.results: list[tuple[int, Parameters, Json]] = []
        self.ends: list[tuple[int, bool]] = []
        self.spaces: list[Mapping[str, Json]] = []

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        self.spaces.append(search_space)

    def generate_parameters(self, parameter_id: int, **_: Any) -> Parameters:
        self.next += 1
        return {"x": float(self.next - 1)}

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **_: Any) -> None:
        self.results.append((parameter_id, parameters, value))

    def trial_end(self, parameter_id: int, success: bool, **_: Any) -> None:
        self.ends.append((parameter_id, success))


class ExperimentKit:
    """One experiment in this process. Build it, ``await start()``, make trials act, look at what came of it."""

    def __init__(
        self,
        *,
        concurrency: int = 1,
        max_trials: int | None = None,
        max_duration: float | None = None,
        tuner: Callable[[], Tuner] = CountingTuner,
        assessor: Callable[[], Assessor] | None = None,
        search_space: Mapping[str, Json] = LINE,
        sinks: Sequence[MetricSink] = (),
        log: MemoryLog | None = None,
        tuner_restarts: int = 3,
        search: Mapping[str, Json] | None = None,
    ) -> None:
        """``search`` is more of the canonical config: ``seed``, ``constraints``, ``onFailure`` …"""
        self.clock = VirtualClock()
        self.service = HandService(self.clock)
        rules = SearchRules.of(search or {})
        self.tuner = InlineTuner(tuner, search_space, assessor=assessor, restarts=tuner_restarts, rules=rules)
        self.log = log or MemoryLog()
        self.store = MemoryStore(self.log)
        self.ledger = Ledger()
        self.ledger.catch_up(self.store.outline())
        config = {
            "searchSpace": search_space,
            "trialConcurrency": concurrency,
            "maxTrialNumber": max_trials,
            "maxExperimentDuration": max_duration,
            **(search or {}),
        }
        self._begin(config)
        self.engine = Engine(self._parts(config, sinks, assessed=assessor is not None), self.ledger)

    def _begin(self, config: Mapping[str, Json]) -> None:
        bodies: list[ev.EventBody] = [ev.ManagerStarted(epoch=self.ledger.epoch + 1, pid=1)]
        if self.ledger.cursor == 0:
            bodies.insert(0, ev.ExperimentCreated(experiment_id=ExperimentId("kit"), config=config, version="test"))
        for event in self.store.submit(bodies, timestamp=self.clock.now()):
            self.ledger.apply(event)

    def _parts(self, config: Mapping[str, Json], sinks: Sequence[MetricSink], *, assessed: bool) -> Parts:
        ref = AlgorithmRef(name="kit", class_args={})
        setup = TunerSetup(tuner=ref, assessor=ref if assessed else None, search_space=config["searchSpace"])
        directory = Path("kit")
        return Parts(
            store=self.store,
            service=self.service,
            tuner=self.tuner,
            setup=setup,
            listeners=Listeners([Listener(type(sink).__name__, sink) for sink in sinks]),
            clock=self.clock,
            info=ExperimentInfo(id=ExperimentId("kit"), name=None, directory=directory, config=config),
            job=Job(command="true", code_directory=directory, gpus=None),
        )

    async def start(self) -> None:
        """Begin, and let the first trials be submitted."""
        await self.engine.start()
        await settle()

    async def stop(self) -> None:
        """Let go of everything, as a killed manager would."""
        await self.engine.close()

    @property
    def state(self) -> ExperimentState:
        return self.ledger.state

    @property
    def trials(self) -> list[Trial]:
        """All trials, in order."""
        return list(self.ledger.trials.values())

    def states(self) -> list[TrialState]:
        """The states of all trials, in order."""
        return [trial.state for trial in self.trials]

    def attempt(self, number: int) -> AttemptId:
        """The present execution of a trial, by its sequence id."""
        return self.trials[number].attempt_id

    async def begin(self, number: int) -> None:
        """A trial's command runs."""
        self.service.begin(self.attempt(number))
        await settle()

    async def report(self, number: int, value: Json, *, kind: MetricKind = MetricKind.FINAL, sequence: int = 0) -> None:
        """A trial reports."""
        self.service.report(self.attempt(number), value, kind=kind, sequence=sequence)
        await settle()

    async def exit(self, number: int, code: int | None = 0, *, signal: int | None = None) -> None:
        """A trial's command is over."""
        self.service.exit(self.attempt(number), code, signal=signal)
        await settle()

    async def fail(self, number: int, code: int = 1) -> None:
        """A trial runs and exits with a code."""
        attempt = self.attempt(number)
        self.service.begin(attempt)
        self.service.exit(attempt, code)
        await settle()

    async def succeed(self, number: int, value: Json = 1.0) -> None:
        """A trial runs, reports its final result and ends well."""
        attempt = self.attempt(number)
        self.service.begin(attempt)
        self.service.report(attempt, value)
        self.service.exit(attempt, 0)
        await settle()
