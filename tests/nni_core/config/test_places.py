"""Problems that come later, from a training service's check or a tuner's start, find their place in the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nni_core.config import load_config_data, locate
from nni_core.errors import Problem

CASES = [
    (("trial_concurrency",), 15, 20, ("trial_concurrency",)),
    (("tuner", "class_args", "optimize_mode"), 21, 20, ("tuner", "class_args", "optimize_mode")),
    (("tuner", "class_args", "seed"), 20, 3, ("tuner", "class_args", "seed")),
    (("training_service", "gpu_indices", 1), 25, 19, ("training_service", "gpuIndices", 1)),
    (("trial_gpu_number",), 26, 19, ("training_service", "trialGpuNumber")),
    (("max_trial_duration",), 1, 1, ("max_trial_duration",)),
    (("search_space", "lr", "_value", 0), 7, 15, ("search_space", "lr", "_value", 0)),
]


@pytest.mark.parametrize(("path", "line", "column", "spelt"), CASES)
def test_later_problem_is_located(path: Any, line: int, column: int, spelt: Any, bench: Any, tutorial: str) -> None:
    """Canonical names are found in the user's spelling; what is absent, at what should hold it."""
    loaded = bench.load(f"{tutorial}  gpuIndices: [0, 9]\n  trialGpuNumber: 2\n")
    problem = locate(loaded, Problem(code="NNI501", message="no", key_path=path))
    assert str(problem.location).endswith(f"config.yaml:{line}:{column}")
    assert problem.key_path == spelt


def test_advisor_is_where_the_tuner_is(bench: Any, tutorial: str) -> None:
    """The section that was read as the tuner is the one to mend."""
    loaded = bench.load(tutorial.replace("tuner:", "advisor:"))
    problem = locate(loaded, Problem(code="NNI415", message="no", key_path=("tuner", "name")))
    assert problem.key_path == ("advisor", "name")
    assert str(problem.location).endswith("config.yaml:19:9")


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("training_service", "gpu_indices", 1), 25, 21),
        (("trial_gpu_number",), 26, 21),
        (("training_service", "platform"), 24, 15),
    ],
)
def test_list_of_one_is_where_the_service_is(path: Any, line: int, column: int, bench: Any, tutorial: str) -> None:
    """Problems of the one training service in a list stand in the list."""
    listed = "- platform: local\n    gpuIndices: [0, 9]\n    trialGpuNumber: 2\n"
    loaded = bench.load(tutorial.replace("platform: local\n", listed))
    problem = locate(loaded, Problem(code="NNI501", message="no", key_path=path))
    assert str(problem.location).endswith(f"config.yaml:{line}:{column}")


def test_data_in_memory_has_no_places(bench: Any, tutorial: str, lookup: Any) -> None:
    """The problem stays as it is."""
    loaded = load_config_data(bench.load(tutorial).canonical(), Path("/"), lookup)
    problem = Problem(code="NNI501", message="no", key_path=("tuner", "name"))
    assert locate(loaded, problem) == problem
