"""What every tuner must do, and what every plugin must."""

from __future__ import annotations

import pytest

from nni_core.testing.plugin import PluginContract
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_multifidelity.asha import AshaTuner
from nni_tuner_multifidelity.bohb import BohbTuner
from nni_tuner_multifidelity.dehb import DehbTuner
from nni_tuner_multifidelity.hyperband import HyperbandTuner
from nni_tuner_multifidelity.pbt import PbtTuner
from nni_tuner_tpe.tpe import TpeTuner


class TestAsha(TunerContract):
    """ASHA with TPE."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: AshaTuner(TpeTuner(seed=seed), max_budget=9)


class TestHyperband(TunerContract):
    """Hyperband."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: HyperbandTuner(R=9, seed=seed)


class TestBohb(TunerContract):
    """BOHB with TPE."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: BohbTuner(TpeTuner(seed=seed), max_budget=9, seed=seed)


class TestDehb(TunerContract):
    """DEHB."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: DehbTuner(max_budget=9, seed=seed)


class TestPbt(TunerContract):
    """PBT with a population for as many trials at a time as the contract has."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: PbtTuner(population_size=30, seed=seed)


class TestPlugin(PluginContract):
    """The entry point."""

    plugin = "nni_tuner_multifidelity.plugin"
