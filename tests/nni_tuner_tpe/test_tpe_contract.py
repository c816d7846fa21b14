"""What every tuner must do, for the three of this distribution, and what every plugin must."""

from __future__ import annotations

import pytest

from nni_core.api import Tuner
from nni_core.testing.plugin import PluginContract
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_tpe.hyperopt_tuner import HyperoptAnnealTuner, HyperoptTpeTuner
from nni_tuner_tpe.tpe import TpeTuner


class TestTpe(TunerContract):
    """TPE with its defaults."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: TpeTuner(seed=seed)


class TestTpeOfNni(TunerContract):
    """TPE as NNI runs it."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: TpeTuner(seed=seed, tpe_args={"multivariate": False})


class TestTpeWithoutStart(TunerContract):
    """TPE that models from the first suggestion on, when there is nothing yet to model."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: TpeTuner(seed=seed, tpe_args={"n_startup_jobs": 0, "constant_liar_type": "mean"})


class TestHyperoptTpe(TunerContract):
    """TPE_legacy with its defaults."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: HyperoptTpeTuner(seed=seed)


class TestAnneal(TunerContract):
    """Anneal that pretends losses for trials that still run."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        def make(seed: int) -> Tuner:
            return HyperoptAnnealTuner(seed=seed, parallel_optimize=True, constant_liar_type="mean")

        return make


class TestPlugin(PluginContract):
    """The entry point."""

    plugin = "nni_tuner_tpe.plugin"
