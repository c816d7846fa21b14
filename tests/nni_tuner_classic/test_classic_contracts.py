"""What every tuner must do, and what every plugin must."""

from __future__ import annotations

import pytest

from nni_core.testing.plugin import PluginContract
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_classic.cma_es import CmaesTuner
from nni_tuner_classic.evolution import EvolutionTuner
from nni_tuner_classic.grid_search import GridSearchTuner
from nni_tuner_classic.qmc import QmcTuner
from nni_tuner_classic.random_search import RandomTuner


class TestRandom(TunerContract):
    """Random."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: RandomTuner(seed=seed)


class TestGridSearch(TunerContract):
    """GridSearch, which has no seed."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: GridSearchTuner()


class TestEvolution(TunerContract):
    """Evolution with a population that the contract outgrows."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: EvolutionTuner(population_size=4, seed=seed)


class TestQmc(TunerContract):
    """QMC."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: QmcTuner(seed=seed)


class TestCmaes(TunerContract):
    """CMAES with small generations."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: CmaesTuner(population_size=4, seed=seed)


class TestPlugin(PluginContract):
    """The entry point."""

    plugin = "nni_tuner_classic.plugin"
