"""The three tuners under whatever order of calls the core, its users and their trials come up with."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nni_core.api import Tuner
from nni_core.model import Parameters
from nni_core.space import SearchSpace
from nni_core.testing.spaces import EVERYTHING, FINITE, NESTED, SPACES
from nni_tuner_tpe.tpe import TpeTuner

ALL_SPACES = [EVERYTHING, NESTED, FINITE, *SPACES.values(), {"x": {"_type": "choice", "_value": ["only"]}}]
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.floats(),
    st.integers(-(10**400), 10**400),
    st.sampled_from(["text", None, True, [], {}, {"default": 0.5}, {"default": math.nan}]),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "ask", "ask", "tell", "tell", "fail", "tell late", "replace", "custom", "import", "space"]
        ),
        st.integers(0, 1000),
        VALUES,
    ),
    max_size=60,
)


class Driver:
    """Plays steps on a tuner; a number in a step picks which trial, space or parameters it is about."""

    def __init__(self, tuner: Tuner) -> None:
        self.tuner = tuner
        self.asked: list[Parameters] = []
        self.live: list[int] = []
        self.ended: list[int] = []
        self.space(0, None)

    def play(self, step: str, pick: int, value: Any) -> None:
        getattr(self, step.replace(" ", "_"))(pick, value)

    def ask(self, _pick: int, _value: Any) -> None:
        parameters = self.tuner.generate_parameters(len(self.asked))
        assert self.known.contains(parameters) is None
        json.dumps(parameters, allow_nan=False)
        self.live.append(len(self.asked))
        self.asked.append(parameters)

    def tell(self, pick: int, value: Any) -> None:
        self._result(self.live, pick, value)

    def tell_late(self, pick: int, value: Any) -> None:
        self._result(self.ended, pick, value)

    def replace(self, pick: int, value: Any) -> None:
        if self.live:
            self.tuner.receive_trial_result(self.live.pop(pick % len(self.live)), self._drawn(pick), value)

    def fail(self, pick: int, _value: Any) -> None:
        if self.live:
            parameter_id = self.live.pop(pick % len(self.live))
            self.tuner.trial_end(parameter_id, False)
            self.ended.append(parameter_id)

    def custom(self, pick: int, value: Any) -> None:
        self.tuner.receive_trial_result(100_000 + pick, self._drawn(pick), value, customized=True)
        self.tuner.trial_end(100_000 + pick, True)

    def import_(self, pick: int, value: Any) -> None:
        rows = [{"parameter": self._drawn(pick + each), "value": value} for each in range(pick % 30)]
        self.tuner.import_data([*rows, {"parameter": {"stranger": 1}, "value": value}])

    def space(self, pick: int, _value: Any) -> None:
        raw = ALL_SPACES[pick % len(ALL_SPACES)]
        self.known = SearchSpace.parse(raw)
        self.tuner.update_search_space(raw)

    def _drawn(self, seed: int) -> Parameters:
        return self.known.sample(random.Random(seed))

    def _result(self, ids: list[int], pick: int, value: Any) -> None:
        if ids:
            parameter_id = ids.pop(pick % len(ids))
            self.tuner.receive_trial_result(parameter_id, self.asked[parameter_id], value)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_order_of_calls_breaks_a_tuner(any_tuner: Callable[..., Tuner], steps: list[tuple[str, int, Any]]) -> None:
    """Every suggestion lies in the space of the moment and can be written as JSON."""
    driver = Driver(any_tuner(seed=1))
    for step, pick, value in steps:
        driver.play("import_" if step == "import" else step, pick, value)
    driver.ask(0, None)


@pytest.mark.parametrize("multivariate", [True, False])
@pytest.mark.parametrize("liar", ["best", "worst", "mean", "none"])
def test_a_model_survives_results_of_any_size(liar: str, multivariate: bool) -> None:
    """Ties, the largest floats of both signs, and a hundred running trials."""
    arguments = {"multivariate": multivariate, "constant_liar_type": liar, "n_startup_jobs": 3}
    driver = Driver(TpeTuner(seed=1, tpe_args=arguments))
    for value in [1.7e308, -1.7e308, 0.0, -0.0, 5e-324] * 8:
        driver.ask(0, None)
        driver.tell(0, value)
    for _ in range(100):
        driver.ask(0, None)
