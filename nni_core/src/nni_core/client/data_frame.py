"""Trials as a pandas DataFrame. Pandas is the user's: nothing else here needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nni_core.client.trial_data import TrialJob
from nni_core.errors import MachineError, Problem
from nni_core.model import default_number

if TYPE_CHECKING:
    import pandas


def trials_frame(trials: Sequence[TrialJob]) -> pandas.DataFrame:
    """One row a trial.

    :raises MachineError: when pandas is not installed.
    """
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise MachineError(
            Problem(
                code="NNI640", message="to_pandas() needs pandas, which is not installed", help="pip install pandas"
            )
        ) from error
    frame = pandas.DataFrame([_row(trial) for trial in trials])
    for name in ("started", "ended"):
        if name in frame:
            frame[name] = pandas.to_datetime(frame[name], unit="ms", utc=True)
    return frame


def _row(trial: TrialJob) -> dict[str, Any]:
    final = trial.finalMetricData[0].data if trial.finalMetricData else None
    return {
        "sequence_id": trial.sequenceId,
        "trial_id": trial.trialJobId,
        "status": trial.status,
        "value": default_number(final),
        "started": trial.startTime,
        "ended": trial.endTime if trial.endTime >= 0 else None,
        **{f"params_{name}": value for one in trial.hyperParameters for name, value in one.parameters.items()},
        **(
            {f"metrics_{name}": value for name, value in final.items() if name != "default"}
            if isinstance(final, Mapping)
            else {}
        ),
    }
