"""Ladders of budgets, promotions, brackets: who goes on with how much."""

from __future__ import annotations

from typing import Any

import pytest

from nni_core.api import NoMoreTrialError, Proposal, Tuner
from nni_tuner_gp.gp import GpTuner
from nni_tuner_multifidelity.asha import AshaTuner
from nni_tuner_multifidelity.bohb import BohbTuner
from nni_tuner_multifidelity.brackets import brackets
from nni_tuner_multifidelity.dehb import DehbTuner
from nni_tuner_multifidelity.hyperband import HyperbandTuner
from nni_tuner_multifidelity.jobs import BUDGET, ladder
from nni_tuner_tpe.tpe import TpeTuner

LINE: dict[str, Any] = {"x": {"_type": "uniform", "_value": [0, 1]}}
SPACE: dict[str, Any] = {**LINE, "c": {"_type": "choice", "_value": ["a", "b", "c"]}}


class Counting(Tuner):
    """Suggests 1, 2, 3 and so on, divided by a thousand; writes down what it learns."""

    def __init__(self) -> None:
        self.asked = 0
        self.learnt: list[tuple[float, Any]] = []

    def update_search_space(self, search_space: Any) -> None: ...

    def generate_parameters(self, parameter_id: int, **_: Any) -> Any:
        self.asked += 1
        return {"x": self.asked / 1000}

    def receive_trial_result(self, parameter_id: int, parameters: Any, value: Any, **_: Any) -> None:
        self.learnt.append((parameters["x"], value))


class Run:
    """A tuner at work: trials one after the other, or held back."""

    def __init__(self, tuner: Tuner, space: dict[str, Any] = LINE) -> None:
        self.tuner = tuner
        self.asked: list[Proposal] = []
        tuner.update_search_space(space)

    def ask(self) -> Proposal:
        """The next trial."""
        suggested = self.tuner.generate_parameters(len(self.asked))
        assert isinstance(suggested, Proposal)
        self.asked.append(suggested)
        return suggested

    def end(self, number: int, value: float | None) -> None:
        """A trial is over."""
        proposal = self.asked[number]
        if value is not None:
            self.tuner.receive_trial_result(number, {**proposal.parameters, **proposal.extras}, value)
        self.tuner.trial_end(number, value is not None, trial_job_id=str(number))

    def go(self, count: int, score: Any = None) -> list[Any]:
        """So many trials, with their budgets."""
        for _ in range(count):
            proposal = self.ask()
            self.end(len(self.asked) - 1, score(proposal) if score else proposal.parameters["x"])
        return [one.extras[BUDGET] for one in self.asked]


@pytest.mark.parametrize(
    ("least", "most", "eta", "budgets"),
    [
        (1, 27, 3, [1, 3, 9, 27]),
        (2, 52, 3, [2, 6, 18, 52]),
        (1, 30, 3, [1, 3, 9, 30]),
        (0.1, 0.8, 2, [0.1, 0.2, 0.4, 0.8]),
        (5, 5, 3, [5]),
        (1, 100, 10, [1, 10, 100]),
    ],
)
def test_budgets_are_a_ladder(least: float, most: float, eta: int, budgets: list[float]) -> None:
    """From the least to the most, without a last step that is hardly one."""
    assert ladder(least, most, eta) == pytest.approx(budgets)


def test_the_best_third_goes_on_from_its_checkpoints() -> None:
    """Of three with one budget, the best; of three such, the best of them; a larger budget comes first."""
    run = Run(AshaTuner(Counting(), "minimize", max_budget=9))
    assert run.go(13) == [1, 1, 1, 3, 1, 1, 1, 3, 1, 1, 1, 3, 9]
    assert [one.checkpoints_of for one in run.asked[3::4]] == [0, 1, 2]
    assert run.asked[12].checkpoints_of == 3
    assert run.asked[12].parameters == run.asked[0].parameters


def test_nobody_waits_for_anybody() -> None:
    """Any number of trials at a time; who is promotable when somebody ends goes on then."""
    run = Run(AshaTuner(Counting(), "maximize", max_budget=3))
    assert [run.ask().extras[BUDGET] for _ in range(6)] == [1] * 6
    for number in (0, 1):
        run.end(number, number)
    assert run.ask().extras[BUDGET] == 1
    run.end(5, 5)
    assert run.ask().checkpoints_of == 5


def test_who_failed_never_goes_on() -> None:
    """Though its place counts."""
    run = Run(AshaTuner(Counting(), "minimize", max_budget=3))
    for number in range(3):
        run.ask()
        run.end(number, None)
    assert run.ask().extras[BUDGET] == 1


def test_the_proposer_learns_the_largest_budget_that_has_enough() -> None:
    """Three are enough for one parameter. Those of smaller budgets are moved by what more budget has changed for
    others; what the proposer draws goes on where it was."""
    counting = Counting()
    tuner = AshaTuner(counting, "minimize", max_budget=9)
    run = Run(tuner)
    run.go(12, lambda one: one.parameters["x"] + one.extras[BUDGET])
    proposer: Any = tuner._proposer._tuner
    assert {x for x, _ in proposer.learnt} == {number / 1000 for number in range(1, 10)}
    assert [value - x for x, value in proposer.learnt] == pytest.approx([3.0] * 9)
    assert run.ask().extras[BUDGET] == 9
    assert run.ask().parameters["x"] == 0.010


def test_the_brackets_are_those_of_the_paper() -> None:
    """Table 1 of Li et al. 2018: R = 81, eta = 3."""
    assert [[count for count, _ in rounds] for rounds in brackets(5, 3)] == [
        [81, 27, 9, 3, 1],
        [34, 11, 3, 1],
        [15, 5, 1],
        [8, 2],
        [5],
    ]


def test_hyperband_runs_its_brackets_in_order() -> None:
    """A round begins when the one before is over, from the checkpoints of its best."""
    run = Run(HyperbandTuner("minimize", R=9, seed=1))
    budgets = run.go(22)
    assert budgets == [1] * 9 + [3] * 3 + [9] + [3] * 5 + [9] + [9] * 3
    best = sorted(range(9), key=lambda number: run.asked[number].parameters["x"])[:3]
    assert [one.checkpoints_of for one in run.asked[9:12]] == best


def test_hyperband_opens_a_bracket_rather_than_wait() -> None:
    """Unless it is told to go through them one by one."""
    run = Run(HyperbandTuner("minimize", R=9, seed=1))
    assert [run.ask().extras[BUDGET] for _ in range(15)] == [1] * 9 + [3] * 5 + [9]
    serial = Run(HyperbandTuner("minimize", R=9, exec_mode="serial", seed=1))
    for _ in range(9):
        serial.ask()
    with pytest.raises(NoMoreTrialError, match="not over"):
        serial.ask()


def test_a_bracket_goes_on_without_those_that_failed() -> None:
    """With fewer; and when all have failed, it is over."""
    run = Run(HyperbandTuner("minimize", R=9, seed=1))
    for _ in range(9):
        run.ask()
    for number in range(9):
        run.end(number, 1.0 if number in (4, 6) else None)
    assert [run.ask().checkpoints_of for _ in range(2)] == [4, 6]
    assert run.ask().extras[BUDGET] == 3
    assert run.asked[-1].checkpoints_of is None


def test_bohb_finds_what_hyperband_draws_for() -> None:
    """The model of TPE suggests two of three, near the best; NNI's default is one third of random ones."""

    def near(seed: int, tuner: Any) -> int:
        run = Run(tuner(seed), SPACE)
        run.go(150, lambda one: abs(one.parameters["x"] - 0.37) + (one.parameters["c"] != "b"))
        late = run.asked[75:]
        return sum(abs(one.parameters["x"] - 0.37) < 0.1 and one.parameters["c"] == "b" for one in late)

    bohb = sum(near(seed, lambda s: BohbTuner(TpeTuner(seed=s), "minimize", 1, 9, seed=s)) for seed in range(3))
    drawn = sum(near(seed, lambda s: HyperbandTuner("minimize", R=9, seed=s)) for seed in range(3))
    assert bohb > 1.5 * drawn


@pytest.mark.parametrize("mode", ["minimize", "maximize"])
def test_dehb_gets_better(mode: str) -> None:
    """In either direction. Those that go on begin with checkpoints, children do not."""
    run = Run(DehbTuner(mode, max_budget=9, seed=3), SPACE)
    sign = 1 if mode == "minimize" else -1
    run.go(300, lambda one: sign * (abs(one.parameters["x"] - 0.37) + (one.parameters["c"] != "b")))
    late = [abs(one.parameters["x"] - 0.37) + (one.parameters["c"] != "b") for one in run.asked[200:]]
    assert sum(late) / len(late) < 0.35
    goes_on = [one for one in run.asked if one.checkpoints_of is not None]
    assert [one.extras[BUDGET] for one in goes_on] == [3, 3, 3, 9, 9]
    assert all(one.parameters == run.asked[one.checkpoints_of].parameters for one in goes_on)


def test_asha_with_a_gaussian_process() -> None:
    """The default proposer learns across a change of budget."""
    run = Run(AshaTuner(GpTuner("minimize", seed=1), "minimize", max_budget=9), SPACE)
    run.go(60, lambda one: abs(one.parameters["x"] - 0.37) + (one.parameters["c"] != "b") + 1 / one.extras[BUDGET])
    whole = [one.parameters for one in run.asked if one.extras[BUDGET] == 9]
    assert min(abs(one["x"] - 0.37) + (one["c"] != "b") for one in whole) < 0.01
