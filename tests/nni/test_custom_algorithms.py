"""Base classes for tuners and assessors that were written for NNI."""

from typing import Any

import pytest

import nni
from nni.assessor import Assessor, AssessResult
from nni.tuner import Tuner


class Countdown(Tuner):
    """As NNI's documentation has it: several parameter sets at once, results with keyword arguments."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self.left = start
        self.exits: list[str] = []

    def update_search_space(self, search_space: Any) -> None:
        self.space = search_space

    def generate_multiple_parameters(self, parameter_id_list: Any, **kwargs: Any) -> list[dict[str, Any]]:
        given = []
        while self.left and len(given) < len(parameter_id_list):
            self.left -= 1
            given.append({"x": self.left})
        return given

    def _on_exit(self) -> None:
        self.exits.append("exit")

    def _on_error(self) -> None:
        self.exits.append("error")


class Patient(Assessor):
    """Needs three values."""

    def assess_trial(self, trial_job_id: str, trial_history: Any) -> bool:
        return len(trial_history) < 3


def test_a_tuner_may_have_many_at_once_only() -> None:
    """``generate_parameters`` need not be overridden beside ``generate_multiple_parameters``."""
    assert Countdown(2).generate_multiple_parameters([0, 1, 2]) == [{"x": 1}, {"x": 0}]


def test_what_must_be_overridden_says_so() -> None:
    """A tuner or an assessor without its methods fails with its own name."""
    with pytest.raises(NotImplementedError, match="Tuner has no update_search_space"):
        Tuner().update_search_space({})
    with pytest.raises(NotImplementedError, match="Tuner has neither generate_parameters nor"):
        Tuner().generate_parameters(0)
    with pytest.raises(NotImplementedError, match="Assessor has no assess_trial"):
        Assessor().assess_trial("a", [1])


def test_the_last_call_is_nnis() -> None:
    """``_on_exit`` when the experiment stops, ``_on_error`` after a failure."""
    tuner = Countdown(1)
    tuner.close(failed=False)
    tuner.close(failed=True)
    assert tuner.exits == ["exit", "error"]
    Patient().close(failed=False)


def test_customized_trials_are_for_those_who_accept_them() -> None:
    """As in NNI, a tuner hears of parameters that a user gave after it has said so, in ``__init__`` or later."""
    tuner = Countdown(1)
    assert not tuner.accepts_customized_trials()
    tuner._accept_customized_trials()
    assert tuner.accepts_customized_trials()


def test_imported_data_is_ignored_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    """A tuner without ``import_data`` is no reason to fail."""
    Countdown(1).import_data([{"parameter": {"x": 1}, "value": 2}])
    assert "Countdown ignores the 1 imported results" in caplog.text


def test_checkpoint_path(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory in the environment, when there is one."""
    monkeypatch.delenv("NNI_CHECKPOINT_DIRECTORY", raising=False)
    assert Countdown(1).get_checkpoint_path() is None
    monkeypatch.setenv("NNI_CHECKPOINT_DIRECTORY", str(tmp_path))
    assert Patient().get_checkpoint_path() == str(tmp_path)


def test_verdicts() -> None:
    """Both forms of NNI's verdicts."""
    assert Patient().assess_trial("a", [1, 2]) is True
    assert {AssessResult.Good, AssessResult.Bad} == set(AssessResult)


def test_no_more_trials_has_words() -> None:
    """The error can be shown, with and without a reason: NNI's repr of it never ends."""
    assert str(nni.NoMoreTrialError()) == "the tuner has nothing left to suggest"
    assert nni.NoMoreTrialError("done").errorinfo == "done"
    assert repr(nni.NoMoreTrialError("done")) == "NoMoreTrialError('done')"
