"""TPE without `multivariate` against what NNI 3.0 suggested for the same seed and the same results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nni_tuner_tpe.tpe import TpeTuner

RECORDED = json.loads(Path(__file__).with_name("recorded_nni.json").read_text())


def assert_same(suggested: Any, expected: Any) -> None:
    """The same keys and texts, and the same numbers but for the last digits, at any depth."""
    if isinstance(expected, dict):
        assert suggested.keys() == expected.keys()
        for name, value in expected.items():
            assert_same(suggested[name], value)
    elif isinstance(expected, float):
        assert suggested == pytest.approx(expected, rel=1e-9, abs=1e-12)
    else:
        assert suggested == expected


def tuner(mode: str = "minimize", **tpe_args: Any) -> TpeTuner:
    """NNI's TPE with the recorded seed and space."""
    made = TpeTuner(optimize_mode=mode, seed=42, tpe_args={"multivariate": False, **tpe_args})
    made.update_search_space(RECORDED["space"])
    return made


@pytest.mark.parametrize(("recording", "at_a_time"), [("one_at_a_time", 1), ("four_at_a_time", 4)])
def test_forty_suggestions_are_those_of_nni(recording: str, at_a_time: int) -> None:
    """Random start, model, nested parameters, and the constant liar when several trials run at a time."""
    story, subject = RECORDED[recording], tuner()
    for start in range(0, len(story), at_a_time):
        batch = story[start : start + at_a_time]
        suggested = [subject.generate_parameters(start + offset) for offset in range(len(batch))]
        for offset, (parameters, (expected, value)) in enumerate(zip(suggested, batch, strict=True)):
            assert_same(parameters, expected)
            subject.receive_trial_result(start + offset, parameters, value)
            subject.trial_end(start + offset, True)


def test_maximizing_the_negative_is_minimizing() -> None:
    """Both modes walk the same way, number for number."""
    story, subject = RECORDED["one_at_a_time"], tuner("maximize")
    for parameter_id, (expected, value) in enumerate(story):
        parameters = subject.generate_parameters(parameter_id)
        assert_same(parameters, expected)
        subject.receive_trial_result(parameter_id, parameters, {"default": -value})


def test_the_random_start_is_nnis_random_search() -> None:
    """While it starts up, TPE draws what NNI's Random tuner draws."""
    subject = tuner(n_startup_jobs=1000)
    for parameter_id, expected in enumerate(RECORDED["random"]):
        assert_same(subject.generate_parameters(parameter_id), expected)
