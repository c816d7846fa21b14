"""The multivariate tree-structured Parzen estimator.

- J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl: Algorithms for Hyper-Parameter Optimization, NeurIPS 2011;
- S. Falkner, A. Klein, F. Hutter: BOHB, ICML 2018, for densities of all parameters together;
- S. Watanabe: Tree-Structured Parzen Estimator, arXiv 2304.11127, 2023: what its constants do;
- Y. Ozaki, Y. Tanigaki, S. Watanabe, M. Nomura, M. Onishi: Multiobjective Tree-Structured Parzen Estimator, JAIR 2022;
- A. Fonseca, P. Fleming: Genetic Algorithms for Multiobjective Optimization, ICGA 1993: the order of several losses.

The best results so far make one density over whole parameter sets and the other ones another, trials that still run
among them. What is suggested is the set that the first makes most likely as compared with the second.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from nni_core.api import Tuner
from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_tpe.arguments import ConstantLiar, Constants
from nni_tuner_tpe.dimensions import Dimensions
from nni_tuner_tpe.features import Features
from nni_tuner_tpe.layout import Layout
from nni_tuner_tpe.losses import Objectives
from nni_tuner_tpe.mixture import Mixture, Smoothing
from nni_tuner_tpe.parzen import FloatArray
from nni_tuner_tpe.promise import Search
from nni_tuner_tpe.results import Results, weights_by_gain

_log = logging.getLogger(__name__)

_TEACHES_NOTHING = "a finite number is missing, or there is no value of the search space"
#: width of kernels, over the square root of the number of results: coarse at first, fine in the end
_WIDTH = 0.85
#: the same with several objectives: a whole front is wider than one point
_WIDTH_OF_FRONT = 1.4
_WIDEST = 0.3
#: kernels of the other results; more are represented by so many of them, evenly over time
_MOST_OTHERS = 400


@frozen(kw_only=True, eq=False)
class _Running:
    """Parameters that were suggested and have no result yet."""

    parameters: Parameters
    vector: FloatArray
    row: FloatArray


class MultivariateTpe(Tuner):
    """Suggests the parameter set that is likelier among good results than among the others."""

    def __init__(self, objectives: Objectives, seed: int, constants: Constants) -> None:
        self._objectives = objectives
        self._constants = constants
        self._rng = np.random.default_rng(seed)
        self._running: dict[int, _Running] = {}
        self._take(Dimensions(SearchSpace(parameters=())))

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; of a former one's results, keep each value that the new one has too."""
        former, known, running = self._dimensions, self._results, self._running
        self._take(Dimensions(SearchSpace.parse(search_space)))
        for vector, losses in zip(self._dimensions.carried(known.vectors.T, former).T, known.losses, strict=True):
            self._learn(vector, losses)
        self._running = {}
        for parameter_id, trial in running.items():
            vector = self._dimensions.carried(trial.vector[:, np.newaxis], former)[:, 0]
            row = self._layout.row(vector)
            self._running[parameter_id] = evolve(trial, vector=vector, row=row)
            self._tried.add(row.tobytes())

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Suggest one set of parameters. Never runs out."""
        del kwargs
        pretended = 0 if self._constants.liar is ConstantLiar.NONE else len(self._running)
        starting = len(self._results) + pretended < self._constants.n_startup_jobs
        dense = self._start() if starting else self._modelled()
        row = self._layout.active(dense[np.newaxis])[0]
        vector = self._layout.vector(row)
        parameters = self._dimensions.external(vector)
        self._running[parameter_id] = _Running(parameters=parameters, vector=vector, row=row)
        self._tried.add(row.tobytes())
        return parameters

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn a result; one that lacks a finite number teaches nothing."""
        del kwargs
        trial = self._running.pop(parameter_id, None)
        # The core may have put other parameters in the place of a suggestion that was tried before.
        same = trial is not None and trial.parameters == parameters
        vector = trial.vector if trial is not None and same else self._dimensions.vector(parameters)
        losses = self._objectives.losses(value)
        if losses is None or not self._learn(vector, losses):
            _log.warning("result of parameters %d left out: %s", parameter_id, _TEACHES_NOTHING)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Forget a trial that ended without a result."""
        del success, kwargs
        self._running.pop(parameter_id, None)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere, each parameter by itself as far as the search space has its value."""
        learnt = 0
        for record in data:
            losses = self._objectives.losses(record["value"])
            learnt += losses is not None and self._learn(self._dimensions.vector(record["parameter"]), losses)
        if learnt < len(data):
            _log.warning("imported %d of %d results; %s", learnt, len(data), _TEACHES_NOTHING)

    def _take(self, dimensions: Dimensions) -> None:
        self._dimensions = dimensions
        self._layout = Layout(dimensions)
        self._results = Results(len(dimensions), len(self._layout), self._objectives.count)
        #: active rows that were suggested or learnt, as bytes
        self._tried: set[bytes] = set()
        self._design: list[FloatArray] = []

    def _learn(self, vector: FloatArray, losses: FloatArray) -> bool:
        """Whether a result taught anything."""
        if np.isnan(vector).all():
            return False
        row = self._layout.row(vector)
        self._results.add(vector, row, losses)
        self._tried.add(row.tobytes())
        return True

    def _start(self) -> FloatArray:
        """The next dense row of a Latin hypercube (McKay et al. 1979), in which every value has its share."""
        if not self._design:
            count, width = self._constants.n_startup_jobs, len(self._layout)
            places = self._rng.permuted(np.tile(np.arange(count), (width, 1)), axis=1).T
            units = (places + self._rng.random((count, width))) / count
            self._design = list(self._layout.snapped(self._layout.place(units)))[::-1]
        return self._design.pop()

    def _modelled(self) -> FloatArray:
        """The most promising dense row."""
        rows, count = self._results.rows, len(self._results)
        share = math.ceil(min(self._constants.gamma, 1.0) * count)
        best = self._results.best(min(share, self._constants.linear_forgetting))
        others = np.delete(np.arange(count), best)
        if len(others) > _MOST_OTHERS:
            others = others[np.linspace(0, len(others) - 1, _MOST_OTHERS).astype(np.intp)]
        good, bad = rows[best], rows[others]
        gains = weights_by_gain(self._results.losses, best)
        running = np.array([trial.row for trial in self._running.values()]).reshape(-1, len(self._layout))
        if self._constants.liar is ConstantLiar.BEST:
            good, gains = np.vstack([good, running]), np.append(gains, np.ones(len(running)))
        elif self._constants.liar is not ConstantLiar.NONE:
            bad = np.vstack([bad, running])
        unit = _WIDTH if self._objectives.count == 1 else _WIDTH_OF_FRONT
        width = min(_WIDEST, unit / math.sqrt(max(1, count)))
        smoothing = Smoothing(width=width, prior_weight=self._constants.prior_weight)
        features = Features(self._layout, np.vstack([good, bad]))
        search = Search(
            self._layout,
            features,
            Mixture(self._layout, features, good, gains, smoothing),
            Mixture(self._layout, features, bad, np.ones(len(bad)), smoothing),
            self._rng,
            lambda row: row.tobytes() not in self._tried,
        )
        return search.best(self._constants.n_ei_candidates)
