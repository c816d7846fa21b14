"""When a user may have a trial run again, and what that amounts to. Pure."""

from __future__ import annotations

from nni_core.errors import ConflictError, Problem
from nni_core.experiment.transitions import ACTIVE, trial_may_become
from nni_core.model import AttemptId, ExperimentState, Trial, TrialState
from nni_core.store.events import TrialRequeued


def wanted_again(trial: Trial, state: ExperimentState, attempt_id: AttemptId) -> TrialRequeued:
    """The event by which a trial starts over under a new attempt.

    :raises ConflictError: when it is not over or has succeeded, or the experiment runs no trials any more.
    """
    if state not in ACTIVE and state is not ExperimentState.DONE:
        message = f"the experiment is {state} and runs no trials any more"
        raise ConflictError(Problem(code="NNI744", message=message, help="stop it, and nnictl resume it, first"))
    if not trial.state.is_terminal or not trial_may_become(trial.state, TrialState.WAITING):
        message = f"trial '{trial.id}' cannot be tried again: it is {trial.state}"
        advice = "nnictl trial add runs the same parameters in a trial of its own"
        raise ConflictError(Problem(code="NNI745", message=message, help=advice))
    return TrialRequeued(
        trial_id=trial.id,
        attempt_id=attempt_id,
        attempt=trial.attempt + 1,
        reason="a user wants it again",
        asked=True,
    )
