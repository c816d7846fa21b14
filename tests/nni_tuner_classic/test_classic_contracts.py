"""What every tuner must do, and what every plugin must."""

from __future__ import annotations

import pytest

from nni_core.api import TunedObjective
from nni_core.testing.plugin import PluginContract
from nni_core.testing.tuner import TunerContract, TunerFactory
from nni_tuner_classic.cma_es import CmaesTuner
from nni_tuner_classic.evolution import EvolutionTuner
from nni_tuner_classic.grid_search import GridSearchTuner
from nni_tuner_classic.nsga2 import Nsga2Tuner
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


class TestNsga2(TunerContract):
    """NSGA2 with a population that the contract outgrows."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return lambda seed: Nsga2Tuner(population_size=4, seed=seed)


class TestNsga2WithTwoObjectives(TunerContract):
    """NSGA2 with results of which most lack an objective."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        both = [TunedObjective(name="default", direction="minimize"), TunedObjective(name="b", direction="maximize")]
        return lambda seed: Nsga2Tuner(population_size=4, seed=seed, objectives=both)


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
