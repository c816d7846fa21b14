"""The quickstart examples learn, and are what the tutorial says."""

import importlib.util
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from nni_core.model import MetricKind
from nni_core.wire import SpoolRecord

RunTrial = Callable[..., list[SpoolRecord]]

TUTORIAL_CONFIG = """\
search_space:
  features:
    _type: choice
    _value: [ 128, 256, 512, 1024 ]
  lr:
    _type: loguniform
    _value: [ 0.0001, 0.1 ]
  momentum:
    _type: uniform
    _value: [ 0, 1 ]

trial_command: python model.py
trial_code_directory: .

trial_concurrency: 2
max_trial_number: 10

tuner:
  name: TPE
  class_args:
    optimize_mode: maximize

training_service:
  platform: local
"""


def accuracies(records: list[SpoolRecord]) -> list[float]:
    """The intermediate results; the final one is checked on the way."""
    *intermediate, final = records
    assert [record.kind for record in records] == [MetricKind.PERIODICAL] * 5 + [MetricKind.FINAL]
    assert math.isclose(intermediate[-1].value, final.value)
    return [float(record.value) for record in intermediate]


def test_config_is_the_tutorial_s(examples: Path) -> None:
    """``config.yaml`` is what the tutorial prints, letter by letter."""
    assert (examples / "hpo_quickstart_pytorch" / "config.yaml").read_text() == TUTORIAL_CONFIG


def test_python_and_yaml_describe_one_experiment(examples: Path) -> None:
    """``main.py`` has the search space of ``config.yaml``."""
    path = examples / "hpo_quickstart_pytorch" / "main.py"
    spec = importlib.util.spec_from_file_location("quickstart_main", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.search_space == yaml.safe_load(TUTORIAL_CONFIG)["search_space"]


LEARNING: list[tuple[Mapping[str, Any], float, float]] = [
    ({"features": 256, "lr": 0.05, "momentum": 0.9}, 0.9, 1.0),
    ({"features": 128, "lr": 0.0001, "momentum": 0.1}, 0.0, 0.4),
]


@pytest.mark.torch
@pytest.mark.parametrize(("parameters", "least", "most"), LEARNING)
def test_pytorch_model_learns(
    examples: Path, run_trial: RunTrial, parameters: Mapping[str, Any], least: float, most: float
) -> None:
    """Good parameters give a good accuracy, bad ones a bad one."""
    pytest.importorskip("torch", reason="the example's own library")
    found = accuracies(run_trial(examples / "hpo_quickstart_pytorch" / "model.py", parameters))
    assert least <= found[-1] <= most


@pytest.mark.parametrize(
    ("parameters", "least", "most"),
    [({"kernel": "rbf", "C": 10.0, "gamma": 0.05}, 0.97, 1.0), ({"kernel": "rbf", "C": 0.001, "gamma": 1.0}, 0.0, 0.5)],
)
def test_sklearn_model_learns(
    examples: Path, run_trial: RunTrial, parameters: Mapping[str, Any], least: float, most: float
) -> None:
    """Good parameters give a good accuracy, bad ones a bad one."""
    found = accuracies(run_trial(examples / "hpo_quickstart_sklearn" / "model.py", parameters))
    assert least <= found[-1] <= most
