"""Experiments that look as if they had run: real logs in real folders, written through the real store in seconds."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from nni_core.config import load_config
from nni_core.folders import ExperimentFolder
from nni_core.model import AttemptId, ExperimentId, ExperimentState, MetricKind, ParameterSource, TrialId, TrialState
from nni_core.plugins import PluginRegistry
from nni_core.store import events as ev
from nni_core.store.sqlite import create_store

CONFIG = """
search_space:
  features: {{_type: choice, _value: [128, 256, 512, 1024]}}
  lr: {{_type: loguniform, _value: [0.0001, 0.1]}}
  momentum: {{_type: uniform, _value: [0, 1]}}
  layers: {{_type: randint, _value: [1, 9]}}
trial_command: sleep 30
trial_concurrency: 2
max_trial_number: {limit}
tuner:
  name: TPE
  class_args: {{optimize_mode: maximize, seed: 1}}
training_service:
  platform: local
"""
#: milliseconds since the epoch: a day in 2025
_BEGINNING = 1_750_000_000_000
#: events submitted at once
_BATCH = 2_000


@frozen(kw_only=True)
class Past:
    """What an experiment is to look like."""

    trials: int
    #: intermediate results of each trial
    reports: int
    state: ExperimentState = ExperimentState.STOPPED
    #: what is left to do when it is resumed
    remaining: int = 1_000


def write_past(home: Path, name: str, past: Past) -> ExperimentFolder:
    """Make the folder of an experiment in a home folder, with everything that its manager would have left."""
    config = home / f"{name}.yaml"
    config.write_text(CONFIG.format(limit=past.trials + past.remaining), encoding="utf-8")
    canonical = load_config(config, PluginRegistry.discover()).canonical()
    canonical["experimentWorkingDirectory"] = str(home / "nni-experiments")
    folder = ExperimentFolder(home / "nni-experiments" / name)
    folder.logs.mkdir(parents=True)
    folder.lock.touch(mode=0o600)
    (folder.path / "trials").mkdir()
    asyncio.run(_write(folder, canonical, past))
    return folder


async def _write(folder: ExperimentFolder, canonical: dict[str, object], past: Past) -> None:
    store = create_store(folder.database)
    bodies: list[ev.EventBody] = []
    timestamp = _BEGINNING
    for body in _story(folder.id, canonical, past):
        bodies.append(body)
        if len(bodies) == _BATCH:
            store.submit(bodies, timestamp=timestamp)
            await store.flush()
            bodies, timestamp = [], timestamp + 60_000
    store.submit(bodies, timestamp=timestamp)
    await store.close()


def _story(name: ExperimentId, canonical: dict[str, object], past: Past) -> Iterator[ev.EventBody]:
    """Every event of such an experiment, trial after trial."""
    yield ev.ExperimentCreated(experiment_id=name, config=canonical, version="0.1.0")
    yield ev.ManagerStarted(epoch=1, pid=1)
    yield ev.ExperimentStateChanged(state=ExperimentState.RUNNING)
    draw = random.Random(1)
    number = 3
    for sequence in range(past.trials):
        told = list(_trial(sequence, draw, past.reports, told_through=number))
        number += len(told)
        yield from told
    if past.state is ExperimentState.STOPPED:
        yield ev.ExperimentStateChanged(state=ExperimentState.STOPPING, duration=3_600.0)
    else:
        yield ev.ExperimentStateChanged(state=ExperimentState.NO_MORE_TRIAL, duration=3_600.0)
    yield ev.ExperimentStateChanged(state=past.state, duration=3_600.0)


def _trial(sequence: int, draw: random.Random, reports: int, *, told_through: int) -> Iterator[ev.EventBody]:
    trial, attempt = TrialId(f"t{sequence:05d}"), AttemptId(f"a{sequence:05d}")
    parameters = {
        "features": draw.choice([128, 256, 512, 1024]),
        "lr": 10 ** draw.uniform(-4, -1),
        "momentum": draw.random(),
        "layers": draw.randrange(1, 9),
    }
    yield ev.TrialCreated(
        trial_id=trial,
        sequence_id=sequence,
        parameter_id=sequence,
        parameters=parameters,
        source=ParameterSource.ALGORITHM,
        attempt_id=attempt,
        told_through=told_through,
        asked_from=sequence,
    )
    yield ev.TrialBegan(trial_id=trial, attempt_id=attempt)
    best = 0.5 + 0.4 * parameters["momentum"] - 0.05 * abs(math.log10(parameters["lr"]) + 2)
    for step in range(reports + 1):
        last = step == reports
        yield ev.MetricReported(
            trial_id=trial,
            attempt_id=attempt,
            parameter_id=sequence,
            kind=MetricKind.FINAL if last else MetricKind.PERIODICAL,
            sequence=0 if last else step,
            value=best * (1 - math.exp(-(step + 1) / 10)) + draw.gauss(0, 0.001),
            spool_offset=(step + 1) * 120,
        )
    yield ev.TrialFinished(trial_id=trial, attempt_id=attempt, state=TrialState.SUCCEEDED, exit_code=0)
