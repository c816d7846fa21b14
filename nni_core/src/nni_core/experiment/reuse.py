"""Trials that need not run, because others have the same parameters: ``duplicates: reuse``.

Such a trial takes the result of the earlier one: at once where there is one, else when it comes. Until then it keeps
its place among the trials that may run: a tuner that insists on one idea learns its result before it has used up all
the others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nni_core.experiment.ledger import Ledger
from nni_core.model import AttemptId, MetricKind, Trial, TrialId, TrialState, tag_floats
from nni_core.store import events as ev


def has_result(trial: Trial) -> bool:
    """Whether others of the same parameters may take its result."""
    return trial.state is TrialState.SUCCEEDED and trial.final is not None


def results_handed_on(ledger: Ledger, ended: Collection[TrialId] | None = None) -> Sequence[ev.EventBody]:
    """What becomes of the trials that wait for the results of those that have ended; None: of any that has."""
    bodies: list[ev.EventBody] = []
    for trial_id in ledger.live:
        trial = ledger.trials[trial_id]
        if trial.same_as is None or not (ended is None or trial.same_as in ended):
            continue
        source = ledger.trials[trial.same_as]
        if has_result(source):
            bodies += result_taken(trial_id, trial.attempt_id, trial.parameter_id, source)
    return bodies


def result_taken(trial_id: TrialId, attempt_id: AttemptId, parameter_id: int, source: Trial) -> Sequence[ev.EventBody]:
    """The whole life of a trial that has the result of another."""
    assert source.final is not None  # noqa: S101 - has_result says so
    return [
        ev.TrialBegan(trial_id=trial_id, attempt_id=attempt_id),
        ev.MetricReported(
            trial_id=trial_id,
            attempt_id=attempt_id,
            parameter_id=parameter_id,
            kind=MetricKind.FINAL,
            sequence=0,
            value=tag_floats(source.final.value),
            spool_offset=0,
        ),
        ev.TrialFinished(
            trial_id=trial_id,
            attempt_id=attempt_id,
            state=TrialState.SUCCEEDED,
            message=f"the result of trial {source.sequence_id} was used, which had the same parameters",
        ),
    ]
