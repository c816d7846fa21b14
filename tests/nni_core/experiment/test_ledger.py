"""The fold of a log: from all of its events, or from its outline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nni_core.experiment.evolving import evolve
from nni_core.experiment.ledger import Ledger
from nni_core.model import (
    AttemptId,
    ExperimentId,
    FailureCause,
    MetricKind,
    ParameterSource,
    Trial,
    TrialId,
    TrialState,
)
from nni_core.store import events as ev
from nni_core.store.sqlite import create_store


def created(number: int) -> ev.TrialCreated:
    return ev.TrialCreated(
        trial_id=TrialId(f"T{number}"),
        sequence_id=number,
        parameter_id=number,
        parameters={"x": number},
        source=ParameterSource.ALGORITHM,
        attempt_id=AttemptId(f"T{number}-1"),
        told_through=0,
    )


@st.composite
def stories(draw: st.DrawFn) -> Sequence[ev.EventBody]:
    """A few trials that report, start over and end, each at its own pace."""
    bodies: list[ev.EventBody] = [
        ev.ExperimentCreated(experiment_id=ExperimentId("e"), config={}, version="test"),
        ev.ManagerStarted(epoch=1, pid=1),
    ]
    trials = draw(st.integers(1, 3))
    bodies += [created(number) for number in range(trials)]
    running: dict[int, int] = {}
    over: set[int] = set()
    for step in draw(st.lists(st.tuples(st.integers(0, trials - 1), st.sampled_from("brrrrfxqeE")), max_size=30)):
        number, deed = step
        trial, attempt = TrialId(f"T{number}"), AttemptId(f"T{number}-1")
        if deed == "b" and number not in running and number not in over:
            running[number] = 0
            bodies.append(ev.TrialBegan(trial_id=trial, attempt_id=attempt))
        elif number not in running:
            continue
        elif deed in "rf":
            kind = MetricKind.FINAL if deed == "f" else MetricKind.PERIODICAL
            report = {"trial_id": trial, "attempt_id": attempt, "parameter_id": number, "kind": kind}
            value = running[number] = running[number] + 1
            bodies.append(ev.MetricReported(**report, sequence=value, value=value, spool_offset=value * 10))
        elif deed == "x":
            about = {"trial_id": trial, "attempt_id": attempt, "message": "no data", "retryable": True}
            bodies.append(ev.TrialErrorReported(**about, spool_offset=running[number] * 10 + 5))
        elif deed == "q":
            cause = [None, FailureCause.LOST, FailureCause.EXIT_CODE][running[number] % 3]
            del running[number]
            bodies.append(ev.TrialRequeued(trial_id=trial, attempt_id=attempt, attempt=2, reason="lost", cause=cause))
        elif deed in "eE":
            del running[number]
            over.add(number)
            end = {"state": TrialState.SUCCEEDED} if deed == "e" else {"state": TrialState.FAILED, "penalty": 9.0}
            bodies.append(ev.TrialFinished(trial_id=trial, attempt_id=attempt, **end))
    return bodies


def shown(ledger: Ledger) -> dict[str, Any]:
    return {name: value for name, value in vars(ledger).items() if name not in {"changes", "_changes_since"}}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(bodies=stories())
def test_an_outline_comes_to_the_same(bodies: Sequence[ev.EventBody], tmp_path: Path) -> None:
    """Whatever happened, a ledger that took the outline of a log equals one that took every event."""

    async def run() -> None:
        path = tmp_path / "log.sqlite"
        path.unlink(missing_ok=True)
        store = create_store(path, network=False)
        whole, outlined = Ledger(), Ledger()
        for event in store.submit(bodies, timestamp=5):
            whole.apply(event)
        await store.flush()
        outlined.catch_up(store.outline())
        await store.close()
        assert shown(outlined) == shown(whole)
        assert outlined.changes_after(outlined.cursor) == []
        assert outlined.changes_after(outlined.cursor - 1) is None

    asyncio.run(run())


def test_a_changed_trial_is_what_attrs_would_make() -> None:
    """Equal to it, frozen like it, and the old one is as it was."""
    trial = Trial(id=TrialId("T"), sequence_id=0, parameter_id=0, attempt_id=AttemptId("a"), created_at=1)
    changed = evolve(trial, state=TrialState.RUNNING, started_at=2)
    assert changed == attrs.evolve(trial, state=TrialState.RUNNING, started_at=2)
    assert (trial.state, trial.started_at) == (TrialState.WAITING, None)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        changed.started_at = 3
    with pytest.raises(TypeError, match=r"a trial has no fields \['colour'\]"):
        evolve(trial, colour="red")
