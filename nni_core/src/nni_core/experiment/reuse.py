"""Trials that need not run, because others had the same parameters: ``duplicates: reuse``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nni_core.model import MetricKind, Trial, TrialId, TrialState, tag_floats
from nni_core.store import events as ev


def reused(
    created: ev.TrialCreated, trials: Mapping[TrialId, Trial], earlier: TrialId | None
) -> Sequence[ev.EventBody]:
    """The whole life of a new trial that has the result of an earlier one; nothing when it has to run by itself."""
    source = None if earlier is None else trials.get(earlier)
    if source is None or source.final is None or source.state is not TrialState.SUCCEEDED:
        return ()
    trial_id, attempt_id = created.trial_id, created.attempt_id
    return [
        ev.TrialBegan(trial_id=trial_id, attempt_id=attempt_id),
        ev.MetricReported(
            trial_id=trial_id,
            attempt_id=attempt_id,
            parameter_id=created.parameter_id,
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
