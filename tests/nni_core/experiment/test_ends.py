"""How the end of a command is named."""

from __future__ import annotations

from typing import Any

import pytest

from nni_core.api import TrialExited
from nni_core.experiment.transitions import cause_of, end_of
from nni_core.model import AttemptId, FailureCause, TrialState


@pytest.mark.parametrize(
    ("code", "signal", "more", "state", "told"),
    [
        (0, None, "", TrialState.SUCCEEDED, None),
        (0, None, "ended what was left", TrialState.SUCCEEDED, "ended what was left"),
        (3, None, "ended what was left", TrialState.FAILED, "the command exited with code 3; ended what was left"),
        (None, 9, "ended what was left", TrialState.FAILED, "killed by SIGKILL; ended what was left"),
        (None, None, "it could not be started", TrialState.FAILED, "it could not be started"),
        (137, None, "", TrialState.FAILED, "the command exited with code 137 (SIGKILL)"),
        (128, None, "", TrialState.FAILED, "the command exited with code 128"),
    ],
)
def test_what_a_service_adds_does_not_hide_how_the_command_ended(
    code: int | None, signal: int | None, more: str, state: TrialState, told: str | None
) -> None:
    """Exit code or signal first, then what else is known."""
    exited = TrialExited(attempt_id=AttemptId("a"), timestamp=0, exit_code=code, signal=signal, message=more)
    assert end_of(exited, None) == (state, told)


@pytest.mark.parametrize(
    ("code", "more", "gave_up", "has_result", "cause"),
    [
        (0, {}, False, True, None),
        (0, {}, False, False, FailureCause.NO_RESULT),
        (1, {}, False, True, FailureCause.EXIT_CODE),
        (255, {}, False, False, FailureCause.EXIT_CODE),
        (137, {}, False, False, FailureCause.SIGNAL),
        (None, {"signal": 11}, False, False, FailureCause.SIGNAL),
        (None, {}, False, False, FailureCause.NOT_STARTED),
        (None, {"signal": 15, "timed_out": True}, True, False, FailureCause.TIMEOUT),
        (1, {}, True, True, FailureCause.TRIAL_ERROR),
        (0, {}, True, False, FailureCause.TRIAL_ERROR),
        (0, {}, True, True, None),
    ],
)
def test_what_went_wrong(
    code: int | None, more: dict[str, Any], gave_up: bool, has_result: bool, cause: FailureCause | None
) -> None:
    """The time limit before anything else, then what the trial said, then how its command ended, a shell's too."""
    exited = TrialExited(attempt_id=AttemptId("a"), timestamp=0, exit_code=code, **more)
    assert cause_of(exited, gave_up=gave_up, has_result=has_result) is cause
