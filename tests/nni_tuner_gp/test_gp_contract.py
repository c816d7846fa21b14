"""What every tuner must do, and what every plugin must."""

from __future__ import annotations

import pytest

from nni_core.testing.plugin import PluginContract
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_gp.arguments import OutcomeConstraint
from nni_tuner_gp.gp import GpTuner


class TestGp(TunerContract):
    """GP with its defaults."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: GpTuner(seed=seed)


class TestGpFromTheFirstResult(TunerContract):
    """GP that models from the first result on, with a bound on what it is told."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        bound = OutcomeConstraint(metric="default", upper=0.9)
        return lambda seed: GpTuner(seed=seed, cold_start_num=1, utility="poi", outcome_constraints=[bound])


class TestPlugin(PluginContract):
    """The entry point."""

    plugin = "nni_tuner_gp.plugin"
