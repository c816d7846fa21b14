"""An assessor that ends running trials, through the real nnictl and processes."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

#: the first trials run to their end; whoever is worse would run for ever
TRIAL = """
import time, nni
height = nni.get_next_parameter()["height"]
for step in range(4):
    nni.report_intermediate_result({"default": 0, "score": height + step})
while nni.get_sequence_id() >= 2 and height < 2:
    time.sleep(0.1)
nni.report_final_result(height)
"""

CONFIG = """
search_space: {height: {_type: choice, _value: [1, 2, 3, 4]}}
trial_command: python trial.py
trial_concurrency: 1
max_trial_number: 4
tuner: {name: TPE}
assessor: {name: Medianstop, class_args: {metric: score}}
initial_points: [{height: 3}, {height: 4}, {height: 1}, {height: 2}]
objectives: [{name: default, direction: maximize}]
training_service: local
"""


def test_a_trial_below_the_median_is_ended_and_says_why(user: Any) -> None:
    """As EARLY_STOPPED, by the named number, with the reason as its message; in order of sequence ids."""
    user.write("trial.py", TRIAL)
    experiment = user.create(user.write("config.yaml", CONFIG))
    experiment.wait("DONE", timeout=60)
    trials = sorted(experiment.trials(), key=lambda trial: trial["sequenceId"])
    assert [trial["status"] for trial in trials[:3]] == ["SUCCEEDED", "SUCCEEDED", "EARLY_STOPPED"]
    assert trials[2]["message"] == "best 1 by step 1 is below 3, the median of 2 finished trials"
    assert trials[2]["message"] in user.nnictl("trial", "ls").stdout
