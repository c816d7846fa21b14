"""The JSON lines sink: what it writes, and where."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nni_core.model import ExperimentState, TrialState, untag_floats
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_core.testing.plugin import PluginContract
from nni_core.testing.sink import SinkContract, SinkFactory, a_trial, an_experiment, tell_life
from nni_sink_jsonl.arguments import JsonLinesArguments
from nni_sink_jsonl.sink import JsonLinesSink


def lines(path: Path) -> list[dict[str, Any]]:
    """Every line of a file, read as strict JSON."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]


def heard(directory: Path, *values: Any, state: TrialState = TrialState.SUCCEEDED) -> Sequence[dict[str, Any]]:
    """What is in the file after an experiment of one trial."""
    sink = JsonLinesSink()
    sink.start(an_experiment(directory))
    tell_life(sink, a_trial(), *values, state=state)
    sink.stop(ExperimentState.DONE)
    return lines(directory / "events.jsonl")


class TestContract(SinkContract):
    """The sink does what every sink must do."""

    @pytest.fixture
    def sink(self) -> SinkFactory:
        return JsonLinesSink


class TestPlugin(PluginContract):
    """The plugin module does what every plugin module must do."""

    plugin = "nni_sink_jsonl.plugin"


def test_every_event_is_one_line(tmp_path: Path) -> None:
    """In the order in which they happened."""
    assert [line["event"] for line in heard(tmp_path, 0.1, 0.9)] == [
        "experiment_started",
        "trial_created",
        "trial_started",
        "metric_reported",
        "metric_reported",
        "trial_ended",
        "experiment_ended",
    ]


def test_the_end_of_a_trial_tells_its_outcome(tmp_path: Path) -> None:
    """State, exit code and final value are enough to draw up a table without any other line."""
    ended = heard(tmp_path, 0.1, 0.9, state=TrialState.FAILED)[-2]
    assert (ended["state"], ended["exit_code"], ended["final"], ended["sequence_id"]) == ("FAILED", 1, 0.9, 0)


def test_parameters_are_written_with_the_creation(tmp_path: Path) -> None:
    """As the trial got them."""
    assert heard(tmp_path)[1]["parameters"] == {"lr": 0.01, "layer": {"_name": "cnn", "kernel": 3}}


def test_values_that_json_lacks_are_tagged(tmp_path: Path) -> None:
    """Every line is strict JSON, and the value can be had back."""
    value = untag_floats(heard(tmp_path, {"default": 0.5, "loss": math.inf})[3]["value"])
    assert value == {"default": 0.5, "loss": math.inf}


def test_a_resumed_experiment_appends(tmp_path: Path) -> None:
    """Nothing that was written is lost."""
    before = heard(tmp_path, 0.5)
    assert heard(tmp_path, 0.5) == [*before, *before]


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    """A writer that died in the middle of a line costs that line alone."""
    (tmp_path / "events.jsonl").write_text('{"event": "trial_cre')
    sink = JsonLinesSink()
    sink.start(an_experiment(tmp_path))
    sink.stop(ExperimentState.DONE)
    torn, *whole = (tmp_path / "events.jsonl").read_text().splitlines()
    assert torn == '{"event": "trial_cre'
    assert [json.loads(line)["event"] for line in whole] == ["experiment_started", "experiment_ended"]


def test_directories_on_the_way_are_made(tmp_path: Path) -> None:
    """A path may lead anywhere, and what is absolute stays absolute."""
    target = tmp_path / "elsewhere" / "deep" / "all.jsonl"
    sink = JsonLinesSink(path=str(target))
    sink.start(an_experiment(tmp_path / "experiment"))
    sink.stop(ExperimentState.DONE)
    assert len(lines(target)) == 2


def test_the_file_is_private(tmp_path: Path) -> None:
    """Results are nobody else's business."""
    heard(tmp_path)
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o077 == 0


def test_events_outside_an_experiment_are_refused() -> None:
    """Before the start there is no file to write to."""
    with pytest.raises(RuntimeError, match="events come between start and stop"):
        JsonLinesSink().trial_created(a_trial())


def test_an_empty_path_is_refused() -> None:
    """Before anything starts, with the name of the argument."""
    with pytest.raises(ValueError, match="path must not be empty"):
        JsonLinesArguments(path=" ")


def test_it_is_found_by_name() -> None:
    """The installed distribution is all it takes."""
    spec = PluginRegistry.discover().resolve(PluginKind.METRIC_SINK, "JSONL")
    assert spec.implementation == "nni_sink_jsonl.sink:JsonLinesSink"
