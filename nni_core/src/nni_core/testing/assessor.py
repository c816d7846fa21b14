"""What every assessor must do. Subclass :class:`AssessorContract` and override its fixture ``assessor``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from nni_core.api import Assessor, AssessResult, Verdict

#: makes a new assessor
AssessorFactory = Callable[[], Assessor]

Verdicts = list[AssessResult | bool | Verdict]


def curve(height: float, length: int) -> list[float]:
    """Intermediate results that rise towards ``height`` as those of a training do."""
    return [height * (1.0 - math.exp(-0.3 * (step + 1))) for step in range(length)]


def is_good(verdict: AssessResult | bool | Verdict) -> bool:
    """Whether a trial may run on."""
    return verdict.good if isinstance(verdict, Verdict) else verdict in {True, AssessResult.Good}


def judge(assessor: Assessor, trial: str, reports: Sequence[float]) -> Verdicts:
    """Report one after the other, as the core does: at each the whole history, until the verdict is bad."""
    verdicts: Verdicts = []
    for length in range(1, len(reports) + 1):
        verdict = assessor.assess_trial(trial, list(reports[:length]))
        assert isinstance(verdict, AssessResult | bool | Verdict), f"assess_trial returned {verdict!r}"
        verdicts.append(verdict)
        if not is_good(verdict):
            break
    return verdicts


def _story(assessor: Assessor) -> list[Verdicts]:
    told = []
    for number in range(12):
        told.append(judge(assessor, f"trial{number}", curve(1.0 / (number + 1), 20)))
        assessor.trial_end(f"trial{number}", number % 3 != 0)
    return told


class AssessorContract:
    """``assessor`` answers with a function that makes a new assessor. Histories hold finite numbers only: the core
    leaves other reports out."""

    @pytest.fixture
    def assessor(self) -> AssessorFactory:
        raise NotImplementedError("override this fixture")

    def test_verdicts_are_verdicts(self, assessor: AssessorFactory) -> None:
        """Every report of every trial gets an AssessResult or a bool."""
        _story(assessor())

    def test_the_first_trial_may_run_on(self, assessor: AssessorFactory) -> None:
        """With nothing to compare it to, the first report of the first trial is not bad."""
        verdicts = judge(assessor(), "trial0", [0.5])
        assert [is_good(verdict) for verdict in verdicts] == [True], f"the verdict is {verdicts}"

    def test_trials_may_be_interleaved(self, assessor: AssessorFactory) -> None:
        """Reports of trials that run at the same time come in turn."""
        instance = assessor()
        curves = {f"trial{number}": curve(number + 1.0, 15) for number in range(4)}
        for length in range(1, 16):
            for trial, reports in curves.items():
                verdict = instance.assess_trial(trial, reports[:length])
                assert isinstance(verdict, AssessResult | bool | Verdict)
        for trial in curves:
            instance.trial_end(trial, True)

    def test_replay_gives_the_same_verdicts(self, assessor: AssessorFactory) -> None:
        """A new assessor that is told the same story judges as the old one did."""
        first, second = _story(assessor()), _story(assessor())
        assert first == second, f"verdicts are {first} at one time and {second} at the other"

    def test_histories_are_left_as_they_are(self, assessor: AssessorFactory) -> None:
        """An assessor changes nothing in the list that it is given, and does not mind a tuple."""
        instance = assessor()
        reports = curve(1.0, 10)
        instance.assess_trial("trial0", reports)
        assert reports == curve(1.0, 10), "the assessor changed the history that it was given"
        assert is_good(instance.assess_trial("trial1", tuple(reports))) in {True, False}

    def test_trials_may_end_unseen(self, assessor: AssessorFactory) -> None:
        """A trial may end before its first report, well or not."""
        instance = assessor()
        instance.trial_end("trial0", False)
        instance.trial_end("trial1", True)
        judge(instance, "trial2", curve(1.0, 5))

    @pytest.mark.parametrize("reports", [[0.5] * 20, list(range(20)), [1e300, -1e300] * 10, [0.0, -0.0] * 10])
    def test_any_finite_history_is_judged(self, assessor: AssessorFactory, reports: list[float]) -> None:
        """Equal reports, whole numbers, the largest there are."""
        instance = assessor()
        for number in range(4):
            judge(instance, f"trial{number}", reports)
            instance.trial_end(f"trial{number}", True)

    def test_a_trial_may_start_over(self, assessor: AssessorFactory) -> None:
        """A trial that is run again reports from the beginning."""
        instance = assessor()
        judge(instance, "trial0", curve(1.0, 10))
        judge(instance, "trial0", curve(1.0, 3))
        instance.trial_end("trial0", True)

    def test_long_histories_are_judged(self, assessor: AssessorFactory) -> None:
        """A thousand reports of one trial beside three finished ones."""
        instance = assessor()
        for number in range(3):
            judge(instance, f"trial{number}", curve(1.0, 50))
            instance.trial_end(f"trial{number}", True)
        instance.assess_trial("trial3", curve(1.0, 1000))
