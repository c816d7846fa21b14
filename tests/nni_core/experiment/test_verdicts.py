"""What an assessor is shown of a report, and what becomes of its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from nni_core.api import Assessor, Verdict
from nni_core.experiment.worker import Worker
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
