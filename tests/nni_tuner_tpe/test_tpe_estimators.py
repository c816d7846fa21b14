"""The distributions that TPE models parameters with."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_tuner_tpe import categorical
from nni_tuner_tpe.categorical import CategoricalMixture
from nni_tuner_tpe.parzen import ParzenMixture, Prior, rank_weights

BOUNDED = Prior(mean=0.5, sigma=3.0, low=-1.0, high=2.0)
ENDLESS = Prior(mean=1.0, sigma=2.0)


def mixture(values: list[float], prior: Prior) -> ParzenMixture:
    """A mixture with NNI's constants."""
    return ParzenMixture(np.array(values, dtype=float), prior, prior_weight=1.0, full=25)


def test_weights_rise_with_rank_up_to_a_full_one() -> None:
    """The last ones count in full, the first ones the less the more there are."""
    assert rank_weights(3, 5).tolist() == [1, 1, 1]
    assert rank_weights(5, 2).tolist() == pytest.approx([0.2, 0.6, 1, 1, 1])
    assert rank_weights(0, 2).tolist() == []


@given(st.lists(st.floats(-1.0, 2.0), max_size=40))
def test_a_bounded_density_integrates_to_one(values: list[float]) -> None:
    """What the bounds cut off is made up for."""
    grid = np.linspace(BOUNDED.low, BOUNDED.high, 20_001)
    total = np.trapezoid(np.exp(mixture(values, BOUNDED).log_density(grid)), grid)
    assert total == pytest.approx(1.0, abs=1e-5)


@given(st.lists(st.floats(-5.0, 7.0), max_size=40))
def test_an_endless_density_integrates_to_one(values: list[float]) -> None:
    """Normal priors have no bounds."""
    grid = np.linspace(-25.0, 27.0, 40_001)
    assert np.trapezoid(np.exp(mixture(values, ENDLESS).log_density(grid)), grid) == pytest.approx(1.0, abs=1e-5)


def test_the_density_is_that_of_the_formula() -> None:
    """One observation and the prior: two normal distributions, cut off, from the standard library."""
    wide, narrow = NormalDist(0.5, 3.0), NormalDist(0.0, 1.5)
    mass = sum(0.5 * (normal.cdf(2.0) - normal.cdf(-1.0)) for normal in (wide, narrow))
    expected = sum(0.5 * normal.pdf(1.0) for normal in (wide, narrow)) / mass
    found = mixture([0.0], BOUNDED).log_density(np.array([1.0]))[0]
    assert found == pytest.approx(math.log(expected), rel=1e-12)


@given(st.lists(st.floats(-1.0, 2.0), max_size=40), st.integers(0, 2**32))
def test_draws_lie_within_the_bounds(values: list[float], seed: int) -> None:
    """As many as were asked for, and not one outside."""
    drawn = mixture(values, BOUNDED).draw(np.random.default_rng(seed), 24)
    assert len(drawn) == 24
    assert ((drawn >= BOUNDED.low) & (drawn <= BOUNDED.high)).all()


@pytest.mark.parametrize("span", [1e-290, 1e-9, 1.0, 1e300])
def test_any_width_of_range_is_survived(span: float) -> None:
    """Ranges at the ends of what floats can tell apart have finite densities."""
    prior = Prior(mean=span / 2, sigma=span, low=0.0, high=span)
    model = mixture([0.0, span, span / 3], prior)
    drawn = model.draw(np.random.default_rng(0), 24)
    assert ((drawn >= 0) & (drawn <= span)).all()
    assert not np.isnan(model.log_density(drawn)).any()


def test_far_numbers_have_a_finite_density() -> None:
    """However far away, logarithms can still be compared."""
    far = mixture([0.0, 1e300, -1e300], ENDLESS).log_density(np.array([1e308, -1e308, 1e300]))
    assert np.isfinite(far).all()


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(0, 2**32))
def test_categorical_draws_are_those_of_its_probabilities(indices: list[int], seed: int) -> None:
    """The probabilities sum to one, and draws are what numpy draws with them."""
    model = CategoricalMixture(np.array(indices, dtype=np.int64), 7, prior_weight=1.0, full=25)
    probabilities = np.exp(model.log_probability(np.arange(7)))
    assert probabilities.sum() == pytest.approx(1.0)
    expected = np.random.default_rng(seed).choice(7, 50, p=probabilities / probabilities.sum())
    assert model.draw(np.random.default_rng(seed), 50).tolist() == expected.tolist()


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(0, 2**32))
def test_many_values_are_treated_like_few(indices: list[int], seed: int) -> None:
    """The way without a table gives the same draws and probabilities as the way with one."""
    seen = np.array(indices, dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        table = CategoricalMixture(seen, 7, prior_weight=0.5, full=25)
        patch.setattr(categorical, "_TABLE_SIZE", 0)
        sparse = CategoricalMixture(seen, 7, prior_weight=0.5, full=25)
    every = np.arange(7)
    assert sparse.log_probability(every).tolist() == pytest.approx(table.log_probability(every).tolist())
    drawn = [model.draw(np.random.default_rng(seed), 50).tolist() for model in (sparse, table)]
    assert drawn[0] == drawn[1]


def test_a_billion_values_cost_nothing() -> None:
    """Memory and time go with the results, not with the values; draws reach the whole range."""
    model = CategoricalMixture(np.array([5, 10**9 - 1]), 10**9, prior_weight=1.0, full=25)
    drawn = model.draw(np.random.default_rng(1), 1000)
    assert drawn.min() >= 0
    assert 9 * 10**8 < drawn.max() < 10**9
    assert np.isfinite(model.log_probability(drawn)).all()
