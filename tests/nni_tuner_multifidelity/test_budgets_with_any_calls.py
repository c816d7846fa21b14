"""The five tuners under whatever order of calls the core, its users and their trials come up with."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.api import NoMoreTrialError, Proposal, Tuner
from nni_core.space import SearchSpace
from nni_core.testing.spaces import EVERYTHING, FINITE, NESTED, SPACES
from nni_tuner_multifidelity.asha import AshaTuner
from nni_tuner_multifidelity.bohb import BohbTuner
from nni_tuner_multifidelity.dehb import DehbTuner
from nni_tuner_multifidelity.hyperband import HyperbandTuner
from nni_tuner_multifidelity.jobs import BUDGET
from nni_tuner_multifidelity.pbt import PbtTuner
from nni_tuner_tpe.tpe import TpeTuner

TUNERS: dict[str, Callable[[], Tuner]] = {
    "ASHA": lambda: AshaTuner(TpeTuner("maximize", seed=1), max_budget=9),
    "BOHB": lambda: BohbTuner(TpeTuner("maximize", seed=1), max_budget=9, seed=1),
    "DEHB": lambda: DehbTuner(max_budget=9, seed=1),
    "Hyperband": lambda: HyperbandTuner(R=9, exec_mode="serial", seed=1),
    "PBT": lambda: PbtTuner(population_size=4, seed=1),
}
ALL_SPACES = [EVERYTHING, NESTED, FINITE, SPACES["loguniform"], {"x": {"_type": "choice", "_value": ["only"]}}]
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 1, 1e308, -1e308, 10**400, {"default": 0.5, "size": 3}, {"default": -1e308, "size": "big"}]),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask"] * 4 + ["tell"] * 4 + ["fail", "refuse", "replace", "custom", "bring", "space"]),
        st.integers(0, 1000),
        VALUES,
    ),
    max_size=80,
)


class Driver:
    """Plays steps on a tuner; a number in a step picks which trial, space or parameters it is about."""

    def __init__(self, tuner: Tuner) -> None:
        self.tuner = tuner
        self.asked: list[Proposal] = []
        #: what was tried in fact
        self.tried: list[Any] = []
        self.live: list[int] = []
        self.space(0, None)

    def play(self, steps: list[tuple[str, int, Any]]) -> list[Proposal]:
        """What the tuner suggests on the way, and at the end."""
        for step, pick, value in [*steps, ("ask", 0, None)]:
            getattr(self, step)(pick, value)
        return self.asked

    def ask(self, _pick: int, _value: Any) -> None:
        try:
            proposal = Proposal.of(self.tuner.generate_parameters(len(self.asked)))
        except NoMoreTrialError:
            assert self.live or self.known.size is not None, "nothing runs, and the space is endless"
            return
        assert self.known.contains(proposal.parameters) is None
        json.dumps({**proposal.parameters, **proposal.extras}, allow_nan=False)
        if proposal.checkpoints_of is not None and BUDGET in proposal.extras:
            before = proposal.checkpoints_of
            assert self.tried[before] == proposal.parameters
            assert self.asked[before].extras[BUDGET] < proposal.extras[BUDGET]
        self.live.append(len(self.asked))
        self.asked.append(proposal)
        self.tried.append(proposal.parameters)

    def tell(self, pick: int, value: Any) -> None:
        if self.live:
            number = self.live.pop(pick % len(self.live))
            whole = {**self.tried[number], **self.asked[number].extras}
            self.tuner.receive_trial_result(number, whole, value, customized=False, trial_job_id="t")
            self.tuner.trial_end(number, True, trial_job_id="t")

    def fail(self, pick: int, _value: Any) -> None:
        if self.live:
            self.tuner.trial_end(self.live.pop(pick % len(self.live)), False, trial_job_id="t")

    def refuse(self, _pick: int, _value: Any) -> None:
        """As the core does: what was suggested last, at once."""
        if self.live and self.live[-1] == len(self.asked) - 1:
            self.tuner.trial_end(self.live.pop(), False)

    def replace(self, pick: int, value: Any) -> None:
        if self.live:
            self.tried[self.live[pick % len(self.live)]] = self._drawn(pick)
            self.tell(pick, value)

    def custom(self, pick: int, value: Any) -> None:
        parameters = {**self._drawn(pick), **({BUDGET: pick} if pick % 2 else {})}
        self.tuner.receive_trial_result(100_000 + pick, parameters, value, customized=True, trial_job_id="t")
        self.tuner.trial_end(100_000 + pick, True, trial_job_id="t")

    def bring(self, pick: int, value: Any) -> None:
        rows = [{"parameter": {**self._drawn(each), BUDGET: each % 12}, "value": value} for each in range(pick % 20)]
        self.tuner.import_data([*rows, {"parameter": {"stranger": 1}, "value": value}])

    def space(self, pick: int, _value: Any) -> None:
        raw = ALL_SPACES[pick % len(ALL_SPACES)]
        self.known = SearchSpace.parse(raw)
        self.tuner.update_search_space(raw)

    def _drawn(self, seed: int) -> Any:
        return self.known.sample(random.Random(seed))


@pytest.mark.parametrize("name", TUNERS)
@settings(max_examples=15)
@given(steps=STEPS)
def test_no_order_of_calls_breaks_a_tuner(name: str, steps: list[tuple[str, int, Any]]) -> None:
    """What it suggests lies in the space, goes on from the same parameters with less budget, and is the same again."""
    first = Driver(TUNERS[name]()).play(steps)
    assert Driver(TUNERS[name]()).play(steps) == first
