"""``experiment export``: NNI's rows for NNI's scripts, and the whole truth for everybody else."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import os
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from attrs import evolve

from nni_core.cli.main import run
from nni_core.folders import ExperimentFolder
from nni_core.model import AttemptId, ExperimentId, ExperimentState, Json, MetricKind, TrialId, tag_floats
from nni_core.store import events as ev

from .conftest import CONFIG, NEW_YEAR, Ended, trial, write


def report(number: int, value: Json, *, sequence: int = 0, kind: MetricKind = MetricKind.PERIODICAL) -> ev.EventBody:
    return ev.MetricReported(
        trial_id=TrialId(f"trial{number}"),
        attempt_id=AttemptId(f"attempt{number}"),
        parameter_id=number,
        kind=kind,
        sequence=sequence,
        value=tag_floats(value),
        spool_offset=0,
    )


def with_reports(number: int, final: Json, *intermediate: Json) -> list[ev.EventBody]:
    """A trial that reports on its way."""
    created, began, _, finished = trial(number, 0.5)
    curve = [report(number, value, sequence=place) for place, value in enumerate(intermediate)]
    return [created, began, *curve, report(number, final, kind=MetricKind.FINAL), finished]


@pytest.fixture
def varied(home: Path) -> ExperimentFolder:
    """Results of every kind: a dict, NaN, a failure with a curve."""
    folder = ExperimentFolder(home / "nni-experiments" / "abcd1234")
    folder.logs.mkdir(parents=True)
    created, began, finished = trial(2, None)
    bodies = [
        ev.ExperimentCreated(experiment_id=ExperimentId("abcd1234"), config=CONFIG, version="test"),
        ev.ManagerStarted(epoch=1, pid=1),
        ev.ExperimentStateChanged(state=ExperimentState.RUNNING),
        *with_reports(0, {"default": 0.9, "loss": 0.1}, 0.5, {"default": 0.7, "loss": 0.3}),
        *with_reports(1, math.nan, math.inf),
        *[created, began, report(2, 0.25), finished],
        ev.ExperimentStateChanged(state=ExperimentState.DONE, duration=90.0),
    ]
    asyncio.run(write(folder.database, bodies, NEW_YEAR))
    return folder


def exported(*options: str, file: str = "out.json") -> str:
    """What is in the file."""
    assert run(["experiment", "export", "--filename", file, *options]) == 0
    return Path(file).read_text()


@pytest.fixture(autouse=True)
def _in_a_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


@pytest.mark.usefixtures("varied")
def test_json_has_nnis_rows() -> None:
    """Those that succeeded; values are texts, and NaN is one that Python reads."""
    rows = json.loads(exported("--type", "json"))
    assert [list(row) for row in rows] == [["parameter", "value", "trialJobId"]] * 2
    assert json.loads(rows[0]["value"]) == {"default": 0.9, "loss": 0.1}
    assert math.isnan(json.loads(rows[1]["value"]))


@pytest.mark.usefixtures("varied")
def test_intermediate_results_are_without_the_final_one() -> None:
    """NNI put it among them."""
    rows = json.loads(exported("-i"))
    assert rows[0]["intermediate"] == ["0.5", '{"default": 0.7, "loss": 0.3}']
    assert rows[1]["intermediate"] == ["Infinity"]


@pytest.mark.usefixtures("varied")
def test_csv_columns_stand_in_a_fixed_order() -> None:
    """Metrics, intermediate results, parameters, the id; NaN is nan, and no trial's column moves another's."""
    lines = exported("-i", file="out.csv").splitlines()
    assert lines[0] == "default,loss,reward,intermediate,x,trialJobId"
    assert lines[2] == ",,nan,[Infinity],0.5,trial1"
    assert len(lines) == 3


@pytest.mark.usefixtures("varied")
def test_all_trials_are_told_with_all_that_is_known_of_them() -> None:
    """Failed ones too, with how and when they ended."""
    rows = json.loads(exported("--all-trials"))
    assert [(row["sequenceId"], row["status"]) for row in rows] == [(0, "SUCCEEDED"), (1, "SUCCEEDED"), (2, "FAILED")]
    failed = rows[2]
    assert (failed["value"], failed["metric"], failed["exitCode"], failed["attempt"]) == (None, None, 1, 1)
    assert failed["startTime"] == failed["endTime"] == NEW_YEAR
    assert "intermediate" not in failed
    (header, *_, last) = csv.reader(io.StringIO(exported("-a", file="out.csv")))
    assert header[:3] == ["sequenceId", "trialJobId", "status"]
    assert dict(zip(header, last, strict=True))["startTime"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.usefixtures("varied")
@pytest.mark.parametrize("name", ["out.jsonl", "out.ndjson", "OUT.JSONL"])
def test_json_lines_hold_everything(name: str) -> None:
    """One object a line, curves included."""
    rows = [json.loads(line) for line in exported(file=name).splitlines()]
    assert [row["intermediate"] for row in rows] == [["0.5", '{"default": 0.7, "loss": 0.3}'], ["Infinity"], ["0.25"]]
    assert math.isnan(json.loads(rows[1]["value"]))
    assert rows[1]["metric"] is None


@pytest.mark.usefixtures("varied")
def test_parquet_has_typed_columns() -> None:
    """Numbers are numbers, times are times, NaN is NaN and not missing."""
    assert run(["experiment", "export", "-f", "out.parquet"]) == 0
    frame = pd.read_parquet("out.parquet")
    assert list(frame["status"]) == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    assert frame["startTime"][0] == pd.Timestamp("2026-01-01", tz="UTC")
    assert frame["parameter.x"].dtype == float
    assert list(frame["intermediate"][0]) == [0.5, 0.7]
    assert list(frame["value"][:2]) == ['{"default": 0.9, "loss": 0.1}', "NaN"]
    assert math.isnan(frame["metric.default"][1])


@pytest.mark.usefixtures("varied")
def test_parquet_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is read or written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert run(["experiment", "export", "-f", "out.parquet"]) == 2
    assert "pip install 'nni-core[parquet]'" in capsys.readouterr().err
    assert not Path("out.parquet").exists()


def test_clashing_names_and_formulas_do_no_harm(home: Path) -> None:
    """A parameter that is called as a metric keeps its own column; no cell begins a formula."""
    folder = ExperimentFolder(home / "nni-experiments" / "abcd1234")
    folder.logs.mkdir(parents=True)
    created, *rest = trial(0, 0.5)
    parameters = {"reward": "=1+1", "trialJobId": 3, "deep": {"_name": "a", "b": [1]}}
    bodies = [
        ev.ExperimentCreated(experiment_id=ExperimentId("abcd1234"), config=CONFIG, version="test"),
        evolve(created, parameters=parameters),
        *rest,
    ]
    asyncio.run(write(folder.database, bodies, NEW_YEAR))
    header, cells = csv.reader(io.StringIO(exported(file="out.csv")))
    assert header == ["reward", "parameter.reward", "parameter.trialJobId", "deep", "trialJobId"]
    assert cells == ["0.5", "'=1+1", "3", '{"_name": "a", "b": [1]}', "trial0"]


def test_an_experiment_without_trials_has_an_empty_export(ended: Ended) -> None:
    """In every format, and without a failure."""
    ended("abcd1234", ())
    assert json.loads(exported()) == []
    assert exported(file="out.jsonl") == ""
    assert exported(file="out.csv") == "trialJobId\n"
    assert run(["experiment", "export", "-f", "out.parquet"]) == 0
    assert len(pd.read_parquet("out.parquet")) == 0


@pytest.mark.usefixtures("varied")
def test_dash_is_stdout(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """JSON unless another type is asked for."""
    assert run(["experiment", "export", "-f", "-"]) == 0
    assert len(json.loads(capfdbinary.readouterr().out)) == 2
    assert run(["experiment", "export", "-f", "-", "-t", "jsonl"]) == 0
    assert len(capfdbinary.readouterr().out.splitlines()) == 3


@pytest.mark.usefixtures("varied")
@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("out.jsno", "did you mean 'out.json'?"),
        ("results", "'results' does not tell its format"),
        ("none/out.json", "its folder does not exist"),
        ("nni-experiments", "is a directory"),
    ],
)
def test_what_cannot_be_written_is_told(file: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the fix, and nothing is left behind."""
    assert run(["experiment", "export", "-f", file]) in {2, 3}
    assert told in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["nni-experiments"]


@pytest.mark.usefixtures("varied")
def test_a_failed_export_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is there wholly, or as it was."""
    Path("out.json").write_text("old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert run(["experiment", "export", "-f", "out.json"]) == 3
    assert Path("out.json").read_text() == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["nni-experiments", "out.json"]


@pytest.mark.usefixtures("varied")
def test_a_pipe_is_written_to_and_a_link_stays(home: Path) -> None:
    """Only regular files are replaced."""
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    reader.start()
    assert run(["experiment", "export", "-f", "pipe", "-t", "json"]) == 0
    reader.join()
    assert len(json.loads(read[0])) == 2
    (home / "real.json").write_text("old")
    Path("link.json").symlink_to("real.json")
    exported(file="link.json")
    assert Path("link.json").is_symlink()
    assert len(json.loads((home / "real.json").read_text())) == 2
