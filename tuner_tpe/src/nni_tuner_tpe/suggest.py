"""One suggestion for one parameter: random at first, then the most promising of some candidates."""

from __future__ import annotations

import math

import numpy as np

from nni_tuner_tpe.arguments import TpeArguments
from nni_tuner_tpe.categorical import CategoricalMixture, IndexArray
from nni_tuner_tpe.parzen import FloatArray, ParzenMixture, Prior


def suggest_number(values: FloatArray, prior: Prior, arguments: TpeArguments, rng: np.random.Generator) -> float:
    """A number, given those tried before, best first."""
    if len(values) < arguments.n_startup_jobs:
        return prior.draw(rng)
    if prior.is_point:
        return prior.mean
    good, bad = (
        ParzenMixture(part, prior, prior_weight=arguments.prior_weight, full=arguments.linear_forgetting)
        for part in _split(values, arguments)
    )
    candidates = good.draw(rng, arguments.n_ei_candidates)
    return float(candidates[np.argmax(good.log_density(candidates) - bad.log_density(candidates))])


def suggest_index(values: FloatArray, size: int, arguments: TpeArguments, rng: np.random.Generator) -> int:
    """An index below ``size``, given those tried before, best first."""
    if len(values) < arguments.n_startup_jobs:
        return int(rng.integers(size))
    good, bad = (
        CategoricalMixture(_indices(part), size, prior_weight=arguments.prior_weight, full=arguments.linear_forgetting)
        for part in _split(values, arguments)
    )
    candidates = good.draw(rng, arguments.n_ei_candidates)
    return int(candidates[np.argmax(good.log_probability(candidates) - bad.log_probability(candidates))])


def _split(values: FloatArray, arguments: TpeArguments) -> tuple[FloatArray, FloatArray]:
    """The good ones and the rest."""
    count = min(math.ceil(arguments.gamma * math.sqrt(len(values))), arguments.linear_forgetting)
    return values[:count], values[count:]


def _indices(values: FloatArray) -> IndexArray:
    return values.astype(np.int64)
