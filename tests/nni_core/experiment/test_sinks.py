"""Sinks and event plugins may raise, exit and hang: the experiment does not wait for them, nor for them one by one."""

from __future__ import annotations

import threading
import time

from nni_core.api import MetricSink
from nni_core.experiment.sinks import Listener, Listeners
from nni_core.model import ExperimentState


class Hanging(MetricSink):
    """Never comes back."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def stop(self, state: ExperimentState) -> None:
        self.let_go.wait(60)


class Exiting(MetricSink):
    """Calls sys.exit() at every event."""

    def __init__(self) -> None:
        self.heard = 0

    def stop(self, state: ExperimentState) -> None:
        self.heard += 1
        raise SystemExit(3)


def test_listeners_that_hang_share_one_farewell() -> None:
    """Three of them keep a stop waiting no longer than one does, and a second close does not wait again."""
    sinks = [Hanging() for _ in range(3)]
    listeners = Listeners([Listener(str(number), sink) for number, sink in enumerate(sinks)])
    listeners.stopped(ExperimentState.DONE)
    started = time.monotonic()
    listeners.close(timeout=0.2)
    listeners.close(timeout=60)
    assert 0.2 <= time.monotonic() - started < 10
    for sink in sinks:
        sink.let_go.set()


def test_a_sink_that_exits_hears_the_next_event_all_the_same() -> None:
    """Its thread lives on, and the failure is counted."""
    sink = Exiting()
    listener = Listener("exiting", sink)
    for _ in range(3):
        listener.hear(lambda sink: sink.stop(ExperimentState.DONE))
    assert listener.close()
    assert (sink.heard, listener.failed) == (3, 3)
