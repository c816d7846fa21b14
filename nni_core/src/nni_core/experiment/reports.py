"""What a trial's spool means for the experiment: each record becomes an event, or a note that says why it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nni_core.api import TrialOutput
from nni_core.experiment.objectives import DEFAULT, Objective, values_of, with_default
from nni_core.model import Json, MetricKind, Trial, default_number, tag_floats
from nni_core.store import events as ev
from nni_core.wire import SpoolReader, SpoolRecord


class ReportReader:
    """Reads the spool of one execution of one trial."""

    def __init__(self, *, offset: int = 0, objectives: Sequence[Objective] = (Objective(),)) -> None:
        self._objectives = objectives
        self._spool = SpoolReader(offset)
        self._error_seen = False
        self._final_seen = False
        self._noted: set[str] = set()

    def read(self, output: TrialOutput, trial: Trial) -> Sequence[ev.EventBody]:
        """The events that more bytes of the spool amount to; ``trial`` is the trial before them."""
        self._final_seen = self._final_seen or trial.final is not None
        bodies: list[ev.EventBody] = []
        for record in self._spool.feed(output.offset, output.data):
            bodies += self._bodies(record, trial)
        bodies += self._error(trial)
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
            value=tag_floats(with_default(record.value, self._objectives)),
            spool_offset=record.end,
        )
        for remark in self._remarks(record.value):
            yield from self._note(trial, remark)

    def _remarks(self, reported: Json) -> Iterator[str]:
        """What is to be said about a result."""
        value = with_default(reported, self._objectives)
        first, *others = (objective.name for objective in self._objectives)
        kind = "final" if self._final_seen else "intermediate"
        if default_number(value) is None:
            yield (
                f"its {kind} result {_short(reported)} is not a finite number: the tuner learns nothing from it; "
                f"report a number, or a dict whose {first!r} is one"
            )
        elif isinstance(value, Mapping) and DEFAULT in reported and reported[DEFAULT] != value[DEFAULT]:
            yield f"its results have 'default' and {first!r}, and they differ: {first!r} counts, the objective"
        found = values_of(value, self._objectives)
        missing = [repr(name) for name in others if name not in found]
        if missing and self._final_seen:
            yield f"its final result has no number for {', '.join(missing)}: it is not in the Pareto set"

    def _error(self, trial: Trial) -> Iterator[ev.TrialErrorReported]:
        error = self._spool.error
        if error is None or self._error_seen or error.parameter_id != trial.parameter_id:
            return
        self._error_seen = True
        yield ev.TrialErrorReported(
            trial_id=trial.id,
            attempt_id=trial.attempt_id,
            message=error.message,
            retryable=error.retryable,
            spool_offset=error.end,
        )

    def _note(self, trial: Trial, message: str) -> Iterator[ev.Note]:
        """Say it once for each trial."""
        if message not in self._noted:
            self._noted.add(message)
            yield ev.Note(message=f"trial {trial.sequence_id}: {message}", trial_id=trial.id)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
