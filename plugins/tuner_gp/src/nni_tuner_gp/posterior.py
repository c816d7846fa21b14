"""What a Gaussian process expects of rows that were not tried, and how sure it is."""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtri

from nni_tuner_gp.arrays import FloatArray
from nni_tuner_gp.hyperparameters import JITTER, Hyperparameters
from nni_tuner_gp.kernel import Features, correlation

_LEAST_VARIANCE = 1e-10
#: tried on the diagonal one after the other; the last is more than any rounding
_JITTERS = (JITTER, 1e-4, 1e-2, 1.0)


class Posterior:
    """A Gaussian process that was told targets.

    Rows that still run are added without targets: taking their expected ones for true leaves every expectation as it
    is, and only makes sure of their surroundings (the *Kriging believer* of D. Ginsbourger, R. Le Riche, L. Carraro:
    Kriging Is Well-Suited to Parallelize Optimization, 2010).
    """

    def __init__(
        self,
        features: Features,
        kernel: Hyperparameters,
        rows: FloatArray,
        inverse: FloatArray,
        solved: FloatArray,
    ) -> None:
        """See :meth:`of`. ``inverse`` is that of Cholesky's factor, so that a variance costs a product of matrices."""
        self._features = features
        self._kernel = kernel
        self._rows = rows
        self._inverse = inverse
        self._solved = solved

    @classmethod
    def of(cls, features: Features, rows: FloatArray, targets: FloatArray, kernel: Hyperparameters) -> Posterior:
        """What follows from the targets of rows, given as features."""
        covariance = _covariance(features, kernel, rows, rows)
        inverse = _inverse_factor(covariance, kernel.noise)
        return cls(features, kernel, rows, inverse, inverse.T @ (inverse @ targets))

    def with_running(self, rows: FloatArray) -> Posterior:
        """The same, surer around rows that still run. The factor is extended, not made anew."""
        if not len(rows):
            return self
        across = self._covariance(rows, self._rows) @ self._inverse.T
        rest = self._covariance(rows, rows) - across @ across.T
        corner = _inverse_factor(rest, self._kernel.noise)
        known, count = len(self._rows), len(rows)
        inverse = np.zeros((known + count, known + count))
        inverse[:known, :known] = self._inverse
        inverse[known:, :known] = -corner @ across @ self._inverse
        inverse[known:, known:] = corner
        solved = np.append(self._solved, np.zeros(count))
        return Posterior(self._features, self._kernel, np.vstack([self._rows, rows]), inverse, solved)

    def at(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations of the function, without noise, at rows given as features."""
        covariance = self._covariance(rows, self._rows)
        means: FloatArray = covariance @ self._solved
        explained = np.square(covariance @ self._inverse.T).sum(axis=1)
        return means, np.sqrt(np.maximum(self._kernel.signal - explained, _LEAST_VARIANCE))

    def _covariance(self, some: FloatArray, others: FloatArray) -> FloatArray:
        return _covariance(self._features, self._kernel, some, others)


def _covariance(features: Features, kernel: Hyperparameters, some: FloatArray, others: FloatArray) -> FloatArray:
    return kernel.signal * correlation(features.distances(kernel.weights, some, others))


def _inverse_factor(matrix: FloatArray, noise: float) -> FloatArray:
    """The inverse of Cholesky's factor, with as much on the diagonal as it needs."""
    diagonal = np.arange(len(matrix))
    for extra in _JITTERS:
        raised = matrix.copy()
        raised[diagonal, diagonal] += noise + extra
        factor, failed = dpotrf(raised, lower=1)
        if not failed:
            break
    inverse: FloatArray = dtrtri(factor, lower=1)[0]
    return inverse
