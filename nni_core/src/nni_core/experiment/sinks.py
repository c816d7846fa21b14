"""Those who hear of an experiment: metric sinks, and plugins with event hooks. Each has a thread and a bounded queue of
its own; the experiment never waits for any of them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from nni_core.api import ExperimentInfo, MetricSink
from nni_core.log import get_logger
from nni_core.model import ExperimentState, Metric, Trial

log = get_logger(__name__)

#: events that a slow listener may lag behind before its oldest are dropped
QUEUE_LENGTH = 10_000
#: seconds that a listener is given to empty its queue at the end
FAREWELL = 5.0


class Listener:
    """One sink behind its queue."""

    def __init__(self, name: str, sink: MetricSink, *, length: int = QUEUE_LENGTH) -> None:
        self.name = name
        self.dropped = 0
        self.failed = 0
        self._sink = sink
        self._length = length
        self._queue: deque[Callable[[MetricSink], None]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        # A daemon: a sink that hangs for ever must not keep the manager alive.
        self._thread = threading.Thread(target=self._run, name=f"sink {name}", daemon=True)
        self._thread.start()

    def hear(self, event: Callable[[MetricSink], None]) -> None:
        """Queue one call of the sink; the oldest is dropped when the queue is full."""
        with self._changed:
            if len(self._queue) >= self._length:
                self._queue.popleft()
                self.dropped += 1
                if self.dropped == 1:
                    log.warning("sink.too_slow", sink=self.name, queue=self._length)
            self._queue.append(event)
            self._changed.notify()

    def say_farewell(self) -> None:
        """Nothing follows: the thread ends when its queue is empty."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def close(self, timeout: float = FAREWELL) -> bool:
        """Let the queue run empty, within ``timeout`` seconds. False when it did not."""
        self.say_farewell()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (event := self._next()) is not None:
            try:
                event(self._sink)
            except BaseException:
                # A sink is a plugin: even its sys.exit() ends this one call, and not the thread.
                self.failed += 1
                log.exception("sink.failed", sink=self.name)

    def _next(self) -> Callable[[MetricSink], None] | None:
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait()
            return self._queue.popleft() if self._queue else None


class Listeners:
    """All listeners of an experiment."""

    def __init__(self, listeners: Sequence[Listener] = ()) -> None:
        self._listeners = listeners

    def started(self, experiment: ExperimentInfo) -> None:
        self._all(lambda sink: sink.start(experiment))

    def trial_created(self, trial: Trial) -> None:
        self._all(lambda sink: sink.trial_created(trial))

    def trial_started(self, trial: Trial) -> None:
        self._all(lambda sink: sink.trial_started(trial))

    def metric_reported(self, trial: Trial, metric: Metric) -> None:
        self._all(lambda sink: sink.metric_reported(trial, metric))

    def trial_ended(self, trial: Trial) -> None:
        self._all(lambda sink: sink.trial_ended(trial))

    def stopped(self, state: ExperimentState) -> None:
        self._all(lambda sink: sink.stop(state))

    def close(self, timeout: float = FAREWELL) -> None:
        """Give all listeners together ``timeout`` seconds to finish; names those that did not. A second call returns
        at once."""
        listeners, self._listeners = self._listeners, ()
        for listener in listeners:
            listener.say_farewell()
        until = time.monotonic() + timeout
        for listener in listeners:
            if not listener.close(max(0.0, until - time.monotonic())):
                log.warning("sink.unfinished", sink=listener.name)

    def _all(self, event: Callable[[MetricSink], None]) -> None:
        for listener in self._listeners:
            listener.hear(event)


class RelaySink(MetricSink):
    """A plugin with event hooks, as a sink: ``relay`` takes the name of a hook and its arguments."""

    def __init__(self, relay: Callable[..., None]) -> None:
        self._relay = relay
        self._experiment: ExperimentInfo | None = None

    def start(self, experiment: ExperimentInfo) -> None:
        self._experiment = experiment
        self._relay("nni_experiment_started", experiment=experiment)

    def trial_created(self, trial: Trial) -> None:
        self._relay("nni_trial_created", experiment=self._experiment, trial=trial)

    def trial_started(self, trial: Trial) -> None:
        self._relay("nni_trial_started", experiment=self._experiment, trial=trial)

    def metric_reported(self, trial: Trial, metric: Metric) -> None:
        self._relay("nni_metric_reported", experiment=self._experiment, trial=trial, metric=metric)

    def trial_ended(self, trial: Trial) -> None:
        self._relay("nni_trial_ended", experiment=self._experiment, trial=trial)

    def stop(self, state: ExperimentState) -> None:
        self._relay("nni_experiment_ended", experiment=self._experiment, state=state)
