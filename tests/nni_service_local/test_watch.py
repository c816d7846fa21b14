"""The order of events that every consumer relies on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from nni_core.api import TrialOutput, TrialStarted
from nni_core.model import AttemptId
from nni_service_local.execution import Execution
from nni_service_local.tail import Tail
from nni_service_local.watch import POLL_INTERVAL, Began, Watch


async def test_results_wait_for_the_beginning(tmp_path: Path) -> None:
    """A trial may report before the warden has told that it began."""
    spool = tmp_path / "metrics"
    spool.write_bytes(b"report")
    execution = Execution(attempt_id=AttemptId("A"), directory=str(tmp_path), spool=Tail(str(spool), 0))
    watch = Watch(lambda: 5)
    watch.add(execution)
    events = watch.events()
    first = asyncio.ensure_future(anext(events))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(first), 3 * POLL_INTERVAL)
    watch.learn(Began(execution, timestamp=3))
    assert [await first, await anext(events)] == [
        TrialStarted(attempt_id=AttemptId("A"), timestamp=3),
        TrialOutput(attempt_id=AttemptId("A"), offset=0, data=b"report"),
    ]
    await watch.close()
    await events.aclose()  # type: ignore[attr-defined] - it is a generator
