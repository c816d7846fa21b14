"""Multivariate densities over rows of coordinates: what TPE models good and bad parameters with.

One kernel a result, the product of a truncated normal distribution for every ordered coordinate and a smoothed count
for every unordered one (Falkner et al. 2018, Watanabe 2023), and the search space itself as one more. Densities are
relative to the search space: what is inactive in a kernel or in a row counts as 1, so that a branch is modelled from
the trials in which it was active, and rows of several branches compare.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from nni_tuner_tpe.features import Features
from nni_tuner_tpe.layout import NORMAL_SIGMA, Layout
from nni_tuner_tpe.parzen import FloatArray

_LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)
#: log-density of the normal prior is ``_PRIOR[0] + _PRIOR[1] * x + _PRIOR[2] * x * x``
_PRECISION = 1 / NORMAL_SIGMA**2
_PRIOR = (-0.125 * _PRECISION - math.log(NORMAL_SIGMA) - _LOG_ROOT_2PI, 0.5 * _PRECISION, -0.5 * _PRECISION)
#: no kernel is narrower
_NARROWEST = 0.01
#: draws outside the bounds that are drawn again; what is left is moved to the bound
_ROUNDS = 16


@frozen(kw_only=True)
class Smoothing:
    """How far a result reaches around itself."""

    #: standard deviation of the kernel of a single result, as a share of the range; many are narrower (Scott's rule)
    width: float
    #: what the search space weighs against one result
    prior_weight: float = 1.0


class Mixture:
    """Kernels around rows, with a weight each, and the search space."""

    def __init__(
        self, layout: Layout, features: Features, rows: FloatArray, weights: FloatArray, smoothing: Smoothing
    ) -> None:
        self._layout = layout
        self._features = features
        self._rows = rows
        self._known = ~np.isnan(rows)
        weights = np.append(weights, smoothing.prior_weight)
        self._weights = weights / weights.sum()
        counts = self._known.sum(axis=0)
        per_row = self._known.sum() / max(1, len(rows))
        widths = smoothing.width * np.maximum(counts, 1.0) ** (-1 / (per_row + 4))
        #: standard deviations, by coordinate
        self.widths = np.minimum(np.maximum(widths, np.maximum(_NARROWEST, 0.5 * layout.cell)), 1.0)
        self._same, self._other = self._category_heights(counts, smoothing.prior_weight)
        self._coefficients = self._kernels()
        self._log_weights = np.log(self._weights)

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Random dense rows, not yet snapped."""
        rows = self._layout.draw(rng, count)
        if not len(self._rows):
            return rows
        kernel = np.searchsorted(np.cumsum(self._weights)[:-1], rng.random(count), side="right")
        drawn = np.flatnonzero(kernel < len(self._rows))
        centres, known = self._rows[kernel[drawn]], self._known[kernel[drawn]]
        moved = self._moved(rng, np.where(known, centres, 0.5))
        unordered = self._layout.unordered
        # How likely a draw keeps the index of its kernel rather than taking any index.
        kept = ((np.exp(self._same) - np.exp(self._other)) / np.maximum(self._layout.categories, 1))[unordered]
        known[:, unordered] &= rng.random((len(drawn), len(unordered))) < kept
        moved[:, unordered] = centres[:, unordered]
        rows[drawn] = np.where(known, moved, rows[drawn])
        return rows

    def log_density(self, features: FloatArray) -> FloatArray:
        """Logarithm of the density at rows with these features, relative to that of the search space."""
        logs = np.zeros((len(features), len(self._rows) + 1))
        if len(self._rows):
            np.matmul(features, self._coefficients, out=logs[:, :-1])
        logs += self._log_weights
        top = logs.max(axis=1)
        total: FloatArray = np.log(np.exp(logs - top[:, np.newaxis]).sum(axis=1)) + top
        return total

    def _category_heights(self, counts: FloatArray, prior_weight: float) -> tuple[FloatArray, FloatArray]:
        """Log-probability of a kernel's own index and of any other, relative to the even distribution."""
        sizes = np.maximum(self._layout.categories, 1)
        smooth = prior_weight / (counts + 1)
        scale = sizes / (1 + sizes * smooth)
        return np.log((1 + smooth) * scale), np.log(smooth * scale)

    def _moved(self, rng: np.random.Generator, centres: FloatArray) -> FloatArray:
        """Draws from the kernels around centres; only those of ordered coordinates mean something."""
        bounded = self._layout.bounded
        moved: FloatArray = centres + self.widths * rng.standard_normal(centres.shape)
        for _ in range(_ROUNDS):
            row, axis = np.nonzero(((moved < 0) | (moved > 1)) & bounded)
            if not len(row):
                return moved
            moved[row, axis] = centres[row, axis] + self.widths[axis] * rng.standard_normal(len(row))
        clipped: FloatArray = np.where(bounded, np.clip(moved, 0.0, 1.0), moved)
        return clipped

    def _kernels(self) -> FloatArray:
        """The coefficients of the features, a column for each kernel."""
        unordered = self._layout.unordered
        known = self._known[:, unordered]
        axes = self._features.axes
        own = (self._rows[:, axes] == self._features.indices) * (self._same - self._other)[axes]
        return np.vstack([self._quadratics(), (known * self._other[unordered]).T, own.T])

    def _quadratics(self) -> FloatArray:
        """Log-densities of the ordered coordinates as polynomials: coefficients of 1, x and x², stacked, by kernel."""
        ordered = self._layout.ordered
        means, known, widths = self._rows[:, ordered], self._known[:, ordered], self.widths[ordered]
        means = np.where(known, means, 0.0)
        precision = 1 / widths**2
        normal = self._layout.normal[ordered]
        mass = np.where(normal, 1.0, _normal_mass(-means / widths, (1.0 - means) / widths))
        constant = -0.5 * means**2 * precision - np.log(widths * mass) - _LOG_ROOT_2PI
        linear = means * precision
        square = np.broadcast_to(-0.5 * precision, means.shape)
        if normal.any():
            # The polynomial of a normal prior is taken away, that of an even one is 0.
            constant, linear, square = (
                terms - np.where(normal, prior, 0.0)
                for terms, prior in zip((constant, linear, square), _PRIOR, strict=True)
            )
        return np.hstack([constant * known, linear * known, square * known]).T


def _normal_mass(low: FloatArray, high: FloatArray) -> FloatArray:
    """What of standard normal distributions lies between two bounds with 0 between them."""
    return 0.5 * (_erf(high * math.sqrt(0.5)) + _erf(-low * math.sqrt(0.5)))


def _erf(x: FloatArray) -> FloatArray:
    """The error function of numbers from 0 on, to 1.5e-7: Abramowitz and Stegun 1964, 7.1.26."""
    t = 1 / (1 + 0.3275911 * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 1 - series * np.exp(-x * x)
