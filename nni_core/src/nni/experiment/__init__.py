"""Experiments from Python. The names that NNI users import, handed on from the core."""

from nni_core.client.experiment import Experiment, NotRunningError, RunMode
from nni_core.client.settings_tree import (
    AlgorithmSection as AlgorithmConfig,
)
from nni_core.client.settings_tree import (
    ExperimentConfig,
)

__all__ = ["AlgorithmConfig", "Experiment", "ExperimentConfig", "NotRunningError", "RunMode"]
