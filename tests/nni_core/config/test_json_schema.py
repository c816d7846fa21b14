"""The JSON Schema agrees with the loader: what loads is valid, and mistakes that a schema can see are seen."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from nni_core.config.json_schema import config_schema, search_space_schema
from nni_core.plugins import PluginRegistry

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(ROOT.glob("examples/*/config*.y*ml"))


@pytest.fixture
def validator(lookup: Any) -> Draft202012Validator:
    return Draft202012Validator(config_schema(lookup))


@pytest.fixture
def data(tutorial: str) -> dict[str, Any]:
    """The tutorial's config, to be changed."""
    loaded: dict[str, Any] = copy.deepcopy(yaml.safe_load(tutorial))
    return loaded


def test_it_is_a_schema(lookup: Any) -> None:
    """Valid by the meta-schema, for the small plugins here and for those that are installed."""
    for known in (lookup, PluginRegistry.discover()):
        Draft202012Validator.check_schema(config_schema(known))
    Draft202012Validator.check_schema(search_space_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_are_valid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the plugins of this environment, and those that the example brings itself."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    monkeypatch.syspath_prepend(path.parent / "src")
    registry = PluginRegistry.discover()
    for file in path.parent.glob("src/*/plugin.py"):
        registry.load_file(file)
    Draft202012Validator(config_schema(registry)).validate(config)


GOOD: dict[str, dict[str, Any]] = {
    "camel case": {"maxTrialDuration": "1h30m", "logLevel": "info", "trialGpuNumber": 0},
    "null is not given": {"max_experiment_duration": None, "assessor": None, "debug": None, "search_space_file": None},
    "name in another case": {"tuner": {"name": "tpe", "classArgs": {"optimize_mode": "minimize"}}},
    "name of a distribution": {"assessor": "nni-core:medianstop"},
    "name alone": {"tuner": "random", "sinks": ["null", {"name": "NULL"}]},
    "alias": {"tuner": {"name": "Tree", "class_args": {"optimize_mode": "maximize"}}},
    "list of one service": {"training_service": [{"platform": "local", "gpuIndices": [0]}]},
    "command as a list": {"trial_command": ["python", "model.py"]},
    "gpus as text": {"tuner_gpu_indices": "0, 1"},
    "own class": {
        "tuner": {"className": "a.B", "codeDirectory": ".", "classArgs": {"any": [1]}},
        "search_space": {"x": 5},
    },
}


@pytest.mark.parametrize("change", GOOD.values(), ids=GOOD)
def test_what_loads_is_valid(change: dict[str, Any], data: dict[str, Any], bench: Any, validator: Any) -> None:
    """Every way of writing that the loader takes."""
    changed = {**data, **change}
    bench.load(yaml.safe_dump(changed))
    validator.validate(changed)


def test_keys_of_the_trial_may_stand_in_the_service(data: dict[str, Any], bench: Any, validator: Any) -> None:
    """As in NNI."""
    service = {"platform": "local", "trialCommand": data.pop("trial_command"), "trial_code_directory": "."}
    changed = {**data, "trainingService": service}
    del changed["training_service"]
    bench.load(yaml.safe_dump(changed))
    validator.validate(changed)


BAD: dict[str, dict[str, Any]] = {
    "unknown key": {"trial_concurency": 2},
    "text for a number": {"trial_concurrency": "two"},
    "too few": {"trial_concurrency": 0},
    "a bool is no number": {"max_trial_number": True},
    "null for what is needed": {"trial_command": None},
    "duration": {"max_experiment_duration": "an hour"},
    "no duration": {"max_trial_duration": 0},
    "log level": {"log_level": "verbose"},
    "annotation": {"use_annotation": True},
    "unknown tuner": {"tuner": {"name": "TPF"}},
    "argument": {"tuner": {"name": "TPE", "class_args": {"optimize_mode": "max"}}},
    "missing argument": {"tuner": {"name": "TPE"}},
    "argument in another spelling": {"tuner": {"name": "TPE", "class_args": {"optimizeMode": "maximize"}}},
    "key of the service": {"training_service": {"platform": "local", "use_active_gpus": True}},
    "no platform": {"training_service": {"use_active_gpu": True}},
    "no service": {"training_service": []},
    "type of a parameter": {"search_space": {"lr": {"_type": "unifrom", "_value": [0, 1]}}},
    "value of a parameter": {"search_space": {"lr": {"_type": "uniform", "_value": 1}}},
    "two spaces": {"search_space_file": "space.json"},
    "twice the same gpu": {"tuner_gpu_indices": [0, 0]},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_mistakes_are_seen(change: dict[str, Any], data: dict[str, Any], validator: Any) -> None:
    """Types, bounds, names, and what is missing."""
    assert not validator.is_valid({**data, **change})


@pytest.mark.parametrize("key", ["trial_command", "trial_concurrency", "tuner", "training_service", "search_space"])
def test_what_is_needed_is_missed(key: str, data: dict[str, Any], validator: Any) -> None:
    """A config without it is not valid."""
    del data[key]
    assert not validator.is_valid(data)
