"""Ask and tell, without trials."""

import asyncio
import math
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nni
from nni.experiment import AlgorithmConfig
from nni_core.client.study import Study
from nni_core.errors import ConfigError, ConflictError, NotFoundError
from nni_core.experiment.seeds import derived_seed
from nni_core.model import TrialState
from nni_core.testing.experiment import ExperimentKit
from nni_tuner_tpe.tpe import TpeTuner

LINE = {"x": {"_type": "uniform", "_value": [-5, 5]}}
COINS = {"a": {"_type": "choice", "_value": [1, 2]}, "b": {"_type": "choice", "_value": ["x", "y"]}}
MIXED = {**LINE, "kind": {"_type": "choice", "_value": ["a", "b"]}, "n": {"_type": "randint", "_value": [0, 50]}}


def test_a_study_comes_with_nni() -> None:
    """That is where users find it."""
    assert nni.Study is Study


def test_tpe_finds_the_bottom_of_a_parabola() -> None:
    """The example of the documentation."""
    study = Study(LINE, tuner="tpe", class_args={"optimize_mode": "minimize"}, seed=7)
    for _ in range(40):
        suggestion = study.ask()
        study.tell(suggestion, (suggestion.parameters["x"] - 2) ** 2)
    assert study.best is not None
    assert abs(study.best.parameters["x"] - 2) < 0.5
    assert len(study.trials) == 40
    assert {trial.state for trial in study.trials} == {TrialState.SUCCEEDED}


def test_the_seed_is_the_whole_of_chance() -> None:
    """Equal seeds give equal suggestions; a seed that was drawn can be given again."""
    first = Study(MIXED)
    again = Study(MIXED, seed=first.seed)
    assert [one.parameters for one in first.ask_many(5)] == [one.parameters for one in again.ask_many(5)]


def test_results_come_in_any_order_and_kind() -> None:
    """Numbers of numpy, dicts, failures and NaN; the best is the best finite one."""
    study = Study(LINE, class_args={"optimize_mode": "maximize"}, seed=1)
    open_ones = study.ask_many(4)
    study.tell(open_ones[3].id, {"default": numpy.float32(0.5), "loss": 2})
    study.tell(open_ones[0], math.nan)
    study.tell(open_ones[1], failed=True)
    assert study.best is not None
    assert (study.best.id, study.best.value) == (open_ones[3].id, {"default": 0.5, "loss": 2})
    assert [trial.state for trial in study.trials] == ["SUCCEEDED", "FAILED", "RUNNING", "SUCCEEDED"]


def test_what_cannot_be_told() -> None:
    """Nothing, something twice, something unknown, and what is no result."""
    study = Study(LINE, seed=1)
    suggestion = study.ask()
    with pytest.raises(TypeError, match="got NoneType None"):
        study.tell(suggestion)
    with pytest.raises(ValueError, match="either a value or failed=True"):
        study.tell(suggestion, 1, failed=True)
    study.tell(suggestion, 1)
    with pytest.raises(ConflictError, match=r"NNI645.*suggestion 0 was told before: it is SUCCEEDED"):
        study.tell(suggestion, 2)
    with pytest.raises(NotFoundError, match="NNI644"):
        study.tell(99, 1)


def test_a_finite_space_ends() -> None:
    """Every point once, then NoMoreTrialError."""
    study = Study(COINS, seed=3)
    points = study.ask_many(9)
    assert len({tuple(one.parameters.values()) for one in points}) == len(points) == 4
    with pytest.raises(nni.NoMoreTrialError, match="all 4 points of the search space have been tried"):
        study.ask()
    allowed = Study(COINS, seed=3, duplicates="allow")
    assert len(allowed.ask_many(9)) == 9


def test_ids_never_repeat() -> None:
    """A question that brought nothing has used some up, and so have refused suggestions."""
    study = Study({"x": {"_type": "choice", "_value": [1, 2]}}, seed=3)
    for one in study.ask_many(2):
        study.tell(one, 1)
    for _ in range(2):
        with pytest.raises(nni.NoMoreTrialError):
            study.ask()
    study = Study(LINE, seed=3, constraints=["x > 4"])
    seen = [study.ask().id for _ in range(10)]
    assert len(set(seen)) == 10
    assert seen == sorted(seen)


WAITS = """
from nni import NoMoreTrialError
from nni.tuner import Tuner
class Waits(Tuner):
    ids = []
    def update_search_space(self, search_space): ...
    def generate_parameters(self, parameter_id, **kwargs):
        self.ids.append(parameter_id)
        if len(self.ids) == 2:
            raise NoMoreTrialError
        return {"x": len(self.ids), "ids": list(self.ids)}
"""


def test_a_question_that_brings_nothing_takes_an_id(tmp_path: Path) -> None:
    """The tuner has seen it by then."""
    (tmp_path / "waits_in_study.py").write_text(WAITS)
    study = Study({}, AlgorithmConfig(class_name="waits_in_study.Waits", code_directory=tmp_path))
    study.ask()
    with pytest.raises(nni.NoMoreTrialError):
        study.ask()
    suggestion = study.ask()
    assert (suggestion.id, suggestion.parameters["ids"]) == (2, [0, 1, 2])


def test_initial_points_come_first() -> None:
    """In their order, with what they leave out drawn; the tuner learns what came of them."""
    space = {**LINE, "y": {"_type": "choice", "_value": [1, 2]}}
    study = Study(space, seed=3, initial_points=[{"x": 1.0, "y": 2}, {"x": 2.0}], tuner="TPE")
    assert study.ask().parameters == {"x": 1.0, "y": 2}
    second, third = study.ask_many(2)
    assert (second.parameters["x"], [one.id for one in study.trials]) == (2.0, [0, 1, 2])
    assert third.parameters["x"] not in {1.0, 2.0}
    study.tell(0, 5)
    assert study.best is not None
    assert study.best.id == 0
    with pytest.raises(ConfigError, match="NNI372"):
        Study(space, initial_points=[{"x": 99.0}])


def test_constraints_hold() -> None:
    """As in a config."""
    study = Study(LINE, seed=3, constraints=["x > 1"])
    assert all(one.parameters["x"] > 1 for one in study.ask_many(20))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"tuner": "TPEE"}, "NNI402"),
        ({"class_args": {"optimise_mode": "maximize"}}, "NNI452"),
        ({"seed": "many"}, "NNI203"),
        ({"constraints": ["z > 1"]}, "NNI130"),
        ({"duplicates": "reuse"}, "NNI643"),
        ({"search_space": {"x": {"_type": "unifrm", "_value": [0, 1]}}}, "NNI307"),
    ],
)
def test_mistakes_are_told_as_in_a_config(arguments: dict[str, Any], code: str) -> None:
    """With their codes, before anything is suggested."""
    with pytest.raises(ConfigError) as caught:
        Study(**{"search_space": LINE, **arguments})
    assert code in {problem.code for problem in caught.value.problems}


MINE = """
from nni.tuner import Tuner
class Mine(Tuner):
    def __init__(self, step):
        self.step, self.learned = step, []
    def update_search_space(self, search_space):
        self.space = search_space
    def generate_parameters(self, parameter_id, **kwargs):
        return {"x": self.step * parameter_id, "learned": list(self.learned), "space": self.space}
    def receive_trial_result(self, parameter_id, parameters, value, **kwargs):
        self.learned.append(value)
"""


def test_a_class_of_the_users_own(tmp_path: Path) -> None:
    """What was written for NNI keeps its freedom: any space, any suggestion, any result."""
    (tmp_path / "mine_for_study.py").write_text(MINE)
    tuner = AlgorithmConfig(class_name="mine_for_study.Mine", code_directory=tmp_path, class_args={"step": 2})
    study = Study({"anything": [1, 2]}, tuner)
    with pytest.warns(RuntimeWarning, match="the metric is a list"):
        study.tell(study.ask(), [1, "two"])
    assert study.ask().parameters == {"x": 2, "learned": [[1, "two"]], "space": {"anything": [1, 2]}}
    assert study.best is None


def test_results_from_elsewhere() -> None:
    """They count as tried."""
    study = Study(COINS, seed=3)
    study.import_data([{"parameter": {"a": 1, "b": "x"}, "value": 1.0}])
    assert {"a": 1, "b": "x"} not in [one.parameters for one in study.ask_many(9)]


def test_trainings_go_on_where_a_tuner_gives_budgets() -> None:
    """Nobody but the tuner knows whose checkpoints they begin with."""
    study = Study(LINE, tuner="ASHA", class_args={"optimize_mode": "minimize", "max_budget": 9}, seed=1)
    assert study.gives_budgets
    budgets: dict[int, int] = {}
    gone_on = 0
    for _ in range(40):
        suggestion = study.ask()
        parameters = dict(suggestion.parameters)
        budgets[suggestion.id] = parameters.pop("TRIAL_BUDGET")
        if suggestion.checkpoints_of is not None:
            gone_on += 1
            before = study.trials[suggestion.checkpoints_of]
            assert before.parameters == {**parameters, "TRIAL_BUDGET": budgets[before.id]}
            assert budgets[before.id] * 3 == budgets[suggestion.id]
        study.tell(suggestion, (parameters["x"] - 2) ** 2 + 1 / budgets[suggestion.id])
    assert gone_on > 5


def result_of(parameters: Any) -> float:
    return float(parameters["x"] ** 2 + parameters["n"])


async def tried_in_an_experiment(seed: int, fails: set[int], count: int) -> list[Any]:
    """The real engine, one trial at a time."""
    kit = ExperimentKit(
        max_trials=count,
        tuner=lambda: TpeTuner(optimize_mode="minimize", seed=derived_seed(seed, "tuner")),
        search_space=MIXED,
        search={"seed": seed},
    )
    await kit.start()
    for number in range(count):
        if number in fails:
            await kit.begin(number)
            await kit.exit(number, 1)
        else:
            await kit.succeed(number, result_of(kit.trials[number].parameters))
    tried = [trial.parameters for trial in kit.trials]
    await kit.stop()
    return tried


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), fails=st.sets(st.integers(0, 29), max_size=10))
def test_a_study_suggests_what_an_experiment_tries(seed: int, fails: set[int]) -> None:
    """With the same seed and the same results, failures among them."""
    study = Study(MIXED, class_args={"optimize_mode": "minimize"}, seed=seed)
    for number in range(30):
        suggestion = study.ask()
        if number in fails:
            study.tell(suggestion, failed=True)
        else:
            study.tell(suggestion, result_of(suggestion.parameters))
    assert [one.parameters for one in study.trials] == asyncio.run(tried_in_an_experiment(seed, fails, 30))
