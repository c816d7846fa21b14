"""A config as NNI keeps it: JSON with camelCase keys, everything resolved, fields that are not set left out.

It can be loaded again, with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from nni_core.config.durations import Duration, plain_seconds
from nni_core.config.schema import ExperimentConfig
from nni_core.model import Duplicates, Json

#: what NNI repeats inside the training service
_REPEATED = ("trialCommand", "trialCodeDirectory", "trialGpuNumber", "debug")
_DURATIONS = ("maxExperimentDuration", "maxTrialDuration", "tunerTimeout")
_OURS = ("env", "initialPoints", "constraints", "objectives", "sinks", "plugins")


def canonical_config(config: ExperimentConfig) -> dict[str, Json]:
    """The canonical form; the caller may change it."""
    plain: dict[str, Json] = to_json(config, rename=camel_case)
    for name in _DURATIONS:
        if name in plain:
            plain[name] = plain_seconds(Duration(plain[name]))
    service = {
        "platform": config.training_service.platform,
        **{key: plain[key] for key in _REPEATED if key in plain},
        **(to_json(config.training_service.arguments, rename=camel_case) or {}),
    }
    plain["trainingService"] = service
    if config.duplicates is Duplicates.SKIP:
        del plain["duplicates"]
    if not config.deterministic:
        del plain["deterministic"]
    return {key: value for key, value in plain.items() if value or key not in _OURS}


def camel_case(name: str) -> str:
    """``trial_gpu_number`` -> ``trialGpuNumber``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def to_json(value: Any, *, rename: Callable[[str], str] = str) -> Json:
    """A structured value as plain data. Fields that are None by default and None now are left out; keys of mappings
    are the user's and stay as they are."""
    if attrs.has(type(value)):
        return {
            rename(field.alias): to_json(getattr(value, field.name), rename=rename)
            for field in attrs.fields(type(value))
            if _is_kept(field, getattr(value, field.name))
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {key: to_json(item, rename=rename) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item, rename=rename) for item in value]
    if isinstance(value, AbstractSet):
        return sorted((to_json(item, rename=rename) for item in value), key=repr)
    return value


def _is_kept(field: attrs.Attribute[Any], value: Any) -> bool:
    if not field.init or field.metadata.get("derived"):
        return False
    return value is not None or field.default is not None
