"""A user with a home of their own, and experiments in it that ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_core.folders import ExperimentFolder
from nni_core.model import AttemptId, ExperimentId, ExperimentState, MetricKind, ParameterSource, TrialId, TrialState
from nni_core.store import events as ev
from nni_core.store.sqlite import create_store

#: 2026-01-01 in milliseconds
NEW_YEAR = 1_767_225_600_000
DAY = 86_400_000

CONFIG = {
    "experimentName": "a name",
    "searchSpace": {"x": {"_type": "uniform", "_value": [0, 1]}},
    "trialCommand": "python trial.py",
    "trialConcurrency": 2,
    "maxTrialNumber": 10,
    "tuner": {"name": "TPE", "classArgs": {"optimize_mode": "maximize"}},
    "trainingService": {"platform": "local"},
}

#: makes an experiment that ended; see :func:`ended`
Ended = Callable[..., ExperimentFolder]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NNI_CONFIG_DIR", raising=False)
    return tmp_path


@pytest.fixture
def ended(home: Path) -> Ended:
    """An experiment with a real log: its id, the results of its trials (None: failed), and how it ended."""

    def make(
        name: str,
        results: tuple[float | None, ...] = (0.5, 0.9),
        *,
        state: ExperimentState = ExperimentState.DONE,
        started_at: int = NEW_YEAR,
        unfinished: int = 0,
    ) -> ExperimentFolder:
        folder = ExperimentFolder(home / "nni-experiments" / name)
        folder.logs.mkdir(parents=True)
        bodies = [
            ev.ExperimentCreated(experiment_id=ExperimentId(name), config=CONFIG, version="test"),
            ev.ManagerStarted(epoch=1, pid=1),
            ev.ExperimentStateChanged(state=ExperimentState.RUNNING),
            *(body for number, value in enumerate(results) for body in trial(number, value)),
            *(body for number in range(unfinished) for body in trial(len(results) + number, None)[:2]),
        ]
        if not unfinished:
            bodies.append(ev.ExperimentStateChanged(state=state, duration=90.0))
        asyncio.run(write(folder.database, bodies, started_at))
        os.utime(folder.database, (started_at / 1_000, started_at / 1_000))
        return folder

    return make


async def write(path: Path, bodies: list[ev.EventBody], timestamp: int) -> None:
    store = create_store(path, network=False)
    store.submit(bodies, timestamp=timestamp)
    await store.close()


def trial(number: int, value: float | None) -> list[ev.EventBody]:
    """What happens in one trial: it begins, reports and ends."""
    trial_id, attempt_id = TrialId(f"trial{number}"), AttemptId(f"attempt{number}")
    created = ev.TrialCreated(
        trial_id=trial_id,
        sequence_id=number,
        parameter_id=number,
        parameters={"x": 0.5},
        source=ParameterSource.ALGORITHM,
        attempt_id=attempt_id,
        told_through=0,
    )
    began = ev.TrialBegan(trial_id=trial_id, attempt_id=attempt_id)
    failed = value is None
    state, code = (TrialState.FAILED, 1) if failed else (TrialState.SUCCEEDED, 0)
    finished = ev.TrialFinished(trial_id=trial_id, attempt_id=attempt_id, state=state, exit_code=code)
    report = ev.MetricReported(
        trial_id=trial_id,
        attempt_id=attempt_id,
        parameter_id=number,
        kind=MetricKind.FINAL,
        sequence=0,
        value=value,
        spool_offset=0,
    )
    return [created, began, finished] if failed else [created, began, report, finished]
