"""Random and GridSearch against what NNI 3.0 suggested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nni_core.api import Tuner
from nni_tuner_classic.grid_search import GridSearchTuner
from nni_tuner_classic.random_search import RandomTuner

RECORDED = json.loads(Path(__file__).with_name("recorded_nni.json").read_text())


def flat(parameters: Any, prefix: str = "") -> dict[str, Any]:
    """Nested parameters by path."""
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        found |= flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {prefix + name: value}
    return found


@pytest.mark.parametrize(
    ("tuner", "space", "recording"),
    [
        (RandomTuner(seed=42), "space", "random_seed42_first8"),
        (GridSearchTuner(), "grid_space", "grid_first17"),
    ],
    ids=["Random", "GridSearch"],
)
def test_suggestions_are_those_of_nni(tuner: Tuner, space: str, recording: str) -> None:
    """Number for number, in the same order."""
    tuner.update_search_space(RECORDED[space])
    for number, expected in enumerate(RECORDED[recording]):
        suggested = flat(tuner.generate_parameters(number))
        assert suggested == {
            name: pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value
            for name, value in flat(expected).items()
        }
