"""``deterministic``: the same trials, however many run at a time and whichever ends first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.api import AttemptStatus, NoMoreTrialError, Tuner
from nni_core.model import ExperimentState, Json, Parameters
from nni_core.store.memory import MemoryLog
from nni_core.testing.experiment import ExperimentKit
from nni_tuner_classic.random_search import RandomTuner
from nni_tuner_multifidelity.asha import AshaTuner
from nni_tuner_tpe.tpe import TpeTuner

LAG = 4
COUNT = 30
TUNERS: dict[str, Callable[[], Tuner]] = {
    "TPE": lambda: TpeTuner(optimize_mode="minimize", seed=3, tpe_args={"n_startup_jobs": 5}),
    "ASHA": lambda: AshaTuner(RandomTuner(seed=3), "minimize", 1, 9, 3),
}


class Flaky(TpeTuner):
    """Raises now and then, and is replaced."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(optimize_mode="minimize", seed=3, tpe_args={"n_startup_jobs": 5})
        self._chance = chance

    def generate_parameters(self, parameter_id: int, **more: Any) -> Parameters:
        if self._chance.random() < 0.05:
            raise RuntimeError("now and then")
        return super().generate_parameters(parameter_id, **more)


class Knowing(Tuner):
    """Suggests how many ends it knows, and the sum of their results; every fifth question it has to know one more."""

    def __init__(self) -> None:
        self.known: list[int] = []
        self.refused: set[int] = set()
        self.asked = 0

    def update_search_space(self, search_space: Any) -> None:
        pass

    def generate_parameters(self, parameter_id: int, **_: Any) -> Parameters:
        self.asked += 1
        if self.asked % 5 == 0:
            raise NoMoreTrialError
        return {"x": 1000.0 * self.asked + len(self.known)}

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **_: Any) -> None:
        self.known.append(int(parameters["x"]))


def value_of(parameters: Parameters) -> float:
    return (parameters["x"] - 300_000) ** 2 / 1e10 + 1 / parameters.get("TRIAL_BUDGET", 1)


async def tried(
    tuner: Callable[[], Tuner], concurrency: int, chance: random.Random, *, resumes: bool = False
) -> list[Parameters]:
    """The parameters of all trials, which end in an order of their own; some fail, always the same ones. ``resumes``:
    the manager is killed now and then."""
    log = MemoryLog()

    def made() -> ExperimentKit:
        return ExperimentKit(
            concurrency=concurrency,
            max_trials=COUNT,
            tuner=tuner,
            tuner_restarts=1000,
            log=log,
            search={"deterministic": LAG},
        )

    kit = made()
    await kit.start()
    while kit.state is not ExperimentState.DONE:
        running = [kit.ledger.trials[one].sequence_id for one in kit.ledger.live]
        assert running, f"idle with {len(kit.trials)} trials, {kit.state}"
        assert max(running) - min(running) < LAG
        number = chance.choice(running)
        if number % 7 == 3:
            await kit.fail(number)
        else:
            await kit.succeed(number, value_of(kit.trials[number].parameters))
        if resumes and chance.random() < 0.2:
            await kit.stop()
            before, kit = kit, made()
            kit.service.submitted.update(before.service.submitted)
            kit.service.found = {kit.ledger.trials[one].attempt_id: AttemptStatus.RUNNING for one in kit.ledger.live}
            await kit.start()
    found = [trial.parameters for trial in kit.trials]
    await kit.stop()
    return found


@pytest.mark.parametrize("name", TUNERS)
@settings(max_examples=15)
@given(concurrency=st.integers(1, LAG), order=st.integers(0, 10**9).map(random.Random))
def test_concurrency_and_order_make_no_difference(name: str, concurrency: int, order: random.Random) -> None:
    one_by_one = asyncio.run(tried(TUNERS[name], 1, random.Random(0)))
    assert len(one_by_one) == COUNT
    assert asyncio.run(tried(TUNERS[name], concurrency, order)) == one_by_one


@settings(max_examples=25)
@given(concurrency=st.integers(1, LAG), order=st.integers(0, 10**9).map(random.Random))
def test_a_tuner_that_waits_is_asked_again_with_each_end(concurrency: int, order: random.Random) -> None:
    """It is asked as often, and knows as much, whatever the concurrency."""
    assert asyncio.run(tried(Knowing, concurrency, order)) == asyncio.run(tried(Knowing, 1, random.Random(0)))


@settings(max_examples=10)
@given(concurrency=st.integers(1, LAG), order=st.integers(0, 10**9).map(random.Random))
def test_a_replaced_tuner_and_a_resumed_experiment_go_on_with_it(concurrency: int, order: random.Random) -> None:
    undisturbed = asyncio.run(tried(TUNERS["TPE"], 1, random.Random(0)))
    assert asyncio.run(tried(lambda: Flaky(order), concurrency, order)) == undisturbed
    assert asyncio.run(tried(TUNERS["TPE"], concurrency, order, resumes=True)) == undisturbed
