"""The multivariate densities of TPE, and the coordinates that they are over."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.model import Json
from nni_core.space import SearchSpace
from nni_core.testing.spaces import EVERYTHING, NESTED, SPACES, Space
from nni_tuner_tpe.dimensions import Dimensions
from nni_tuner_tpe.features import Features
from nni_tuner_tpe.layout import NORMAL_SIGMA, Layout
from nni_tuner_tpe.mixture import Mixture, Smoothing
from nni_tuner_tpe.parzen import FloatArray
from nni_tuner_tpe.results import weights_by_gain

SMOOTHING = Smoothing(width=0.2)
UNITS = st.lists(st.floats(0.0, 1.0), max_size=12)


def layout(space: Space) -> tuple[Layout, Dimensions]:
    """The coordinates of a search space."""
    dimensions = Dimensions(SearchSpace.parse(space))
    return Layout(dimensions), dimensions


class Model:
    """A mixture of kernels that all weigh the same."""

    def __init__(self, space: Layout, kernels: FloatArray) -> None:
        self._features = Features(space, kernels)
        self.mixture = Mixture(space, self._features, kernels, np.ones(len(kernels)), SMOOTHING)

    def log_density(self, rows: FloatArray) -> FloatArray:
        """At rows, relative to the search space."""
        return self.mixture.log_density(self._features.of(rows))


@pytest.mark.parametrize("name", SPACES)
def test_rows_and_parameters_say_the_same(name: str) -> None:
    """For each type: what a row suggests is read back as that row, so that repetitions are recognised."""
    space, dimensions = layout(SPACES[name])
    known = SearchSpace.parse(SPACES[name])
    dense = space.snapped(space.draw(np.random.default_rng(1), 60))
    for row in space.active(dense):
        parameters = dimensions.external(space.vector(row))
        assert known.contains(parameters) is None
        assert space.row(dimensions.vector(parameters)) == pytest.approx(row, abs=1e-9, nan_ok=True)


@settings(max_examples=30)
@given(units=UNITS)
def test_a_bounded_density_integrates_to_one(units: list[float]) -> None:
    """Relative to the search space its mean is 1."""
    space, _ = layout(SPACES["uniform"])
    grid = np.linspace(0.0, 1.0, 4001)[:, np.newaxis]
    density = np.exp(Model(space, np.array(units).reshape(-1, 1)).log_density(grid))
    assert np.trapezoid(density, grid[:, 0]) == pytest.approx(1.0, abs=1e-4)


@settings(max_examples=30)
@given(units=st.lists(st.floats(-3.0, 3.0), max_size=12))
def test_an_endless_density_integrates_to_one(units: list[float]) -> None:
    """Relative to a normal distribution, wherever the results lie."""
    space, _ = layout(SPACES["normal"])
    grid = np.linspace(-3.0, 4.0, 8001)[:, np.newaxis]
    rows = np.array(units).reshape(-1, 1) / 3
    prior = np.exp(-0.5 * ((grid[:, 0] - 0.5) / NORMAL_SIGMA) ** 2) / (NORMAL_SIGMA * math.sqrt(2 * math.pi))
    density = np.exp(Model(space, rows).log_density(grid)) * prior
    assert np.trapezoid(density, grid[:, 0]) == pytest.approx(1.0, abs=1e-3)


@given(st.lists(st.integers(0, 4), max_size=20), st.sampled_from([0, 1000]))
def test_a_choice_sums_to_one(indices: list[int], more: int) -> None:
    """Of five values, or very many, each has a probability, and those that were seen a larger one."""
    space, _ = layout({"x": {"_type": "choice", "_value": [*"abcde", *range(more)]}})
    density = np.exp(Model(space, np.array(indices, dtype=float).reshape(-1, 1)).log_density(_column(range(5 + more))))
    assert density.mean() == pytest.approx(1.0)
    if indices:
        assert density[indices].min() >= density.min()


def test_what_is_inactive_says_nothing() -> None:
    """A row of another branch is as likely under a kernel as under the search space, but for the branch itself."""
    space, dimensions = layout(NESTED)
    here: dict[str, Json] = {"network": {"_name": "mlp", "width": 100, "dropout": 0.5}}
    there: Sequence[dict[str, Json]] = [
        {"network": {"_name": "cnn", "kernel": kernel, "head": {"_name": "max"}}} for kernel in (3, 5, 7)
    ]
    kernel = Model(space, space.row(dimensions.vector(here))[np.newaxis])
    densities = kernel.log_density(np.array([space.row(dimensions.vector(one)) for one in there]))
    assert densities.tolist() == pytest.approx([densities[0]] * 3)
    assert densities[0] < 0


def test_draws_follow_the_density() -> None:
    """For every type at a time: what is drawn is likelier under the mixture than what the search space draws."""
    space, dimensions = layout(EVERYTHING)
    known, source = SearchSpace.parse(EVERYTHING), random.Random(1)
    rows = np.array([space.row(dimensions.vector(known.sample(source))) for _ in range(8)])
    model, rng = Model(space, rows), np.random.default_rng(2)
    own = model.log_density(space.active(space.snapped(model.mixture.draw(rng, 400)))).mean()
    assert own > model.log_density(space.active(space.snapped(space.draw(rng, 400)))).mean() + 1


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_weights_are_finite_and_fall_with_the_loss(losses: list[float]) -> None:
    """Whatever the size of losses; their mean is 1."""
    ordered = np.sort(np.array(losses))[:, np.newaxis]
    weights = weights_by_gain(ordered, np.arange(len(losses)))
    assert weights.mean() == pytest.approx(1.0)
    assert (weights > 0).all()
    assert (np.diff(weights) <= 1e-9).all()


def _column(values: Sequence[int] | range) -> FloatArray:
    return np.array([float(value) for value in values])[:, np.newaxis]
