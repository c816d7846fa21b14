"""What an assessor is shown of a report, and what becomes of its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from nni_core.api import Assessor, Verdict
from nni_core.experiment.worker import RubbishError, Worker
from nni_core.model import MetricKind, TrialState
from nni_core.testing.experiment import CountingTuner, ExperimentKit

LINE = {"x": {"_type": "uniform", "_value": [0, 1]}}


class Falling(Assessor):
    """Ends whoever's loss has risen."""

    metric = "loss"

    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> Verdict:
        first, last = trial_history[0], trial_history[-1]
        return Verdict(good=last <= first, reason=f"loss rose from {first:g} to {last:g}")


async def test_the_reason_becomes_the_trial_s_message() -> None:
    """Whoever looks at the trial reads why it was ended."""
    kit = ExperimentKit(max_trials=1, assessor=Falling)
    await kit.start()
    await kit.report(0, {"default": 1, "loss": 2}, kind=MetricKind.PERIODICAL)
    await kit.report(0, {"default": 9, "loss": 3}, kind=MetricKind.PERIODICAL, sequence=1)
    await kit.exit(0, None, signal=15)
    assert kit.states() == [TrialState.EARLY_STOPPED]
    assert kit.trials[0].message == "loss rose from 2 to 3"
    await kit.stop()


def test_a_tuner_of_nni_s_is_called_as_nni_calls_it() -> None:
    """With two arguments at a trial's end; None is no suggestion, and neither is what UTF-8 cannot hold."""

    class Strict(CountingTuner):
        free_form = True
        offered: Any = None

        def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Any:
            return self.offered

        def trial_end(self, parameter_id: int, success: bool) -> None:  # type: ignore[override]
            self.ends.append((parameter_id, success))

    tuner = Strict()
    worker = Worker(tuner=tuner, assessor=None, search_space=LINE)
    worker.end(0, {"x": 0.5}, "a", 1.0, success=True, customized=False)
    assert tuner.ends == [(0, True)]
    for tuner.offered in (None, {"x": "\ud800"}):
        with pytest.raises(RubbishError):
            worker.ask(1, 0)


def test_a_history_is_a_list_of_the_assessor_s_own() -> None:
    """As NNI's; what it does to it is forgotten."""
    seen: list[object] = []

    class Changing(Falling):
        metric = "default"

        def assess_trial(self, trial_job_id: str, trial_history: Any) -> Verdict:
            seen.append([*trial_history.copy(), 0.5])
            trial_history.clear()
            return Verdict(good=True)

    worker = Worker(tuner=CountingTuner(), assessor=Changing(), search_space=LINE)
    for value in (1.0, 2.0):
        worker.report("a", value)
    assert seen == [[1.0, 0.5], [1.0, 2.0, 0.5]]


@pytest.mark.parametrize(
    ("metric", "report", "shown"),
    [
        ("default", 0.5, 0.5),
        ("default", {"default": 0.5, "loss": 2}, 0.5),
        ("loss", {"default": 0.5, "loss": 2}, 2.0),
        ("loss", 0.5, None),
        ("loss", {"default": 0.5}, None),
        ("loss", {"default": 0.5, "loss": {"default": 2}}, None),
        ("loss", {"default": 0.5, "loss": float("nan")}, None),
        ("loss", {"default": 0.5, "loss": "2"}, None),
    ],
)
def test_an_assessor_sees_the_number_that_it_names(metric: str, report: Any, shown: float | None) -> None:
    """And nothing of a report that has no such number."""
    seen: list[list[float]] = []

    class Watching(Falling):
        def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> Verdict:
            seen.append(list(trial_history))
            return Verdict(good=True)

    assessor = Watching()
    assessor.metric = metric
    Worker(tuner=CountingTuner(), assessor=assessor, search_space=LINE).report("trial", report)
    assert seen == ([] if shown is None else [[shown]])
