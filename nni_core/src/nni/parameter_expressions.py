"""One random value of each type of the search space, for custom tuners. ``random_state`` is a
``numpy.random.RandomState``; numpy itself is not imported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

__all__ = [
    "choice",
    "lognormal",
    "loguniform",
    "normal",
    "qlognormal",
    "qloguniform",
    "qnormal",
    "quniform",
    "randint",
    "uniform",
]


def choice(options: Sequence[Any], random_state: Any) -> Any:
    """One of ``options``."""
    return options[random_state.randint(len(options))]


def randint(lower: int, upper: int, random_state: Any) -> int:
    """A whole number from ``lower`` to ``upper - 1``."""
    return int(random_state.randint(lower, upper))


def uniform(low: float, high: float, random_state: Any) -> float:
    """A number from ``low`` to ``high``.

    :raises ValueError: when ``high`` is below ``low``.
    """
    if high < low:
        raise ValueError(f"the upper bound {high} is below the lower bound {low}")
    return float(random_state.uniform(low, high))


def quniform(low: float, high: float, q: float, random_state: Any) -> float:
    """A multiple of ``q`` near a number from ``low`` to ``high``, kept within them."""
    return _clipped(_rounded(uniform(low, high, random_state), q), low, high)


def loguniform(low: float, high: float, random_state: Any) -> float:
    """A number from ``low`` to ``high`` whose logarithm is spread evenly.

    :raises ValueError: when ``low`` is not above 0.
    """
    if low <= 0:
        raise ValueError(f"the lower bound of a loguniform must be above 0, got {low}")
    return math.exp(uniform(math.log(low), math.log(high), random_state))


def qloguniform(low: float, high: float, q: float, random_state: Any) -> float:
    """As :func:`loguniform`, to a multiple of ``q``, kept within the bounds."""
    return _clipped(_rounded(loguniform(low, high, random_state), q), low, high)


def normal(mu: float, sigma: float, random_state: Any) -> float:
    """A number around ``mu`` with standard deviation ``sigma``."""
    return float(random_state.normal(mu, sigma))


def qnormal(mu: float, sigma: float, q: float, random_state: Any) -> float:
    """As :func:`normal`, to a multiple of ``q``."""
    return _rounded(normal(mu, sigma, random_state), q)


def lognormal(mu: float, sigma: float, random_state: Any) -> float:
    """A number whose logarithm is drawn as by :func:`normal`."""
    return math.exp(normal(mu, sigma, random_state))


def qlognormal(mu: float, sigma: float, q: float, random_state: Any) -> float:
    """As :func:`lognormal`, to a multiple of ``q``."""
    return _rounded(lognormal(mu, sigma, random_state), q)


def _rounded(value: float, q: float) -> float:
    return round(value / q) * q


def _clipped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
