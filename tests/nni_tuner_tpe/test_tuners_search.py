"""Whether the three tuners find what random search does not. Seeds are fixed, so every run is the same run."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from statistics import median
from typing import Any

from nni_core.api import Tuner
from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace

TRIALS, SEEDS = 60, range(7)

QUADRATIC: dict[str, Json] = {name: {"_type": "uniform", "_value": [-5, 5]} for name in "xy"}
MIXED: dict[str, Json] = {
    "rate": {"_type": "loguniform", "_value": [1e-5, 1.0]},
    "units": {"_type": "qloguniform", "_value": [8, 1024, 8]},
    "layers": {"_type": "randint", "_value": [1, 6]},
    "net": {
        "_type": "choice",
        "_value": [
            {"_name": "plain"},
            {"_name": "wide", "dropout": {"_type": "uniform", "_value": [0, 0.9]}},
            {"_name": "deep", "skip": {"_type": "choice", "_value": [True, False]}},
        ],
    },
}


def quadratic(parameters: Parameters) -> float:
    """A bowl with its bottom at (1, -2)."""
    return float((parameters["x"] - 1) ** 2 + (parameters["y"] + 2) ** 2)


def mixed(parameters: Parameters) -> float:
    """What a network's error may look like: best wide, with a rate of 0.01, 128 units, 3 layers, dropout 0.3."""
    penalty = {"plain": 1.0, "wide": 0.0, "deep": 0.5}[parameters["net"]["_name"]]
    dropout = parameters["net"].get("dropout", 0.3)
    rate, units = math.log10(parameters["rate"]) + 2, math.log2(parameters["units"] / 128)
    return float(rate**2 + units**2 / 4 + abs(parameters["layers"] - 3) / 3 + penalty + 3 * (dropout - 0.3) ** 2)


def best_of(suggest: Callable[[int], Parameters], learn: Callable[..., Any], loss: Callable[..., float]) -> float:
    """The smallest loss of one run."""
    losses = []
    for parameter_id in range(TRIALS):
        parameters = suggest(parameter_id)
        losses.append(loss(parameters))
        learn(parameter_id, parameters, losses[-1])
    return min(losses)


def median_of_tuner(tuner: Callable[..., Tuner], space: dict[str, Json], loss: Callable[..., float]) -> float:
    """Over the seeds, of the smallest loss."""
    found = []
    for seed in SEEDS:
        made = tuner(seed=seed)
        made.update_search_space(space)
        found.append(best_of(made.generate_parameters, made.receive_trial_result, loss))
    return median(found)


def median_of_random(space: dict[str, Json], loss: Callable[..., float]) -> float:
    """What random search finds, over more seeds: the bar is not a lucky one."""
    known = SearchSpace.parse(space)
    sources = [random.Random(seed) for seed in range(50)]
    return median(best_of(lambda _, s=source: known.sample(s), lambda *_: None, loss) for source in sources)  # type: ignore[misc]


def test_beats_random_search_on_a_quadratic(any_tuner: Callable[..., Tuner]) -> None:
    """Two numbers, sixty trials, a third of which TPE still draws at random."""
    assert median_of_tuner(any_tuner, QUADRATIC, quadratic) < median_of_random(QUADRATIC, quadratic)


def test_beats_random_search_on_a_mixed_space(any_tuner: Callable[..., Tuner]) -> None:
    """Numbers on two scales, whole numbers and nested choices."""
    assert median_of_tuner(any_tuner, MIXED, mixed) < median_of_random(MIXED, mixed)
