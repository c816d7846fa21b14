"""The nearest name, for messages."""

from __future__ import annotations

import pytest

from nni_core.errors import nearest

SETTINGS = ("experiment_name", "trial_command", "trial_concurrency", "max_trial_number", "max_trial_duration", "seed")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("trial_comand", "trial_command"),
        ("trialConcurrency", "trial_concurrency"),
        ("TRIAL-COMMAND", "trial_command"),
        ("name", "experiment_name"),
        ("Command", "trial_command"),
        ("duration", "max_trial_duration"),
        ("max", None),
        ("trial", None),
        ("x", None),
        ("", None),
    ],
)
def test_the_nearest_name(name: str, meant: str | None) -> None:
    """Spelt alike, or a word of only one name."""
    assert nearest(name, SETTINGS) == meant


def test_words_of_camel_case() -> None:
    """As NNI's configs have them."""
    assert nearest("name", ["experimentName", "trialCommand"]) == "experimentName"
    assert nearest("TPE", ["TPESampler", "QMCSampler"]) == "TPESampler"
