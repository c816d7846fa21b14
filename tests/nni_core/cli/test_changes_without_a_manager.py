"""Settings of an experiment that does not run: changed in its log, for the manager that goes on with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nni_core.cli.main import run
from nni_core.model import ExperimentState

RESUME = "INFO:  Experiment stopped1 does not run: nnictl resume stopped1 goes on with it\n"


@pytest.mark.parametrize(
    ("command", "key", "value"),
    [
        ("update trialnum stopped1 -v 3", "maxTrialNumber", 3),
        ("update concurrency stopped1 -v 5", "trialConcurrency", 5),
        ("update stopwhen stopped1 --target 0.9", "stopWhen", {"target": 0.9, "minTrials": 0, "running": "finish"}),
        ("experiment extend stopped1 --trials 3", "maxTrialNumber", 13),
    ],
)
def test_settings_are_changed_without_a_manager(
    ended: Any, capsys: pytest.CaptureFixture[str], command: str, key: str, value: Any
) -> None:
    """The next one goes on with them, and how to start it is said."""
    folder = ended("stopped1")
    assert run(command.split()) == 0
    assert capsys.readouterr().out.endswith(RESUME)
    assert run(["experiment", "show", "stopped1"]) == 0
    assert json.loads(capsys.readouterr().out)["params"][key] == value
    assert not folder.is_live()


def test_what_ended_in_an_error_is_extended_once_its_manager_is_gone(ended: Any) -> None:
    """A resume begins anew, whatever was wrong."""
    ended("stopped1", state=ExperimentState.ERROR)
    assert run(["experiment", "extend", "stopped1", "--trials", "1"]) == 0


def test_a_change_without_a_manager_is_checked_as_with_one(ended: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written when it cannot be; who asks while another changes it is told to come back."""
    folder = ended("stopped1")
    assert run(["update", "stopwhen", "stopped1", "--running", "cancel"]) == 2
    assert "error[NNI253]" in capsys.readouterr().err
    assert run(["experiment", "extend", "stopped1", "--duration", "1h"]) == 2
    assert "max_experiment_duration is not set" in capsys.readouterr().err
    with folder.take_charge():
        assert run(["experiment", "extend", "stopped1", "--trials", "1"]) == 3
    assert "try again in a moment" in capsys.readouterr().err
    assert run(["config", "show", "stopped1"]) == 0


def test_the_advice_of_why_works_as_it_is_typed(ended: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What ended it is extended, and then why says what goes on with it."""
    ended("stopped1", (0.5,) * 10)
    assert run(["why", "stopped1"]) == 0
    advice = capsys.readouterr().out.partition("help: nnictl ")[2].partition(" gives")[0]
    assert advice == "experiment extend stopped1 --trials 10"
    assert run(advice.split()) == 0
    assert "max_trial_number is 20 now" in capsys.readouterr().out
    assert run(["why", "stopped1"]) == 0
    assert "help: nnictl resume stopped1 goes on with it" in capsys.readouterr().out


def test_an_extension_that_is_not_enough_is_told(ended: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """More time does not help where the trials are used up."""
    ended("stopped1", (0.5,) * 10)
    assert run(["update", "duration", "stopped1", "-v", "1h"]) == 0
    capsys.readouterr()
    assert run(["experiment", "extend", "stopped1", "--duration", "1h"]) == 0
    assert "another limit is used up: nnictl why stopped1 says which" in capsys.readouterr().out
