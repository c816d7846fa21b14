"""How the end of a command is named."""

from __future__ import annotations

import pytest

from nni_core.api import TrialExited
from nni_core.experiment.transitions import end_of
from nni_core.model import AttemptId, TrialState


@pytest.mark.parametrize(
    ("code", "signal", "more", "state", "told"),
    [
        (0, None, "", TrialState.SUCCEEDED, None),
        (0, None, "ended what was left", TrialState.SUCCEEDED, "ended what was left"),
        (3, None, "ended what was left", TrialState.FAILED, "the command exited with code 3; ended what was left"),
        (None, 9, "ended what was left", TrialState.FAILED, "killed by SIGKILL; ended what was left"),
        (None, None, "it could not be started", TrialState.FAILED, "it could not be started"),
    ],
)
def test_what_a_service_adds_does_not_hide_how_the_command_ended(
    code: int | None, signal: int | None, more: str, state: TrialState, told: str | None
) -> None:
    """Exit code or signal first, then what else is known."""
    exited = TrialExited(attempt_id=AttemptId("a"), timestamp=0, exit_code=code, signal=signal, message=more)
    assert end_of(exited, None) == (state, told)
