"""GP: what it finds, what it keeps apart, and what it bears."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from nni_core.api import TunedObjective
from nni_core.config import load_config
from nni_core.errors import ConfigError
from nni_core.plugins import PluginRegistry
from nni_core.space import SearchSpace
from nni_tuner_gp.acquisition import log_expected, log_feasible
from nni_tuner_gp.arguments import OutcomeConstraint
from nni_tuner_gp.gp import GpTuner
from nni_tuner_gp.metis import MetisTuner

PLANE: dict[str, Any] = {name: {"_type": "uniform", "_value": [-4, 4]} for name in "xy"}
NETS = [
    {"_name": "conv", "width": {"_type": "randint", "_value": [1, 65]}, "lr": {"_type": "uniform", "_value": [0, 1]}},
    {"_name": "dense", "lr": {"_type": "uniform", "_value": [0, 1]}},
]
NESTED: dict[str, Any] = {
    "net": {"_type": "choice", "_value": NETS},
    "act": {"_type": "choice", "_value": ["relu", "tanh", "elu"]},
}


def bowl(parameters: Any) -> float:
    """Its bottom is at (1, -2)."""
    return float((parameters["x"] - 1) ** 2 + (parameters["y"] + 2) ** 2)


def net(parameters: Any) -> float:
    """Best: a convolution of width 40, with lr 0.3 and tanh."""
    inner = parameters["net"]
    width = abs(inner["width"] - 40) / 64 if inner["_name"] == "conv" else 1.0
    return float(width + (inner["lr"] - 0.3) ** 2 + 0.5 * (parameters["act"] != "tanh"))


def run(tuner: GpTuner, space: dict[str, Any], count: int, score: Any, *, at_a_time: int = 1) -> list[Any]:
    """Trials, so many at a time; the answer is what was tried, with its results."""
    tuner.update_search_space(space)
    tried: list[Any] = []
    for start in range(0, count, at_a_time):
        asked = [(number, tuner.generate_parameters(number)) for number in range(start, start + at_a_time)]
        for number, parameters in asked:
            value = score(parameters)
            tried.append((parameters, value))
            tuner.receive_trial_result(number, parameters, value)
            tuner.trial_end(number, True)
    return tried


@pytest.mark.parametrize(("mode", "sign"), [("minimize", 1), ("maximize", -1)])
def test_the_bottom_of_a_bowl_is_found(mode: str, sign: int) -> None:
    """In either direction, in 30 trials, a hundred times closer than random points would come."""
    tried = run(GpTuner(mode, seed=1), PLANE, 30, lambda one: sign * bowl(one))
    assert min(sign * value for _, value in tried) < 0.01


def test_a_nested_space_of_all_kinds_is_searched() -> None:
    """The right branch, whole number, choice and range together."""
    tried = run(GpTuner("minimize", seed=2), NESTED, 60, net)
    assert min(value for _, value in tried) < 0.02


def test_trials_that_run_are_kept_away_from() -> None:
    """Eight at a time are eight different points, and still find the bottom."""
    tuner = GpTuner("minimize", seed=3)
    tried = run(tuner, PLANE, 48, bowl, at_a_time=8)
    assert min(value for _, value in tried) < 0.02
    batch = [tuner.generate_parameters(100 + place) for place in range(8)]
    assert len({tuple(one.values()) for one in batch}) == 8


@pytest.mark.parametrize("utility", ["ei", "ucb", "poi"])
def test_every_utility_searches(utility: str) -> None:
    """With the names of NNI."""
    tried = run(GpTuner("minimize", seed=4, utility=utility, kappa=2.0), PLANE, 40, bowl)
    assert min(value for _, value in tried) < 0.3


def test_two_objectives_are_spread_along_the_front() -> None:
    """Between two bottoms, results lie all along the way from one to the other."""
    both = [TunedObjective(name="a", direction="minimize"), TunedObjective(name="b", direction="maximize")]

    def score(one: Any) -> dict[str, float]:
        near, far = math.hypot(one["x"] - 1, one["y"]), math.hypot(one["x"] + 1, one["y"])
        return {"default": near, "a": near, "b": -far}

    tried = run(GpTuner(seed=5, objectives=both), PLANE, 50, score)
    close = sorted(one["x"] for one, value in tried[15:] if value["a"] - value["b"] < 2.1)
    assert len(close) > 10
    assert close[0] < -0.5
    assert close[-1] > 0.5


def test_bounds_on_other_numbers_are_kept() -> None:
    """The best allowed result is found at the edge of what is allowed."""
    bound = OutcomeConstraint(metric="memory", upper=0.0)
    tuner = GpTuner("minimize", seed=6, outcome_constraints=[bound])
    tried = run(tuner, PLANE, 40, lambda one: {"default": bowl(one), "memory": one["x"] + 1})
    allowed = [value["default"] for _, value in tried if value["memory"] <= 0]
    assert min(allowed) == pytest.approx(4, abs=0.3)
    assert len([value for _, value in tried[20:] if value["memory"] <= 0.1]) > 10


RESULTS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, 1.0, 1e300, -1e300, 5e-324, {"default": 1.0}, {"loss": 2.0}, "text", None]),
)


@settings(max_examples=15)
@given(results=st.lists(RESULTS, min_size=1, max_size=25), points=st.integers(1, 3))
def test_whatever_it_is_told_it_goes_on(results: list[Any], points: int) -> None:
    """Results of every size and none, on a few points that come again and again."""
    tuner = GpTuner(seed=7, cold_start_num=2, max_points=20)
    tuner.update_search_space(PLANE)
    space = SearchSpace.parse(PLANE)
    for number, value in enumerate(results):
        assert space.contains(tuner.generate_parameters(number)) is None
        tuner.receive_trial_result(number, {"x": float(number % points), "y": 0.5}, value, customized=True)
        tuner.trial_end(number, True)
    assert space.contains(tuner.generate_parameters(len(results))) is None


def test_a_long_history_is_cut_down() -> None:
    """The best are kept, so that it still knows where the bottom is."""
    tuner = GpTuner("minimize", seed=8, max_points=40)
    tuner.update_search_space(PLANE)
    source = np.random.default_rng(1)
    rows = [{"x": float(x), "y": float(y)} for x, y in source.uniform(-4, 4, (600, 2))]
    tuner.import_data([{"parameter": row, "value": bowl(row)} for row in rows])
    assert min(bowl(tuner.generate_parameters(number)) for number in range(5)) < 0.1


def test_what_was_learnt_lasts_through_a_change_of_the_space() -> None:
    """A wider range, and a parameter more."""
    tuner = GpTuner("minimize", seed=9)
    run(tuner, PLANE, 25, bowl)
    tuner.update_search_space({"x": {"_type": "uniform", "_value": [-6, 6]}, "y": PLANE["y"], "z": PLANE["x"]})
    suggested: Any = [tuner.generate_parameters(number) for number in range(100, 104)]
    assert min(bowl(one) for one in suggested) < 1.0


def test_metis_is_the_same_search() -> None:
    """With the arguments of NNI, which make no difference."""
    one, other = MetisTuner("minimize", seed=1), GpTuner("minimize", seed=1)
    assert run(one, PLANE, 14, bowl) == run(other, PLANE, 14, bowl)


def test_expected_improvement_is_exact_near_and_far() -> None:
    """Against the textbook formula where that can be computed, and rising everywhere."""
    near = np.array([-5.9, -3.0, -1.0, 0.0, 1.0, 3.0, 5.9, 20.0])
    assert log_expected(near) == pytest.approx(np.log(near * norm.cdf(near) + norm.pdf(near)), rel=1e-6)
    everywhere = log_expected(np.concatenate([-np.geomspace(1e8, 1e-3, 200), np.geomspace(1e-3, 1e8, 200)]))
    assert np.isfinite(everywhere).all()
    assert (np.diff(everywhere) > 0).all()


def test_feasibility_is_a_probability() -> None:
    """Against the difference of two tails."""
    means, deviations = np.array([-3.0, 0.0, 0.4, 2.0]), np.array([0.5, 1.0, 2.0, 1.0])
    exact = norm.cdf((1 - means) / deviations) - norm.cdf((-1 - means) / deviations)
    assert np.exp(log_feasible(means, deviations, -1.0, 1.0)) == pytest.approx(exact, rel=1e-6)


CONFIG = """
search_space: {{x: {{_type: uniform, _value: [0, 1]}}}}
trial_command: "true"
trial_concurrency: 1
tuner: {{name: {name}, class_args: {arguments}}}
training_service: local
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("{outcome_constraints: [{metric: memory}]}", "needs lower, upper or both"),
        ("{outcome_constraints: [{metric: m, lower: 2, upper: 1}]}", "lower above its upper"),
        ("{nu: 1.5}", "2.5 only"),
        ("{utility: eu}", "must be ei, ucb or poi"),
    ],
)
def test_wrong_arguments_are_found_in_the_config(arguments: str, told: str, tmp_path: Any) -> None:
    """Before anything starts."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(name="GP", arguments=arguments))
    with pytest.raises(ConfigError) as caught:
        load_config(config, PluginRegistry.discover())
    assert any(told in f"{problem.message} {problem.help}" for problem in caught.value.problems)
