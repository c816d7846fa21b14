"""Draws from a search space, number for number as NNI 3.0 makes them from one seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nni_core.space import Key, Normal, Numeric, Parameter, SearchSpace


def random_source(seed: int | None) -> np.random.Generator:
    """NNI's generator."""
    return np.random.default_rng(seed)


def draw(parameter: Parameter, source: np.random.Generator) -> float:
    """An internal value of one parameter."""
    domain = parameter.domain
    if not isinstance(domain, Numeric):
        return int(source.integers(domain.size))
    distribution = domain.distribution
    if isinstance(distribution, Normal):
        return float(source.normal(distribution.mu, distribution.sigma))
    return float(source.uniform(distribution.low, distribution.high))


def draw_all(
    space: SearchSpace, source: np.random.Generator, given: Mapping[Key, float] | None = None
) -> dict[Key, float]:
    """Internal values of all active parameters. Of those in ``given`` the value is taken from there."""
    values: dict[Key, float] = {}
    for parameter in space.parameters:
        if parameter.is_active_in(values):
            known = None if given is None else given.get(parameter.key)
            values[parameter.key] = draw(parameter, source) if known is None else known
    return values
