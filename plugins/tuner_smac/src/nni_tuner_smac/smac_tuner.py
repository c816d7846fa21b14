"""SMAC3 as a tuner.

M. Lindauer et al.: SMAC3: A Versatile Bayesian Optimization Package for Hyperparameter Optimization, JMLR 23, 2022.
F. Hutter, H. Hoos, K. Leyton-Brown: Sequential Model-Based Optimization for General Algorithm Configuration, LION 2011.
Imported only in the process of a tuner that was chosen.
"""

from __future__ import annotations

import logging
import math
import random
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ConfigSpace import Configuration
from smac import HyperparameterOptimizationFacade, Scenario
from smac.acquisition.maximizer import LocalAndSortedRandomSearch, LocalSearch
from smac.main.exceptions import ConfigurationSpaceExhaustedException
from smac.model.random_forest import RandomForest
from smac.runhistory import StatusType, TrialInfo, TrialValue
from smac.runhistory.encoder import RunHistoryLogScaledEncoder

from nni_core.api import Tuner
from nni_core.model import Direction, Json, Parameters, default_number
from nni_core.space import SearchSpace
from nni_tuner_smac.translation import Translation

FloatArray = npt.NDArray[np.float64]

_log = logging.getLogger(__name__)
#: beyond it squares would overflow
_LARGEST = 1e100
#: logarithm of the least scaled cost
_LOWEST = math.log(1e-10)
#: leaves of a tree, for which memory is taken beforehand: SMAC's own million take longer than all the rest
_LEAVES = 4096
#: what SMAC calls the seed of every trial where results are not random
_SEED = 0
#: trials that are planned for where nobody says how many there will be
_USUAL_NUMBER = 100


class SmacTuner(Tuner):
    """A facade of SMAC's, asked and told in step with the experiment."""

    def __init__(
        self,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        candidates: int = 10_000,
        seed: int | None = None,
        max_trial_number: int | None = None,
        config_dedup: bool = False,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_smac.arguments.SmacArguments`."""
        self._sign = -1 if Direction(optimize_mode) is Direction.MAXIMIZE else 1
        self._candidates = candidates
        self._seed = seed or 0
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        self._planned = max_trial_number or _USUAL_NUMBER
        #: the highest cost that SMAC was told
        self._worst: float | None = None
        self._running: dict[int, tuple[TrialInfo, Parameters]] = {}
        #: every result, so that those that lie in a changed search space are kept
        self._learnt: list[tuple[Parameters, float]] = []

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; results of a former one that lie in it are kept, and trials that run are not."""
        self._space = SearchSpace.parse(search_space)
        self._translation = Translation(self._space, self._seed)
        self._smac = self._facade()
        self._running.clear()
        self._worst = None
        former, self._learnt = self._learnt, []
        for parameters, number in former:
            self._add(parameters, number)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Ask SMAC. Of a finite space it gives up the last points; they are drawn."""
        del kwargs
        try:
            with _quiet():
                info = self._smac.ask()
        except (StopIteration, ConfigurationSpaceExhaustedException):
            return self._space.sample(self._random)
        parameters = self._translation.parameters(info.config)
        self._running[parameter_id] = info, parameters
        return parameters

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Tell SMAC; a result without a finite number is that of a crash, which is as bad as the worst so far."""
        del kwargs
        info, suggested = self._running.pop(parameter_id, (None, None))
        number = default_number(value)
        # The core may have put other parameters in the place of a suggestion that was tried before.
        own = info is not None and suggested == parameters
        if info is not None:
            self._tell(info, number if own else None)
        if number is None:
            _log.warning("result of parameters %d left out: it lacks a finite number", parameter_id)
        elif own:
            self._learnt.append((parameters, number))
        else:
            self._add(parameters, number)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A trial that ended without a result has crashed."""
        del success, kwargs
        info, _ = self._running.pop(parameter_id, (None, None))
        if info is not None:
            self._tell(info, None)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Add results from elsewhere, as far as they lie in the search space."""
        for record in data:
            number = default_number(record["value"])
            if number is not None:
                self._add(record["parameter"], number)

    def _facade(self) -> HyperparameterOptimizationFacade:
        # SMAC makes a folder for what it saves, and is told to save nothing.
        with tempfile.TemporaryDirectory(prefix="nni-smac-") as folder:
            scenario = Scenario(
                self._translation.configurations,
                deterministic=True,
                n_trials=self._planned,
                seed=self._seed,
                output_directory=Path(folder),
            )
            return HyperparameterOptimizationFacade(
                scenario,
                _never_called,
                model=_forest(scenario),
                runhistory_encoder=_Encoder(scenario),
                acquisition_maximizer=_Maximizer(scenario, self._candidates),
                overwrite=True,
                logging_level=False,
            )

    def _add(self, parameters: Parameters, number: float) -> None:
        if self._space.contains(parameters) is not None:
            return
        self._tell(TrialInfo(self._translation.configuration(parameters), seed=_SEED), number)
        self._learnt.append((parameters, number))

    def _tell(self, info: TrialInfo, number: float | None) -> None:
        if number is None:
            value = TrialValue(cost=self._worst or 0.0, status=StatusType.CRASHED)
        else:
            cost = self._sign * min(max(number, -_LARGEST), _LARGEST)
            self._worst = cost if self._worst is None else max(cost, self._worst)
            value = TrialValue(cost=cost)
        with _quiet():
            self._smac.tell(info, value, save=False)


class _OrderedLocalSearch(LocalSearch):
    """Keeps the points that a search starts from in an order; SMAC's is that of a set, another one in every process."""

    def _get_init_points_from_previous_configs(self, *args: Any, **kwargs: Any) -> list[Configuration]:
        points = super()._get_init_points_from_previous_configs(*args, **kwargs)
        return sorted(points, key=lambda point: bytes(point.get_array().tobytes()))


class _Maximizer(LocalAndSortedRandomSearch):
    """The search of the facade for hyper-parameters, the same in every process."""

    def __init__(self, scenario: Scenario, candidates: int) -> None:
        super().__init__(scenario.configspace, challengers=candidates, seed=scenario.seed)
        self._local_search = _OrderedLocalSearch(scenario.configspace, seed=scenario.seed)


class _Encoder(RunHistoryLogScaledEncoder):
    """The encoder of the facade for hyper-parameters, which takes the logarithm of 0 where the least costs are the same
    and large, and of 0 / 0 where all are the same."""

    def transform_response_values(self, values: FloatArray) -> FloatArray:
        """Logarithms of the costs, scaled to between nothing and 1."""
        logarithms: FloatArray = np.asarray(super().transform_response_values(values))
        return np.maximum(np.nan_to_num(logarithms, nan=0.0, neginf=_LOWEST), _LOWEST)


def _forest(scenario: Scenario) -> RandomForest:
    """The forest of the facade for hyper-parameters, with fewer leaves and no pool of threads."""
    return RandomForest(
        scenario.configspace,
        n_trees=10,
        ratio_features=1.0,
        min_samples_split=2,
        min_samples_leaf=1,
        log_y=True,
        max_leaf_nodes=_LEAVES,
        n_jobs=1,
        seed=scenario.seed,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """SMAC takes means of nothing before its first result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _never_called(config: Any, seed: int = 0) -> float:
    """SMAC wants a target function, and is only asked and told."""
    raise NotImplementedError
