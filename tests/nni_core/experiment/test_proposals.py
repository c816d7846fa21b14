"""Suggestions that say more than parameters: budgets, and the checkpoints that a trial begins with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from nni_core.api import AttemptStatus, NoMoreTrialError, Proposal, Tuner
from nni_core.experiment.worker import RubbishError, Worker
from nni_core.model import ExperimentState
from nni_core.testing.experiment import ExperimentKit

COIN = {"side": {"_type": "choice", "_value": ["heads", "tails"]}}


class Halving(Tuner):
    """Tries four coins for one step each, and then the best of them for three more, from its checkpoint."""

    repeats = True

    def __init__(self) -> None:
        self.told: dict[int, Any] = {}
        self.asked = 0

    def update_search_space(self, search_space: Mapping[str, Any]) -> None: ...

    def generate_parameters(self, parameter_id: int, **_: Any) -> Proposal:
        if self.asked < 4:
            self.asked += 1
            side = "heads" if self.asked % 2 else "tails"
            return Proposal(parameters={"side": side}, extras={"TRIAL_BUDGET": 1})
        if self.asked == 4 and len(self.told) == 4:
            self.asked += 1
            best = max(self.told, key=lambda one: float(self.told[one][1]))
            side = self.told[best][0]["side"]
            return Proposal(parameters={"side": side}, extras={"TRIAL_BUDGET": 3}, checkpoints_of=best)
        raise NoMoreTrialError("the first four are not over")

    def receive_trial_result(self, parameter_id: int, parameters: Any, value: Any, **_: Any) -> None:
        self.told[parameter_id] = (parameters, value)


async def test_a_promoted_trial_has_its_budget_and_the_checkpoints_of_the_earlier_one() -> None:
    """Asked in vain while others run, a tuner is asked again; a coin's two sides are not used up by four trials."""
    kit = ExperimentKit(concurrency=2, max_trials=None, tuner=Halving, search_space=COIN)
    await kit.start()
    for number, value in enumerate([0.1, 0.9, 0.5, 0.3]):
        await kit.succeed(number, value)
    last = kit.trials[4]
    assert last.parameters == {"side": "tails", "TRIAL_BUDGET": 3}
    assert last.checkpoints_of == kit.trials[1].id
    spec = kit.service.submitted[last.attempt_id]
    assert spec.checkpoints_of == kit.trials[1].id
    assert json.loads(spec.parameter_file)["parameters"] == last.parameters
    await kit.succeed(4, 1.0)
    assert kit.state is ExperimentState.DONE
    assert kit.ledger.reason == "the tuner has nothing left to suggest"
    await kit.stop()


@pytest.mark.parametrize("cut", range(5))
async def test_a_resume_promotes_the_same(cut: int) -> None:
    """Wherever the manager was killed."""
    values = [0.1, 0.9, 0.5, 0.3]
    first = ExperimentKit(concurrency=1, tuner=Halving, search_space=COIN)
    await first.start()
    for number in range(cut):
        await first.succeed(number, values[number])
    running = [trial.attempt_id for trial in first.trials if not trial.state.is_terminal]
    submitted = first.service.submitted
    await first.stop()
    second = ExperimentKit(concurrency=1, tuner=Halving, search_space=COIN, log=first.log)
    second.service.found = dict.fromkeys(running, AttemptStatus.RUNNING)
    second.service.submitted.update(submitted)
    await second.start()
    for number in range(cut, 4):
        await second.succeed(number, values[number])
    assert second.trials[4].checkpoints_of == second.trials[1].id
    assert second.trials[4].parameters == {"side": "tails", "TRIAL_BUDGET": 3}
    await second.stop()


class Wrong(Halving):
    """Says what it must not."""

    proposal = Proposal(parameters={"side": "edge"})

    def generate_parameters(self, parameter_id: int, **_: Any) -> Proposal:
        return self.proposal


@pytest.mark.parametrize(
    ("proposal", "told"),
    [
        (Proposal(parameters={"side": "edge"}), "left the search space"),
        (
            Proposal(parameters={"side": "heads"}, extras={"side": 1}),
            "search space has too",
        ),
        (Proposal(parameters={"side": "heads"}, extras={"budget": float("nan")}), "JSON cannot hold"),
        (Proposal(parameters=3), "it must return a dict"),  # type: ignore[arg-type]
    ],
)
def test_a_proposal_that_breaks_the_contract_is_refused(proposal: Proposal, told: str) -> None:
    """With what is wrong about it."""
    tuner = Wrong()
    tuner.proposal = proposal
    worker = Worker(tuner=tuner, assessor=None, search_space=COIN)
    with pytest.raises(RubbishError, match=told):
        worker.ask(1, 0)
