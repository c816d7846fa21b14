"""The experiment config: read, checked with every mistake at once, resolved, kept in NNI's canonical form.

``load`` is the way in. ``yaml_text`` and ``json_text`` read text with places, ``structure`` reads records strictly,
``sections`` resolves what names a plugin, ``schema`` is what comes out, ``json_schema`` describes it to editors.
"""

from nni_core.config.load import LoadedConfig, load_config, load_config_data, locate
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
    "load_config",
    "load_config_data",
    "locate",
    "structure_arguments",
]
