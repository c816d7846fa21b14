"""Writes the lines. One event is one line is one write, so that a reader never sees half of one for long."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path

from nni_core.api import ExperimentInfo, MetricSink
from nni_core.model import ExperimentState, Json, Metric, Trial, tag_floats


class JsonLinesSink(MetricSink):
    """Appends to a file. NaN and infinities, which JSON cannot hold, become ``{"$float": "nan"}`` and its like."""

    def __init__(self, path: str = "events.jsonl") -> None:
        self._path = Path(path).expanduser()
        self._file: int | None = None

    def start(self, experiment: ExperimentInfo) -> None:
        """Open the file; it is kept open until :meth:`stop`.

        :raises OSError: when it cannot be made or written.
        """
        path = experiment.directory / self._path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._close()
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._write(
            "experiment_started",
            {"id": experiment.id, "name": experiment.name, "resumed": experiment.resumed, "config": experiment.config},
        )

    def trial_created(self, trial: Trial) -> None:
        self._write("trial_created", {**_identity(trial), "time": trial.created_at, "parameters": trial.parameters})

    def trial_started(self, trial: Trial) -> None:
        self._write("trial_started", {**_identity(trial), "time": trial.started_at, "attempt": trial.attempt})

    def metric_reported(self, trial: Trial, metric: Metric) -> None:
        report = {"time": metric.timestamp, "kind": metric.kind, "sequence": metric.sequence, "value": metric.value}
        self._write("metric_reported", {**_identity(trial), **report})

    def trial_ended(self, trial: Trial) -> None:
        outcome = {
            "time": trial.ended_at,
            "state": trial.state,
            "exit_code": trial.exit_code,
            "signal": trial.signal,
            "message": trial.message,
            "final": trial.final.value if trial.final else None,
        }
        self._write("trial_ended", {**_identity(trial), **outcome})

    def stop(self, state: ExperimentState) -> None:
        self._write("experiment_ended", {"state": state})
        self._close()

    def _write(self, event: str, content: Mapping[str, Json]) -> None:
        if self._file is None:
            raise RuntimeError("events come between start and stop")
        line = (
            json.dumps({"event": event, **tag_floats(content)}, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        )
        _end_torn_line(self._file)
        if os.write(self._file, line) < len(line):
            raise OSError(errno.ENOSPC, f"no room for another line in {self._path}")

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _identity(trial: Trial) -> dict[str, Json]:
    return {"trial_id": trial.id, "sequence_id": trial.sequence_id}


def _end_torn_line(file: int) -> None:
    """A line that was cut short, by a full disk or the death of its writer, must not spoil the next one too."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.write(file, b"\n")
