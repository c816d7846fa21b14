"""GP: suggests where a Gaussian process expects most of a trial."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from nni_core.api import TunedObjective, Tuner
from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_gp.acquisition import Single
from nni_tuner_gp.arguments import OptimizeMode, OutcomeConstraint, Utility
from nni_tuner_gp.arrays import FloatArray
from nni_tuner_gp.history import History
from nni_tuner_gp.layout import Layout, identity
from nni_tuner_gp.model import Model, Modeller
from nni_tuner_gp.outcomes import Outcomes
from nni_tuner_gp.search import Search

_log = logging.getLogger(__name__)

_TEACHES_NOTHING = "a finite number is missing, or there is no value of the search space"
#: running trials that the model is told of: the latest
_MOST_RUNNING = 64


@frozen(kw_only=True, eq=False)
class _Running:
    """Parameters that were suggested and have no result yet."""

    parameters: Parameters
    row: FloatArray


class GpTuner(Tuner):
    """Suggests where a Gaussian process expects most of a trial."""

    def __init__(
        self,
        optimize_mode: OptimizeMode | str = OptimizeMode.MAXIMIZE,
        seed: int | None = None,
        cold_start_num: int = 10,
        utility: Utility | str = Utility.EI,
        kappa: float = 5.0,
        xi: float = 0.0,
        max_points: int = 250,
        outcome_constraints: Sequence[OutcomeConstraint] = (),
        objectives: Sequence[TunedObjective] = (),
        **of_nni: float | None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_gp.arguments.GpArguments`; ``of_nni`` are those without effect."""
        given = [name for name, value in of_nni.items() if value is not None and name != "nu"]
        if given:
            _log.warning("without effect in this tuner: %s", ", ".join(given))
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
            _log.info("using random seed %d", seed)
        self._rng = np.random.default_rng(seed)
        self._cold_start = cold_start_num
        self._outcomes = Outcomes(OptimizeMode(optimize_mode).sign, objectives, outcome_constraints)
        self._modeller = Modeller(self._outcomes, Single(utility=Utility(utility), kappa=kappa, xi=xi), max_points)
        self._running: dict[int, _Running] = {}
        self._layout = Layout(SearchSpace(parameters=()))
        self._history = History(self._layout, self._outcomes)
        self._design: list[FloatArray] = []
        self._model: Model | None = None

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; of a former one's results, keep each value that the new one has a place for."""
        self._layout = Layout(SearchSpace.parse(search_space))
        self._history = self._history.in_layout(self._layout)
        self._modeller.forget()
        self._model = None
        self._design = []
        for parameter_id, trial in self._running.items():
            row = self._layout.row(trial.parameters)
            self._running[parameter_id] = _Running(parameters=trial.parameters, row=row)
            self._history.tried.add(identity(row))

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Suggest one set of parameters. Never runs out."""
        del kwargs
        starting = not len(self._history) or len(self._history) + len(self._running) < self._cold_start
        row = self._start() if starting else self._modelled()
        parameters = self._layout.parameters(row)
        self._running[parameter_id] = _Running(parameters=parameters, row=row)
        self._history.tried.add(identity(row))
        return parameters

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn a result; one that lacks a finite number teaches nothing."""
        del kwargs
        trial = self._running.pop(parameter_id, None)
        # The core may have put other parameters in the place of a suggestion that was tried before.
        same = trial is not None and trial.parameters == parameters
        row = trial.row if trial is not None and same else self._layout.row(parameters)
        if not self._learn(parameters, row, value):
            _log.warning("result of parameters %d left out: %s", parameter_id, _TEACHES_NOTHING)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Forget a trial that ended without a result."""
        del success, kwargs
        self._running.pop(parameter_id, None)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere, each parameter by itself as far as the search space has a place for it."""
        learnt = sum(
            self._learn(record["parameter"], self._layout.row(record["parameter"]), record["value"]) for record in data
        )
        if learnt < len(data):
            _log.warning("imported %d of %d results; %s", learnt, len(data), _TEACHES_NOTHING)

    def _learn(self, parameters: Parameters, row: FloatArray, value: Json) -> bool:
        outputs = self._outcomes.of(value)
        if outputs is None or not self._history.add(parameters, row, outputs):
            return False
        self._model = None
        return True

    def _start(self) -> FloatArray:
        """The next row of a Latin hypercube (McKay et al. 1979), in which every value has its share."""
        if not self._design:
            count, width = self._cold_start, len(self._layout)
            places = self._rng.permuted(np.tile(np.arange(count), (width, 1)), axis=1).T
            dense = self._layout.spread((places + self._rng.random((count, width))) / count)
            self._design = list(self._layout.active(dense))[::-1]
        return self._design.pop()

    def _modelled(self) -> FloatArray:
        """The most promising row."""
        if self._model is None:
            self._model = self._modeller.model(self._layout, self._history)
        running = [trial.row for trial in self._running.values()][-_MOST_RUNNING:]
        score = self._model.score(np.array(running).reshape(-1, len(self._layout)), self._rng)
        return Search(self._layout, self._rng).best(score, self._model.incumbents, self._history.tried)
