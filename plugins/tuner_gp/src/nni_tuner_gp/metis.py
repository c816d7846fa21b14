"""Metis, as it is chosen by name in configs written for NNI: GP does its work."""

from __future__ import annotations

from nni_tuner_gp.gp import GpTuner


class MetisTuner(GpTuner):
    """GP under the name of a tuner that, as it does, looks for the best point of a Gaussian process."""
