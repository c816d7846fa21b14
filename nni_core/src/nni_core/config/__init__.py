"""The experiment config: read, checked with every mistake at once, resolved, kept in NNI's canonical form.

``load`` is the way in. ``yaml_text`` and ``json_text`` read text with places, ``structure`` reads records strictly,
``sections`` resolves what names a plugin, ``schema`` is what comes out, ``json_schema`` describes it to editors.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nni_core.config.load import LoadedConfig, converted_text, load_config, load_config_data, locate
    from nni_core.config.lookup import PluginLookup
    from nni_core.config.schema import (
        AlgorithmConfig,
        ExperimentConfig,
        LogLevel,
        SinkConfig,
        TrainingServiceConfig,
    )
    from nni_core.config.sections import structure_arguments

__all__ = [
    "AlgorithmConfig",
    "ExperimentConfig",
    "LoadedConfig",
    "LogLevel",
    "PluginLookup",
    "SinkConfig",
    "TrainingServiceConfig",
    "converted_text",
    "load_config",
    "load_config_data",
    "locate",
    "structure_arguments",
]

#: where each name lives. Who wants a duration or a code only, for reading an experiment say, does not pay for loading
_HOMES = {
    "AlgorithmConfig": "schema",
    "ExperimentConfig": "schema",
    "LoadedConfig": "load",
    "LogLevel": "schema",
    "PluginLookup": "lookup",
    "SinkConfig": "schema",
    "TrainingServiceConfig": "schema",
    "converted_text": "load",
    "load_config": "load",
    "load_config_data": "load",
    "locate": "load",
    "structure_arguments": "sections",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
