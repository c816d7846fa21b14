"""The trials of a large stopped experiment are kept beside its log, for as long as they are what the log says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from nni_core.experiment.archive import Archive
from nni_core.experiment.kept_trials import FEWEST
from nni_core.folders import ExperimentFolder
from nni_core.model import AttemptId, ExperimentId, MetricKind, ParameterSource, TrialId, tag_floats
from nni_core.store import events as ev
from nni_core.store.reader import open_readonly
from nni_core.store.sqlite import create_store, open_store


def created(number: int, x: object) -> ev.TrialCreated:
    return ev.TrialCreated(
        trial_id=TrialId(f"T{number}"),
        sequence_id=number,
        parameter_id=number,
        parameters={"x": x},
        source=ParameterSource.ALGORITHM,
        attempt_id=AttemptId(f"a{number}"),
        told_through=0,
    )


def report(number: int, value: object) -> ev.MetricReported:
    return ev.MetricReported(
        trial_id=TrialId(f"T{number}"),
        attempt_id=AttemptId(f"a{number}"),
        parameter_id=number,
        kind=MetricKind.FINAL,
        sequence=0,
        value=tag_floats(value),
        spool_offset=1,
    )


async def experiment(path: Path, trials: int, x: object = 0.5) -> ExperimentFolder:
    """The folder of an experiment with a number of trials."""
    folder = ExperimentFolder(path)
    store = create_store(folder.database, network=False)
    begun = [
        ev.ExperimentCreated(experiment_id=ExperimentId("e"), config={}, version="test"),
        ev.ManagerStarted(epoch=1, pid=1),
    ]
    store.submit([*begun, *(created(number, x) for number in range(trials))], timestamp=5)
    store.submit([report(0, {"default": math.nan, "loss": [1, None, "é"]})], timestamp=6)
    await store.close()
    return folder


def read(folder: ExperimentFolder, *, keep: bool = True) -> tuple[list[str], bool]:
    """The trials, and whether the log was folded for them."""
    with open_readonly(folder.database) as reader:
        archive = Archive(reader, folder.path, keep=keep)
        trials = [repr(trial) for trial in archive.trials()]
        return trials, "_ledger" in vars(archive)


async def test_the_log_is_folded_once(tmp_path: Path) -> None:
    """The next one reads the same trials, not-a-numbers included, from a file that only its owner can read."""
    folder = await experiment(tmp_path, FEWEST)
    folded, first = read(folder)
    kept, second = read(folder)
    assert (first, second) == (True, False)
    assert kept == folded
    assert folder.trials_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("trials*")] == ["trials.msgpack"]


async def test_a_log_that_went_on_is_folded_again(tmp_path: Path) -> None:
    """What is kept is good for one state of the log."""
    folder = await experiment(tmp_path, FEWEST)
    read(folder)
    store = open_store(folder.database, network=False)
    store.submit([report(1, 0.5)], timestamp=7)
    await store.close()
    again, folded = read(folder)
    assert folded
    assert "value=0.5, timestamp=7" in again[1]


@pytest.mark.parametrize("content", [b"", b"\xc1", b"rubbish", b"\x83"])
async def test_a_damaged_file_costs_time_only(content: bytes, tmp_path: Path) -> None:
    """It is made again."""
    folder = await experiment(tmp_path, FEWEST)
    folded, _ = read(folder)
    folder.trials_file.write_bytes(content)
    assert read(folder) == (folded, True)
    assert read(folder) == (folded, False)


async def test_a_small_experiment_keeps_nothing(tmp_path: Path) -> None:
    """Its log is read as quickly."""
    folder = await experiment(tmp_path, FEWEST - 1)
    read(folder)
    assert not folder.trials_file.exists()


async def test_who_only_looks_writes_nothing(tmp_path: Path) -> None:
    """A view of somebody's experiment leaves its folder alone."""
    folder = await experiment(tmp_path, FEWEST)
    read(folder, keep=False)
    assert not folder.trials_file.exists()


@pytest.mark.parametrize("x", [10**30, "\ud800"], ids=["a large number", "half of a letter"])
async def test_what_cannot_be_kept_is_folded_every_time(x: object, tmp_path: Path) -> None:
    """And is right every time."""
    folder = await experiment(tmp_path, FEWEST, x)
    assert read(folder) == read(folder)
    assert not folder.trials_file.exists()
