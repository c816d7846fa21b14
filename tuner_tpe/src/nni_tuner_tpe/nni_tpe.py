"""The tree-structured Parzen estimator, as NNI 3.0 runs it: the same numbers for the same seed.

Written from the papers and from NNI's documented behaviour:

- J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl: Algorithms for Hyper-Parameter Optimization, NeurIPS 2011;
- J. Bergstra, D. Yamins, D. Cox: Making a Science of Model Search, ICML 2013;
- S. Watanabe: Tree-Structured Parzen Estimator, arXiv 2304.11127, 2023.

Every parameter is modelled by itself. Its best values so far make one distribution and the other ones another; of some
candidates drawn from the first, the one is suggested that the first makes most likely as compared with the second.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from nni_core.api import Tuner
from nni_core.model import Json, Parameters, default_number
from nni_core.space import SearchSpace
from nni_tuner_tpe.arguments import Constants
from nni_tuner_tpe.dimensions import Dimension, Dimensions
from nni_tuner_tpe.history import History
from nni_tuner_tpe.parzen import FloatArray
from nni_tuner_tpe.suggest import suggest_index, suggest_number

_log = logging.getLogger(__name__)

_TEACHES_NOTHING = "there is no finite number, or no value of the search space"


@frozen(kw_only=True, eq=False)
class _Running:
    """Parameters that were suggested and have no result yet."""

    parameters: Parameters
    #: the numbers behind them, before any rounding; NaN where the search space has changed since
    vector: FloatArray


class NniTpe(Tuner):
    """Suggests what is likelier among good results than among the others, each parameter by itself."""

    def __init__(self, sign: int, seed: int, constants: Constants) -> None:
        """``sign`` turns a result into a loss."""
        self._sign = sign
        self._constants = constants
        self._rng = np.random.default_rng(seed)
        self._dimensions = Dimensions(SearchSpace(parameters=()))
        self._history = History(0)
        self._running: dict[int, _Running] = {}

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; of a former one's results, keep each value that the new one has too."""
        former, known, running = self._dimensions, self._history, self._running
        self._dimensions = Dimensions(SearchSpace.parse(search_space))
        self._history = History(len(self._dimensions))
        self._history.extend(*_comparable(self._dimensions.carried(known.table, former), known.losses))
        self._running = {
            parameter_id: evolve(trial, vector=self._dimensions.carried(trial.vector[:, np.newaxis], former)[:, 0])
            for parameter_id, trial in running.items()
        }

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Suggest one set of parameters. Never runs out."""
        del kwargs
        running = [trial.vector for trial in self._running.values()]
        self._history.pretend(running, self._constants.liar)
        vector = np.full(len(self._dimensions), math.nan)
        for position, dimension in enumerate(self._dimensions):
            if dimension.is_active_in(vector):
                vector[position] = self._suggest(dimension, self._history.values(position))
        parameters = self._dimensions.external(vector)
        self._running[parameter_id] = _Running(parameters=parameters, vector=vector)
        return parameters

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn a result; one that holds no finite number teaches nothing."""
        del kwargs
        trial = self._running.pop(parameter_id, None)
        # The core may have put other parameters in the place of a suggestion that was tried before.
        same = trial is not None and trial.parameters == parameters
        vector = trial.vector if trial is not None and same else self._dimensions.vector(parameters)
        number = default_number(value)
        if number is None or np.isnan(vector).all():
            _log.warning("result of parameters %d left out: %s", parameter_id, _TEACHES_NOTHING)
        else:
            self._history.add(vector, self._sign * number)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Forget a trial that ended without a result."""
        del success, kwargs
        self._running.pop(parameter_id, None)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere, each parameter by itself as far as the search space has its value."""
        if not data:
            return
        table = np.array([self._dimensions.vector(record["parameter"]) for record in data]).T
        numbers = [default_number(record["value"]) for record in data]
        losses = np.array([math.nan if number is None else self._sign * number for number in numbers])
        table, losses = _comparable(table, losses)
        self._history.extend(table, losses)
        if len(losses) < len(data):
            _log.warning("imported %d of %d results; %s", len(losses), len(data), _TEACHES_NOTHING)

    def _suggest(self, dimension: Dimension, values: FloatArray) -> float:
        if dimension.prior is not None:
            return suggest_number(values, dimension.prior, self._constants, self._rng)
        return suggest_index(values, int(dimension.domain.size or 0), self._constants, self._rng)


def _comparable(table: FloatArray, losses: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The columns that teach something: a finite loss, and at least one value."""
    useful = np.isfinite(losses) & ~np.isnan(table).all(axis=0)
    return table[:, useful], losses[useful]
