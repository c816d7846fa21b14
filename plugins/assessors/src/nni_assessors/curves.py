"""Families of curves that trainings follow, and how well each fits one. All rise, and level off.

T. Domhan, J. T. Springenberg, F. Hutter: Speeding up Automatic Hyperparameter Optimization of Deep Neural Networks by
Extrapolation of Learning Curves, IJCAI 2015; the names are those of its table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.optimize import least_squares

FloatArray = NDArray[np.float64]
#: evaluations of a curve in one fit: what has not converged by then is used as it is
_EVALUATIONS = 25


@frozen(kw_only=True)
class Family:
    """Curves of one form."""

    name: str
    #: of steps and constants
    form: Callable[[FloatArray, FloatArray], FloatArray]
    #: constants to begin a fit with, and between which bounds they lie, for values from 0 to 1
    start: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@frozen(kw_only=True)
class Fit:
    """A curve through what is known."""

    family: Family
    constants: FloatArray
    #: mean squared distance, at the steps that it was fitted to
    error: float

    def at(self, step: float) -> float:
        """Its value at a step."""
        return float(self.family.form(np.array([step]), self.constants)[0])


FAMILIES = (
    Family(
        name="pow3",
        form=lambda x, p: p[0] - p[1] * x ** -p[2],
        start=[1.0, 1.0, 0.5],
        low=[-1, 0, 0.01],
        high=[3, 5, 5],
    ),
    Family(
        name="pow4",
        form=lambda x, p: p[0] - (p[1] * x + p[2]) ** -p[3],
        start=[1.0, 1.0, 1.0, 0.5],
        low=[-1, 1e-3, 0.1, 0.01],
        high=[3, 10, 20, 5],
    ),
    Family(
        name="exp4",
        form=lambda x, p: p[0] - np.exp(-p[1] * x ** p[2] + p[3]),
        start=[1.0, 0.3, 0.8, 0.0],
        low=[-1, 1e-4, 0.05, -3],
        high=[3, 5, 2, 3],
    ),
    Family(
        name="Janoschek",
        form=lambda x, p: p[0] - (p[0] - p[1]) * np.exp(-p[2] * x ** p[3]),
        start=[1.0, 0.0, 0.3, 0.8],
        low=[-1, -3, 1e-4, 0.05],
        high=[3, 1, 5, 2],
    ),
    Family(
        name="MMF",
        form=lambda x, p: p[0] - (p[0] - p[1]) / (1.0 + (p[2] * x) ** p[3]),
        start=[1.0, 0.0, 0.3, 1.0],
        low=[-1, -3, 1e-4, 0.05],
        high=[3, 1, 10, 5],
    ),
    Family(
        name="Hill3",
        form=lambda x, p: p[0] * x ** p[1] / (p[2] ** p[1] + x ** p[1]),
        start=[1.0, 1.0, 2.0],
        low=[-1, 0.05, 1e-2],
        high=[3, 5, 1e3],
    ),
    Family(
        name="log power",
        form=lambda x, p: p[0] / (1.0 + (x / np.exp(p[1])) ** -p[2]),
        start=[1.0, 1.0, 1.0],
        low=[-1, -5, 0.05],
        high=[3, 7, 5],
    ),
    Family(
        name="ilog2",
        form=lambda x, p: p[0] - p[1] / np.log(x + 1.0),
        start=[1.0, 0.5],
        low=[-1, 0],
        high=[3, 5],
    ),
    Family(
        name="vapor pressure",
        form=lambda x, p: np.exp(p[0] + p[1] / x + p[2] * np.log(x)),
        start=[-0.5, -1.0, 0.05],
        low=[-5, -10, 0],
        high=[1, 0, 0.5],
    ),
)


def fits(steps: FloatArray, values: FloatArray) -> list[Fit]:
    """The best curve of every family through values from 0 to 1; a family with as many constants as there are values
    has none."""
    found: list[Fit] = []
    for family in FAMILIES:
        if len(family.start) < len(values):
            constants, error = _fit(family, steps, values)
            found.append(Fit(family=family, constants=constants, error=error))
    return found


def _fit(family: Family, steps: FloatArray, values: FloatArray) -> tuple[FloatArray, float]:
    # Later results say more of the end: the last weighs three times the first.
    weights = np.sqrt(np.linspace(1.0, 3.0, len(values)))

    def distance(constants: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            missed: FloatArray = np.nan_to_num((family.form(steps, constants) - values) * weights, nan=1e3, posinf=1e3)
            return np.clip(missed, -1e3, 1e3)

    done: Any = least_squares(
        distance, family.start, bounds=(family.low, family.high), max_nfev=_EVALUATIONS, method="trf"
    )
    return np.asarray(done.x, dtype=float), float(np.average((done.fun / weights) ** 2))
