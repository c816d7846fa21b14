"""Experiments from Python. The names that NNI users import, handed on from the core."""

from nni.experiment.config import *  # noqa: F403
from nni.experiment.config import __all__ as _config_names
from nni_core.client.experiment import Experiment, NotRunningError, RunMode
from nni_core.client.trial_data import TrialHyperParameters, TrialJob, TrialMetricData, TrialResult

__all__ = [
    "Experiment",
    "NotRunningError",
    "RunMode",
    "TrialHyperParameters",
    "TrialJob",
    "TrialMetricData",
    "TrialResult",
]
__all__ += _config_names
