"""The model of all outputs: a Gaussian process for each, and the utility of rows under them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import define, frozen

from nni_tuner_gp.acquisition import Several, Single, log_feasible
from nni_tuner_gp.arrays import FloatArray, IndexArray
from nni_tuner_gp.history import History
from nni_tuner_gp.hyperparameters import Hyperparameters, fit, prior_mode
from nni_tuner_gp.kernel import Features, Pairs
from nni_tuner_gp.layout import Layout
from nni_tuner_gp.outcomes import Outcomes
from nni_tuner_gp.pareto import Volume, front
from nni_tuner_gp.posterior import Posterior
from nni_tuner_gp.search import Score
from nni_tuner_gp.warp import Warp

#: results that hyper-parameters are fitted to; more would tell hardly more
_MOST_FITTED = 120
#: steps of a fit that goes on from the one before, and of one from the prior's mode
_STEPS, _FIRST_STEPS = 15, 30
#: a fit that goes on is compared with one from the prior's mode after so many results
_FRESH = 10
_DIRECTIONS = 48
#: best results that the search begins with
INCUMBENTS = 5


@define
class Kernels:
    """The hyper-parameters of one output, fitted anew as results come."""

    axes: int
    _logarithms: FloatArray | None = None
    _fitted: int = 0
    _fresh: int = 0

    def after(self, results: int, layout: Layout, rows: FloatArray, targets: FloatArray) -> Hyperparameters:
        """Those for so many results in all, of which these rows and targets are at hand."""
        logarithms = self._logarithms
        if logarithms is None or results - self._fitted >= max(1, results // 50):
            logarithms = self._logarithms = self._refitted(results, Pairs(layout, rows), targets)
            self._fitted = results
        return Hyperparameters.of(logarithms)

    def _refitted(self, results: int, pairs: Pairs, targets: FloatArray) -> FloatArray:
        found: list[tuple[float, FloatArray]] = []
        if self._logarithms is not None:
            found.append(fit(pairs, targets, self._logarithms, _STEPS))
        if self._logarithms is None or results - self._fresh >= _FRESH:
            self._fresh = results
            found.append(fit(pairs, targets, prior_mode(self.axes), _FIRST_STEPS))
        return min(found, key=lambda one: one[0])[1]


class Modeller:
    """Makes models of the results as they come."""

    def __init__(self, outcomes: Outcomes, single: Single, most: int) -> None:
        self._outcomes = outcomes
        self._single = single
        self._most = most
        self._kernels: list[Kernels] = []

    def forget(self) -> None:
        """Begin anew: the search space is another one."""
        self._kernels = []

    def model(self, layout: Layout, history: History) -> Model:
        """The model of all results so far. There is at least one."""
        if not self._kernels:
            self._kernels = [Kernels(len(layout)) for _ in range(len(self._outcomes))]
        order = history.order()
        chosen = history.chosen(order, self._most)
        rows, outputs = history.rows[chosen], history.outputs[chosen]
        fitted = np.searchsorted(chosen, history.chosen(order, min(_MOST_FITTED, self._most)))
        features = Features(layout, rows)
        processes = [
            self._process(kernels, layout, features, rows, numbers, fitted, len(history))
            for kernels, numbers in zip(self._kernels, outputs.T, strict=True)
        ]
        best = history.rows[order[:INCUMBENTS]]
        return Model(features, processes, self._outcomes, self._single, outputs, best)

    def _process(
        self,
        kernels: Kernels,
        layout: Layout,
        features: Features,
        rows: FloatArray,
        numbers: FloatArray,
        fitted: IndexArray,
        results: int,
    ) -> Process:
        known = np.flatnonzero(np.isfinite(numbers))
        warp = Warp.fitted(numbers[known]) if len(known) else Warp()
        targets = warp(numbers)
        some = np.intersect1d(fitted, known)
        kernel = kernels.after(results, layout, rows[some], targets[some])
        posterior = Posterior.of(features, features.own[known], targets[known], kernel)
        return Process(warp=warp, targets=targets, posterior=posterior)


@frozen(kw_only=True, eq=False)
class Process:
    """A Gaussian process of one output."""

    warp: Warp
    #: of all rows, NaN where the output is not known
    targets: FloatArray
    posterior: Posterior


class Model:
    """What is known of all outputs."""

    def __init__(
        self,
        features: Features,
        processes: Sequence[Process],
        outcomes: Outcomes,
        single: Single,
        outputs: FloatArray,
        incumbents: FloatArray,
    ) -> None:
        #: active rows of the best results
        self.incumbents = incumbents
        self._features = features
        self._processes = processes
        self._outcomes = outcomes
        self._single = single
        self._feasible = outcomes.feasible(outputs)

    def score(self, running: FloatArray, rng: np.random.Generator) -> Score:
        """The utility of active rows, while others run."""
        told = self._features.of(running) if len(running) else np.empty((0, self._features.own.shape[1]))
        posteriors = [process.posterior.with_running(told) for process in self._processes]
        several = self._several(rng) if self._outcomes.losses > 1 and self._feasible.any() else None

        def score(rows: FloatArray) -> FloatArray:
            features = self._features.of(rows)
            means, deviations = zip(*(posterior.at(features) for posterior in posteriors), strict=True)
            return self._utility(means, deviations, several) + self._log_feasible(means, deviations)

        return score

    def _utility(
        self, means: Sequence[FloatArray], deviations: Sequence[FloatArray], several: Several | None
    ) -> FloatArray:
        losses = self._outcomes.losses
        if several is not None:
            return several.score(np.column_stack(means[:losses]), np.column_stack(deviations[:losses]))
        if not self._feasible.any():
            # Nothing keeps the bounds yet: where they may be kept is all that counts.
            return np.zeros(len(means[0]))
        best = float(self._processes[0].targets[self._feasible].min())
        return self._single.score(means[0], deviations[0], best)

    def _log_feasible(self, means: Sequence[FloatArray], deviations: Sequence[FloatArray]) -> FloatArray:
        total = np.zeros(len(means[0]))
        for place, bounds in enumerate(self._outcomes.bounds, self._outcomes.losses):
            warp = self._processes[place].warp
            low, high = (bound if math.isinf(bound) else float(warp(np.array([bound]))[0]) for bound in bounds)
            total += log_feasible(means[place], deviations[place], low, high)
        return total

    def _several(self, rng: np.random.Generator) -> Several:
        losses = self._outcomes.losses
        targets = np.column_stack([process.targets for process in self._processes[:losses]])
        best = targets[self._feasible]
        best = best[front(best)]
        reference = targets.max(axis=0)
        span = np.maximum(reference - best.min(axis=0), 1e-9)
        volume = Volume(reference, span, np.abs(rng.standard_normal((_DIRECTIONS, losses))))
        volume.surpass(best)
        return Several(volume, rng, losses)
