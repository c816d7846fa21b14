"""Tuners with budgets as the core runs them: what it refuses, replaces and imports; spaces that are used up."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nni_core.api import NoMoreTrialError, TunedObjective, Tuner
from nni_core.config import load_config
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.worker import Worker
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_tuner_multifidelity.asha import AshaTuner
from nni_tuner_multifidelity.bohb import BohbTuner
from nni_tuner_multifidelity.dehb import DehbTuner
from nni_tuner_multifidelity.hyperband import HyperbandTuner
from nni_tuner_multifidelity.jobs import BUDGET, level_of
from nni_tuner_multifidelity.pbt import PbtTuner
from nni_tuner_tpe.tpe import TpeTuner

SQUARE: dict[str, Any] = {name: {"_type": "uniform", "_value": [0, 1]} for name in "xy"}
FINITE: dict[str, Any] = {"x": {"_type": "choice", "_value": [1, 2, 3]}, "y": {"_type": "randint", "_value": [0, 3]}}
#: a fifth of the square
CORNER = ["x + y < 0.63"]
TUNERS: dict[str, Any] = {
    "ASHA": lambda: AshaTuner(TpeTuner("maximize", seed=1), max_budget=9),
    "BOHB": lambda: BohbTuner(TpeTuner("maximize", seed=1), max_budget=9, seed=1),
    "DEHB": lambda: DehbTuner(max_budget=9, seed=1),
    "Hyperband": lambda: HyperbandTuner(R=9, seed=1),
}


def score(parameters: Any) -> Json:
    """The larger the better."""
    return float(parameters["x"] + parameters["y"])


def scattered(parameters: Any) -> Json:
    """Nothing that could be learnt: who comes later is no better."""
    return float(parameters["x"] * 7919 % 1)


def played(tuner: Tuner, space: Any, count: int, constraints: list[str] | None = None, value: Any = score) -> list[Any]:
    """Trials one after the other in the core's own hands: id, parameters, checkpoints; fewer when there are no more."""
    rules = SearchRules(seed=1, constraints=constraints or [])
    worker, next_id, trials = Worker(tuner=tuner, assessor=None, search_space=space, rules=rules), 0, []
    for _ in range(count):
        answer: Any = worker.ask(1, next_id)
        next_id = answer["next_id"]
        if not answer["suggestions"]:
            break
        number, parameters, _, checkpoints = answer["suggestions"][0]
        trials.append((number, parameters, checkpoints))
        worker.end(number, parameters, f"t{number}", value(parameters), True, False)
    return trials


@pytest.mark.parametrize("name", TUNERS)
def test_refused_suggestions_do_not_count(name: str) -> None:
    """Budgets are shared out as without a constraint: what was never tried takes nobody's place."""
    free, bound = (
        Counter(one[BUDGET] for _, one, _ in played(TUNERS[name](), SQUARE, 80, constraints, value=scattered))
        for constraints in ([], CORNER)
    )
    for budget, count in free.items():
        assert abs(bound[budget] - count) <= 6


@pytest.mark.parametrize("name", TUNERS)
def test_who_goes_on_is_what_was_tried(name: str) -> None:
    """Where the core has put something else in the place of a suggestion that breaks a constraint, too."""
    trials = played(TUNERS[name](), SQUARE, 30, ["x + y < 0.05"])
    by_id = {number: parameters for number, parameters, _ in trials}
    goes_on = [(parameters, by_id[checkpoints]) for _, parameters, checkpoints in trials if checkpoints is not None]
    assert all(score(parameters) < 0.05 for _, parameters, _ in trials)
    assert all({**one, BUDGET: 0} == {**two, BUDGET: 0} for one, two in goes_on)
    assert all(one[BUDGET] > two[BUDGET] for one, two in goes_on)


def test_members_of_a_population_keep_to_constraints() -> None:
    """A step that is refused is made with other parameters, and is still the next step of its member."""
    tuner = PbtTuner(population_size=5, seed=1, all_checkpoint_dir="/c")
    trials = played(tuner, SQUARE, 60, ["x + y < 0.6"])
    steps = Counter(parameters["save_checkpoint_dir"] for _, parameters, _ in trials)
    assert steps == Counter(f"/c/{member}/{step}" for member, step in itertools.product(range(5), range(12)))


def test_asha_tries_a_finite_space_out() -> None:
    """Every point once with every budget, the best first; then there is nothing left."""
    trials = [parameters for _, parameters, _ in played(TUNERS["ASHA"](), FINITE, 100)]
    assert len(trials) == 27
    assert len({tuple(sorted(one.items())) for one in trials}) == 27
    whole = [one for one in trials if one[BUDGET] == 9]
    assert score(whole[0]) >= 4


class Three(Tuner):
    """Has three suggestions, and counts what it is told."""

    def __init__(self) -> None:
        self.left = 3
        self.told: list[Any] = []

    def update_search_space(self, search_space: Any) -> None: ...

    def generate_parameters(self, parameter_id: int, **_: Any) -> Any:
        if not self.left:
            raise NoMoreTrialError
        self.left -= 1
        return {"x": self.left / 10, "y": 0.0}

    def receive_trial_result(self, parameter_id: int, parameters: Any, value: Any, **_: Any) -> None:
        self.told.append((parameters["x"], value))


def test_a_proposer_may_run_out() -> None:
    """What it has proposed is trained to the end, and across a change of budget it is not asked for more."""
    trials = played(AshaTuner(Three(), max_budget=9), {"x": SQUARE["x"], "y": SQUARE["y"]}, 100)
    assert Counter(parameters[BUDGET] for _, parameters, _ in trials) == {1: 3, 3: 3, 9: 3}
    bohb = BohbTuner(Three(), max_budget=9, seed=1, min_points_in_model=2)
    assert len(played(bohb, SQUARE, 60)) == 60


@pytest.mark.parametrize("name", ["ASHA", "BOHB", "DEHB"])
def test_whole_budgets_are_whole_numbers(name: str, tmp_path: Path) -> None:
    """As a config has them, so that a script may count to them."""
    config = tmp_path / "config.yaml"
    config.write_text(
        "search_space: {x: {_type: uniform, _value: [0, 1]}}\ntrial_command: 'true'\ntrial_concurrency: 1\n"
        f"training_service: local\ntuner: {{name: {name}, class_args: {{min_budget: 2, max_budget: 18.0}}}}\n"
    )
    registry = PluginRegistry.discover()
    arguments = load_config(config, registry).canonical()["tuner"]["classArgs"]
    tuner = registry.build_algorithm(PluginKind.TUNER, name=name, class_args=arguments)
    budgets = [parameters[BUDGET] for _, parameters, _ in played(tuner, {"x": SQUARE["x"]}, 30, value=lambda _: 1.0)]
    assert {type(budget) for budget in budgets} == {int}
    assert set(budgets) == {2, 6, 18}


def test_the_proposer_learns_all_that_is_reported() -> None:
    """Several objectives reach it, each moved by what more budget has changed of it."""
    three = Three()
    tuner = AshaTuner(three, "minimize", max_budget=3)
    tuner.update_search_space(SQUARE)
    tuner.import_data(
        [
            {"parameter": {"x": x, "y": 0.5, BUDGET: budget}, "value": {"default": x / budget, "size": x + budget}}
            for x, budget in [(0.1, 1), (0.2, 1), (0.3, 1), (0.4, 1), (0.5, 3)]
        ]
    )
    proposer: Any = tuner._proposer._tuner
    assert proposer.told[0] == (0.1, {"default": 0.1, "size": 1.1})
    front = TpeTuner(seed=1, objectives=[TunedObjective(name=one, direction="minimize") for one in ("default", "size")])
    trials = played(
        AshaTuner(front, "minimize", max_budget=3),
        SQUARE,
        200,
        value=lambda p: {"default": p["x"] - p[BUDGET], "size": 1 - p["x"] + p["y"] + p[BUDGET]},
    )
    late = [parameters["y"] for _, parameters, _ in trials[100:]]
    assert sum(late) / len(late) < 0.25


@pytest.mark.parametrize("name", ["ASHA", "BOHB"])
def test_imported_results_are_learnt_at_their_budget(name: str) -> None:
    """The one beside their parameters; without one they count as whole trainings."""
    tuner = TUNERS[name]()
    tuner.update_search_space(SQUARE)
    near = [{"x": 0.9 + number / 1000, "y": 0.2} for number in range(15)]
    far = [{"x": number / 50, "y": number / 15} for number in range(15)]
    rows = [{"parameter": {**one, BUDGET: 9}, "value": 1.0} for one in near]
    tuner.import_data([*rows, *({"parameter": one, "value": 0.0} for one in far), {"parameter": {}, "value": 1.0}])
    suggested = [tuner.generate_parameters(number).parameters for number in range(20)]
    assert sum(abs(one["x"] - 0.9) < 0.1 for one in suggested) > 5


@pytest.mark.parametrize(
    ("budget", "level"), [(1, 0), (2, 1), (3, 1), (100, 3), (0.2, 0), (None, 3), ("9", 3), (-1, 3)]
)
def test_a_budget_has_the_nearest_level(budget: Json, level: int) -> None:
    """By ratio; what is no budget counts as a whole training."""
    assert level_of(budget, [1, 3, 9, 27]) == level
