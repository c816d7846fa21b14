"""What a trial's spool means for the experiment: each record becomes an event, or a note that says why it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nni_core.api import TrialOutput
from nni_core.model import MetricKind, Trial, default_number, tag_floats
from nni_core.store import events as ev
from nni_core.wire import SpoolReader, SpoolRecord


class ReportReader:
    """Reads the spool of one execution of one trial."""

    def __init__(self, *, offset: int = 0) -> None:
        self._spool = SpoolReader(offset)
        self._final_seen = False
        self._noted: set[str] = set()

    def read(self, output: TrialOutput, trial: Trial) -> Sequence[ev.EventBody]:
        """The events that more bytes of the spool amount to; ``trial`` is the trial before them."""
        self._final_seen = self._final_seen or trial.final is not None
        bodies: list[ev.EventBody] = []
        for record in self._spool.feed(output.offset, output.data):
            bodies += self._bodies(record, trial)
        if self._spool.skipped:
            bodies += self._note(trial, "part of its reports cannot be read: something else wrote to .nni/metrics")
        return bodies

    def _bodies(self, record: SpoolRecord, trial: Trial) -> Iterator[ev.EventBody]:
        if record.parameter_id != trial.parameter_id:
            yield from self._note(
                trial, f"a report for parameters {record.parameter_id} was refused: its own are {trial.parameter_id}"
            )
            return
        if self._final_seen:
            late = (
                "a second final result"
                if record.kind is MetricKind.FINAL
                else "an intermediate result after the final one"
            )
            yield from self._note(trial, f"{late} was ignored; the first final result counts")
            return
        self._final_seen = record.kind is MetricKind.FINAL
        yield ev.MetricReported(
            trial_id=trial.id,
            attempt_id=trial.attempt_id,
            parameter_id=record.parameter_id,
            kind=record.kind,
            sequence=record.sequence,
            value=tag_floats(record.value),
            spool_offset=record.end,
        )
        if default_number(record.value) is None:
            kind = "final" if self._final_seen else "intermediate"
            yield from self._note(
                trial,
                f"its {kind} result {_short(record.value)} is not a finite number: the tuner learns nothing from it; "
                "report a number, or a dict whose 'default' is one",
            )

    def _note(self, trial: Trial, message: str) -> Iterator[ev.Note]:
        """Say it once for each trial."""
        if message not in self._noted:
            self._noted.add(message)
            yield ev.Note(message=f"trial {trial.sequence_id}: {message}", trial_id=trial.id)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
