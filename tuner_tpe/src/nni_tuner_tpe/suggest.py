"""One suggestion for one parameter: random at first, then the most promising of some candidates."""

from __future__ import annotations

import math

import numpy as np

from nni_tuner_tpe.arguments import Constants
from nni_tuner_tpe.categorical import CategoricalMixture, IndexArray
from nni_tuner_tpe.parzen import FloatArray, ParzenMixture, Prior


def suggest_number(values: FloatArray, prior: Prior, constants: Constants, rng: np.random.Generator) -> float:
    """A number, given those tried before, best first."""
    if len(values) < constants.n_startup_jobs:
        return prior.draw(rng)
    if prior.is_point:
        return prior.mean
    good, bad = (
        ParzenMixture(part, prior, prior_weight=constants.prior_weight, full=constants.linear_forgetting)
        for part in _split(values, constants)
    )
    candidates = good.draw(rng, constants.n_ei_candidates)
    return float(candidates[np.argmax(good.log_density(candidates) - bad.log_density(candidates))])


def suggest_index(values: FloatArray, size: int, constants: Constants, rng: np.random.Generator) -> int:
    """An index below ``size``, given those tried before, best first."""
    if len(values) < constants.n_startup_jobs:
        return int(rng.integers(size))
    good, bad = (
        CategoricalMixture(_indices(part), size, prior_weight=constants.prior_weight, full=constants.linear_forgetting)
        for part in _split(values, constants)
    )
    candidates = good.draw(rng, constants.n_ei_candidates)
    return int(candidates[np.argmax(good.log_probability(candidates) - bad.log_probability(candidates))])


def _split(values: FloatArray, constants: Constants) -> tuple[FloatArray, FloatArray]:
    """The good ones and the rest."""
    count = min(math.ceil(constants.gamma * math.sqrt(len(values))), constants.linear_forgetting)
    return values[:count], values[count:]


def _indices(values: FloatArray) -> IndexArray:
    return values.astype(np.int64)
