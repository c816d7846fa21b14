"""Fits a kernel to results: the most probable weights, signal and noise.

C. Rasmussen, C. Williams: Gaussian Processes for Machine Learning, 2006, chapter 5, for the likelihood and its
gradient; C. Hvarfner, E. Hellsten, L. Nardi: Vanilla Bayesian Optimization Performs Great in High Dimensions, ICML
2024, for a prior whose length-scales grow with the number of coordinates.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs
from scipy.optimize import minimize

from nni_tuner_gp.arrays import FloatArray
from nni_tuner_gp.kernel import Pairs, matern

#: of the length-scale: its mode with one coordinate, and the standard deviation of its logarithm
_LENGTH = 0.5
_LENGTH_DEVIATION = 1.5
_NOISE, _NOISE_DEVIATION = -5.0, 2.0
_WEIGHT_BOUNDS = (-6.0, 8.0)
_SIGNAL_BOUNDS = (-3.0, 3.0)
_NOISE_BOUNDS = (-12.0, 1.0)
#: added to the diagonal, so that equal rows do no harm
JITTER = 1e-6
#: logarithms are kept to so many digits: sums in another order make no other model
_DIGITS = 4
_IMPOSSIBLE = 1e10


@frozen(kw_only=True, eq=False)
class Hyperparameters:
    """The kernel is ``signal * matern(sum of weights * squared distances)``, with ``noise`` on the diagonal."""

    weights: FloatArray
    signal: float
    noise: float

    @classmethod
    def of(cls, logarithms: FloatArray) -> Hyperparameters:
        """From the form in which they are fitted."""
        values = np.exp(logarithms)
        return cls(weights=values[:-2], signal=float(values[-2]), noise=float(values[-1]))


def prior_mode(axes: int) -> FloatArray:
    """The logarithms that are most probable before any result."""
    return np.append(np.full(axes, _weight_mode(axes)), [0.0, _NOISE + 1.0])


def fit(pairs: Pairs, targets: FloatArray, start: FloatArray, steps: int) -> tuple[float, FloatArray]:
    """The logarithms reached from ``start`` in at most so many steps of L-BFGS, with their negative log-density."""
    axes = len(pairs.squares)
    bounds = [_WEIGHT_BOUNDS] * axes + [_SIGNAL_BOUNDS, _NOISE_BOUNDS]
    posterior = _Posterior(pairs, targets)
    options = {"maxiter": steps, "maxcor": 8, "maxfun": 2 * steps}
    found = minimize(posterior, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return float(found.fun), np.round(found.x, _DIGITS)


class _Posterior:
    """Negative log-density of hyper-parameters, and its gradient."""

    def __init__(self, pairs: Pairs, targets: FloatArray) -> None:
        self._pairs = pairs
        self._targets = targets
        self._matrix = np.zeros((pairs.count, pairs.count), order="F")
        self._diagonal = np.arange(pairs.count)
        axes = len(pairs.squares)
        self._modes = np.append(np.full(axes, _weight_mode(axes)), [0.0, _NOISE])
        self._deviations = np.append(np.full(axes, 2 * _LENGTH_DEVIATION), [1.0, _NOISE_DEVIATION])

    def __call__(self, logarithms: FloatArray) -> tuple[float, FloatArray]:
        values = np.exp(logarithms)
        weights, signal, noise = values[:-2], values[-2], values[-1]
        pairs, targets, diagonal = self._pairs, self._targets, self._diagonal
        alike, falls = matern(weights @ pairs.squares)
        matrix = self._matrix
        matrix[pairs.lower, pairs.upper] = signal * alike
        matrix[diagonal, diagonal] = signal + noise + JITTER
        factor, failed = dpotrf(matrix, lower=1, clean=0)
        if failed:
            return _IMPOSSIBLE, np.zeros_like(logarithms)
        solved, _ = dpotrs(factor, targets, lower=1)
        loss = 0.5 * float(targets @ solved) + float(np.log(factor[diagonal, diagonal]).sum())
        inverse, _ = dpotri(factor, lower=1)
        slopes = inverse[pairs.lower, pairs.upper] - solved[pairs.lower] * solved[pairs.upper]
        trace = 0.5 * float((inverse[diagonal, diagonal] - solved**2).sum())
        gradient = np.empty_like(logarithms)
        gradient[:-2] = weights * (pairs.squares @ (slopes * falls)) * signal
        gradient[-2] = signal * (float(slopes @ alike) + trace)
        gradient[-1] = noise * trace
        away = (logarithms - self._modes) / self._deviations
        return loss + 0.5 * float(away @ away), gradient + away / self._deviations


def _weight_mode(axes: int) -> float:
    return -2.0 * (math.log(_LENGTH) + 0.25 * math.log(max(axes, 1)))
