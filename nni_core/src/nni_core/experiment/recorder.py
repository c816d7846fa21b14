"""What the parts of an engine need of it: the one way of change, and something to do beside everything else."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from nni_core.model import TrialId, TrialState
from nni_core.store import events as ev


class Recorder(Protocol):
    """The engine, as its parts see it."""

    def record(self, *bodies: ev.EventBody) -> None:
        """Let things happen, in order. Durable after the next ``flush`` of the store, or soon."""

    def wake(self) -> None:
        """Look whether there is anything to do."""

    def look_again(self) -> None:
        """Something changed that may make room for a trial, or bring the end."""

    async def cancel(self, trial_id: TrialId, state: TrialState, reason: str) -> None:
        """Ask for a live trial to end in a state; returns when the request is durable."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside everything else."""
