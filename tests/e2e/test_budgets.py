"""Trials with more and more budget, through the real nnictl and processes."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

#: trains a step at a time, and goes on from what the trial before has left
TRIAL = """
import nni
parameters = nni.get_next_parameter()
checkpoint = nni.get_checkpoint_directory() / "steps"
begun = int(checkpoint.read_text()) if checkpoint.exists() else 0
for step in range(begun, parameters["TRIAL_BUDGET"]):
    checkpoint.write_text(str(step + 1))
nni.report_final_result({"default": parameters["x"], "begun": begun})
"""

CONFIG = """
search_space: {x: {_type: uniform, _value: [0, 1]}}
trial_command: python trial.py
trial_concurrency: 3
max_trial_number: 13
advisor: {name: Hyperband, class_args: {R: 9, exec_mode: serial, optimize_mode: minimize}}
training_service: local
seed: 1
"""


def test_who_goes_on_begins_where_the_trial_before_has_ended(user: Any) -> None:
    """Nine with one step, the best three of them with three, the best of those with nine: from their checkpoints."""
    user.write("trial.py", TRIAL)
    experiment = user.create(user.write("config.yaml", CONFIG))
    experiment.wait("DONE", timeout=60)
    details = [experiment.get(f"/api/v1/trials/{one['trialJobId']}") for one in experiment.trials()]
    ended = [(one["parameters"]["TRIAL_BUDGET"], one["final"]["begun"], one["final"]["default"]) for one in details]
    small, middle, large = ([one for one in ended if one[0] == budget] for budget in (1, 3, 9))
    assert (len(small), len(middle), len(large)) == (9, 3, 1)
    assert {begun for _, begun, _ in small} == {0}
    assert sorted(middle) == sorted((3, 1, x) for _, _, x in sorted(small, key=lambda one: one[2])[:3])
    assert large == [(9, 3, min(x for _, _, x in small))]
