"""What the config's own records say about themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from nni_core.config.failures import FailureRule, OnFailure
from nni_core.config.goals import ObjectiveConfig, StopWhen
from nni_core.config.json_schema import config_schema
from nni_core.config.schema import AlgorithmConfig, ExperimentConfig, SinkConfig, TrainingServiceConfig
from nni_core.config.storage import SharedStorageConfig
from nni_core.config.structure import settable
from nni_core.model import Duplicates

RECORDS = [
    *(ExperimentConfig, AlgorithmConfig, SinkConfig, TrainingServiceConfig, SharedStorageConfig),
    *(ObjectiveConfig, StopWhen, OnFailure, FailureRule),
]

DEFAULTS = {
    "experiment_name": None,
    "experiment_type": "hpo",
    "search_space": None,
    "search_space_file": None,
    "trial_code_directory": Path(),
    "trial_gpu_number": None,
    "max_experiment_duration": None,
    "max_trial_number": None,
    "max_trial_duration": None,
    "tuner_timeout": None,
    "nni_manager_ip": None,
    "use_annotation": False,
    "debug": False,
    "log_level": None,
    "experiment_working_directory": Path("~/nni-experiments"),
    "tuner_gpu_indices": None,
    "assessor": None,
    "shared_storage": None,
    "seed": None,
    "env": attrs.Factory(dict),
    "initial_points": (),
    "constraints": (),
    "duplicates": Duplicates.SKIP,
    "deterministic": 0,
    "objectives": (),
    "stop_when": None,
    "on_failure": None,
    "sinks": (),
    "plugins": (),
}
REQUIRED = {"trial_command", "trial_concurrency", "tuner", "training_service"}


def test_defaults_are_pinned() -> None:
    """A changed default changes what existing configs mean: change it here too, and say so in the changelog."""
    fields = {field.name: field.default for field in attrs.fields(ExperimentConfig)}
    assert {name for name, default in fields.items() if default is attrs.NOTHING} == REQUIRED
    assert {name: default for name, default in fields.items() if name not in REQUIRED} == DEFAULTS


@pytest.mark.parametrize("record", RECORDS)
def test_every_field_is_described(record: type) -> None:
    """A setting that is not explained is not finished; a number has a unit."""
    for field in settable(record):
        doc = field.metadata["doc"]
        assert doc.endswith("."), field.name
        assert len(doc) > 15, field.name
        if field.type in (int, int | None):
            assert field.metadata["unit"], field.name


def nodes(schema: Any) -> list[dict[str, Any]]:
    """Every mapping inside a schema."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return [*([schema] if isinstance(schema, dict) else []), *(node for item in inner for node in nodes(item))]


def test_json_schema_describes_every_key(lookup: Any) -> None:
    """Every key is offered in both spellings, and every reference leads somewhere."""
    schema = config_schema(lookup)
    properties = schema["properties"]
    assert set(DEFAULTS) | REQUIRED <= set(properties)
    assert properties["trialConcurrency"] == {"$ref": "#/properties/trial_concurrency"}
    assert all("description" in item for item in properties.values() if item.keys() != {"$ref"})
    for node in nodes(schema):
        target: Any = schema
        for key in node.get("$ref", "#").split("/")[1:]:
            target = target[key]
        assert target
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


def test_json_schema_knows_installed_plugins(lookup: Any) -> None:
    """Names, aliases, arguments with their ranges, and the training service's own keys."""
    definitions = config_schema(lookup)["$defs"]
    names, tpe, random, own = definitions["tuners"]["anyOf"]
    assert names["anyOf"][0]["enum"] == ["Random", "TPE", "tree"]
    arguments = tpe["properties"]["class_args"]
    assert arguments["required"] == ["optimize_mode"]
    assert arguments["properties"]["optimize_mode"]["enum"] == ["minimize", "maximize"]
    assert arguments["properties"]["seed"]["anyOf"] == [{"type": "integer", "minimum": 0}, {"type": "null"}]
    assert random["properties"]["class_args"]["properties"] == {}
    assert own["allOf"] == [{"anyOf": [{"required": ["class_name"]}, {"required": ["className"]}]}]
    local = definitions["training_services"]["anyOf"][1]
    assert {"gpu_indices", "gpuIndices", "trial_gpu_number", "platform"} <= set(local["properties"])
