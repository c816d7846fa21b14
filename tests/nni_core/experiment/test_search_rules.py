"""What holds for suggestions whatever the tuner: constraints, duplicates, initial points, one seed for all of it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.api import AttemptStatus, Tuner
from nni_core.errors import ConfigError
from nni_core.experiment.control import Setting
from nni_core.experiment.live_control import LiveControl
from nni_core.experiment.profile import profile_of
from nni_core.experiment.seeds import derived_seed
from nni_core.experiment.sieve import REPEATS_ALLOWED, REUSED_IN_A_ROW, VIOLATIONS_ALLOWED, SearchRules
from nni_core.experiment.tuner_messages import AlgorithmRef
from nni_core.experiment.tuner_worker import built as built_in_worker
from nni_core.experiment.worker import Worker
from nni_core.model import Duplicates, ExperimentState, ParameterSource, TrialState
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_core.space import Constraints, SearchSpace
from nni_core.testing.experiment import LINE, CountingTuner, ExperimentKit

GRID = {"a": {"_type": "choice", "_value": [1, 2, 3]}, "b": {"_type": "randint", "_value": [0, 4]}}
MIXED = {
    "lr": {"_type": "loguniform", "_value": [0.001, 1]},
    "batch": {"_type": "choice", "_value": [8, 16, 32, 64]},
    "layer": {
        "_type": "choice",
        "_value": [{"_name": "none"}, {"_name": "conv", "size": {"_type": "randint", "_value": [1, 9]}}],
    },
}
CONSTRAINTS = ["lr * batch <= 2", "layer.size < 4 or batch == 8", "layer != 'none' or lr > 0.01"]
TUNERS = PluginRegistry.discover()


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[ExperimentKit]:
    kit = ExperimentKit(**options)
    await kit.start()
    try:
        yield kit
    finally:
        await kit.stop()


class Stubborn(CountingTuner):
    """Has one idea."""

    idea: Mapping[str, Any] = {"a": 1, "b": 0}

    def generate_parameters(self, parameter_id: int, **_: Any) -> Any:
        self.next += 1
        return self.idea


class Sampler(CountingTuner):
    """Draws from the search space."""

    def __init__(self, seed: int = 3) -> None:
        super().__init__()
        self.random = random.Random(seed)

    def generate_parameters(self, parameter_id: int, **_: Any) -> Any:
        return SearchSpace.parse(self.spaces[-1]).sample(self.random)


def built(name: str, seed: int) -> Tuner:
    taken = {field.alias for field in attrs.fields(TUNERS.resolve(PluginKind.TUNER, name).arguments)}
    arguments = {name: value for name, value in {"seed": seed, "optimize_mode": "maximize"}.items() if name in taken}
    tuner: Tuner = TUNERS.build_algorithm(PluginKind.TUNER, name=name, class_args=arguments)
    return tuner


@pytest.mark.parametrize("name", [name for name in TUNERS.names(PluginKind.TUNER) if name != "Batch"])
@settings(max_examples=3)
@given(seed=st.integers(0, 1000), chosen=st.sets(st.sampled_from(CONSTRAINTS), min_size=1))
def test_no_suggestion_of_any_tuner_breaks_a_constraint(name: str, seed: int, chosen: set[str]) -> None:
    """Of every tuner that is installed, with results in between; but for Batch, which tries a list as it is."""
    constraints = Constraints.read(sorted(chosen), SearchSpace.parse(MIXED))
    rules = SearchRules(seed=seed, constraints=sorted(chosen))
    worker = Worker(tuner=built(name, seed), assessor=None, search_space=MIXED, rules=rules)
    next_id, suggested = 0, 0
    while suggested < 20:
        answer = worker.ask(2, next_id)
        for parameter_id, parameters, *_ in answer["suggestions"]:
            assert constraints.broken_by(parameters) is None, parameters
            worker.end(parameter_id, parameters, f"t{parameter_id}", parameters["lr"], True, False)
        next_id, suggested = answer["next_id"], suggested + 2


async def test_a_tuner_that_only_breaks_a_constraint_is_replaced_by_draws() -> None:
    """It is asked again as often as is patient, told of each refusal, and the trials are its own all the same."""
    idea = {"lr": 0.9, "batch": 64, "layer": {"_name": "none"}}
    stubborn = type("Stuck", (Stubborn,), {"idea": idea})
    search = {"constraints": CONSTRAINTS, "seed": 4}
    async with running(tuner=stubborn, max_trials=3, search_space=MIXED, search=search) as kit:
        told = kit.tuner.tuner
        assert isinstance(told, CountingTuner)
        assert len(told.ends) == VIOLATIONS_ALLOWED
        assert kit.trials[0].parameter_id == VIOLATIONS_ALLOWED
        await kit.succeed(0, 0.5)
        assert told.results == [(VIOLATIONS_ALLOWED, kit.trials[0].parameters, 0.5)]
        constraints = Constraints.read(CONSTRAINTS, SearchSpace.parse(MIXED))
        assert all(constraints.broken_by(trial.parameters) is None for trial in kit.trials)
        assert kit.trials[0].source is ParameterSource.ALGORITHM


async def test_a_space_without_a_fitting_point_ends_with_the_constraint_that_refused_most() -> None:
    """Not an endless search: it is DONE, and says which to loosen."""
    search = {"constraints": ["x > 1", "x < 0"]}
    async with running(search_space=LINE, search=search) as kit:
        assert kit.state is ExperimentState.DONE
        assert "no parameters were found that satisfy the constraints: 'x < 0' refused" in kit.ledger.reason


async def test_exhaustion_counts_only_what_satisfies_the_constraints() -> None:
    """Three of twelve points: three trials."""
    async with running(tuner=Sampler, search_space=GRID, search={"constraints": ["a + b <= 3", "b > 0"]}) as kit:
        number = 0
        while kit.ledger.live:
            await kit.succeed(number)
            number += 1
        points = {(trial.parameters["a"], trial.parameters["b"]) for trial in kit.trials}
        assert points == {(1, 1), (1, 2), (2, 1)}
        assert len(kit.trials) == 3
        assert "satisfy the constraints have been tried" in kit.ledger.reason


async def test_ids_of_refused_suggestions_are_never_used_again() -> None:
    """Not even when a question brings nothing at all."""
    async with running(search_space=LINE, search={"constraints": ["x > 5", "x < 5"]}) as kit:
        first = kit.ledger.next_parameter_id
        assert first == VIOLATIONS_ALLOWED + 1
        assert [call["first_id"] for call in kit.tuner.calls if call["op"] == "ask"][:1] == [0]


@pytest.mark.parametrize("duplicates", list(Duplicates))
async def test_duplicates(duplicates: Duplicates) -> None:
    """``skip`` tries something else, ``allow`` the same again, ``reuse`` spends no process on it."""
    search = {"duplicates": duplicates.value, "seed": 1}
    async with running(tuner=Stubborn, max_trials=4, search_space=GRID, search=search) as kit:
        while kit.ledger.live:
            number = kit.ledger.trials[next(iter(kit.ledger.live))].sequence_id
            await kit.succeed(number, 0.5)
        different = len({str(trial.parameters) for trial in kit.trials})
        assert len(kit.trials) == 4
        assert (different, len(kit.service.submitted)) == {"skip": (4, 4), "allow": (1, 4), "reuse": (1, 1)}[duplicates]
        assert kit.states() == [TrialState.SUCCEEDED] * 4
        assert kit.state is ExperimentState.DONE


async def test_skipping_waits_before_it_replaces() -> None:
    """Ten times the tuner is asked again, as before there was a choice."""
    async with running(tuner=Stubborn, max_trials=2, search_space=GRID) as kit:
        await kit.succeed(0)
        assert kit.trials[1].parameter_id == 1 + REPEATS_ALLOWED


async def test_a_reused_result_is_told_and_shown() -> None:
    """On an endless space, too: the tuner learns it, the trial has the value and says where it came from."""
    tuner = type("Stuck", (Stubborn,), {"idea": {"x": 0.5}})
    async with running(tuner=tuner, max_trials=2, search={"duplicates": "reuse"}) as kit:
        await kit.succeed(0, {"default": 3, "loss": float("inf")})
        trial = kit.trials[1]
        assert trial.final is not None
        assert trial.final.value == {"default": 3, "loss": float("inf")}
        assert trial.message == "the result of trial 0 was used, which had the same parameters"
        assert None not in {trial.started_at, trial.ended_at}
        assert isinstance(kit.tuner.tuner, CountingTuner)
        assert [parameter_id for parameter_id, *_ in kit.tuner.tuner.results] == [0, 1]


async def test_a_tuner_that_only_repeats_itself_ends_the_experiment() -> None:
    """Reused trials cost nothing, so nothing else would stop it."""
    tuner = type("Stuck", (Stubborn,), {"idea": {"x": 0.5}})
    async with running(tuner=tuner, search={"duplicates": "reuse"}) as kit:
        await kit.succeed(0)
        assert kit.state is ExperimentState.DONE
        assert len(kit.trials) == 1 + REUSED_IN_A_ROW
        assert "only repeated earlier trials" in kit.ledger.reason


async def test_initial_points_come_first_and_in_order() -> None:
    """They count as trials, the tuner learns from them, and room that they leave is the tuner's."""
    points = [{"x": 7.0}, {"x": 5.0}, {"x": 6.0}]
    async with running(concurrency=2, max_trials=5, search={"initialPoints": points}) as kit:
        assert [trial.parameters["x"] for trial in kit.trials] == [7, 5]
        await kit.succeed(0, 1)
        await kit.succeed(1, 2)
        assert [trial.parameters["x"] for trial in kit.trials] == [7, 5, 6, 0]
        assert [trial.source.value for trial in kit.trials] == ["customized"] * 3 + ["algorithm"]
        await kit.succeed(2, 3)
        await kit.succeed(3, 4)
        await kit.succeed(4, 5)
        assert kit.state is ExperimentState.DONE
        assert isinstance(kit.tuner.tuner, CountingTuner)
        assert [value for _, _, value in kit.tuner.tuner.results] == [1, 2, 3, 4, 5]


async def test_initial_points_are_tried_once_over_all_managers() -> None:
    """A resume goes on with those that were not begun."""
    points = [{"x": 7.0}, {"x": 5.0}, {"x": 6.0}]
    first = ExperimentKit(max_trials=4, search={"initialPoints": points})
    await first.start()
    await first.succeed(0)
    attempt = first.attempt(1)
    await first.store.flush()
    await first.stop()
    second = ExperimentKit(max_trials=4, log=first.log)
    second.service.found = {attempt: AttemptStatus.ABSENT}
    await second.start()
    for number in range(1, 4):
        await second.succeed(number)
    assert [trial.parameters["x"] for trial in second.trials] == [7, 5, 6, 0]
    await second.stop()


async def test_an_initial_point_outside_a_changed_space_is_passed_over() -> None:
    """It was right when it was written, and is of no use now."""
    async with running(max_trials=3, search={"initialPoints": [{"x": 7.0}, {"x": 500.0}, {"x": 6.0}]}) as kit:
        await kit.engine.change({"searchSpace": {"x": {"_type": "uniform", "_value": [0, 10]}}})
        await kit.succeed(0)
        await kit.succeed(1)
        assert [trial.parameters["x"] for trial in kit.trials] == [7, 6, 0]


async def play(kit: ExperimentKit, steps: int) -> None:
    """Trials end one by one, every third badly."""
    for _ in range(steps):
        if not kit.ledger.live:
            return
        trial = kit.ledger.trials[next(iter(kit.ledger.live))]
        if trial.sequence_id % 3 == 2:
            await kit.exit(trial.sequence_id, 1)
        else:
            await kit.succeed(trial.sequence_id, trial.sequence_id)


@settings(max_examples=20)
@given(cut=st.integers(0, 12), duplicates=st.sampled_from(list(Duplicates)), seed=st.integers(0, 5))
async def test_a_resumed_experiment_goes_on_as_if_it_had_not_stopped(
    cut: int, duplicates: Duplicates, seed: int
) -> None:
    """Refusals, draws and reused results are the same: the log is told again, and nothing depends on the clock."""
    search = {
        "duplicates": duplicates.value,
        "seed": seed,
        "constraints": ["a + b <= 4", "a != 3 or b > 0"],
        "initialPoints": [{"a": 1, "b": 1}, {"a": 2, "b": 2}],
    }
    options: Mapping[str, Any] = {"concurrency": 2, "max_trials": 14, "tuner": Sampler, "search_space": GRID}
    whole = ExperimentKit(**options, search=search)
    await whole.start()
    await play(whole, 14)
    await whole.stop()
    first = ExperimentKit(**options, search=search)
    await first.start()
    await play(first, cut)
    attempts, submitted = [trial.attempt_id for trial in first.trials], first.service.submitted
    await first.store.flush()
    await first.stop()
    second = ExperimentKit(**options, search=search, log=first.log)
    second.service.found = dict.fromkeys(attempts, AttemptStatus.RUNNING)
    second.service.submitted.update(submitted)
    await second.start()
    await play(second, 14)
    assert [trial.parameters for trial in second.trials] == [trial.parameters for trial in whole.trials]
    assert second.states() == whole.states()
    await second.stop()


def control_of(kit: ExperimentKit) -> LiveControl:
    return LiveControl(
        engine=kit.engine,
        store=kit.store,
        service=kit.service,
        profile=lambda: profile_of(kit.ledger, directory=Path("kit"), duration=0),
        request_stop=lambda: None,
    )


async def test_what_a_user_adds_has_to_satisfy_the_constraints() -> None:
    """As it has to lie in the search space."""
    async with running(search={"constraints": ["x < 10"]}) as kit:
        with pytest.raises(ConfigError, match=r"NNI243.* do not satisfy the constraint 'x < 10'"):
            await control_of(kit).add_trial({"x": 11.0})
        await control_of(kit).add_trial({"x": 9.0})
        assert [trial.parameters["x"] for trial in kit.trials] == [0, 9]


async def test_a_new_search_space_has_to_fit_the_constraints() -> None:
    """Their parameters have to be in it, and something has to satisfy them."""
    async with running(search={"constraints": ["x < 600000"]}) as kit:
        control, lacking, far = (
            control_of(kit),
            {"y": LINE["x"]},
            {"x": {"_type": "uniform", "_value": [700000, 800000]}},
        )
        with pytest.raises(ConfigError, match="no parameter 'x', at character 1 of 'x < 600000'"):
            await control.change(Setting.SEARCH_SPACE, lacking)
        with pytest.raises(ConfigError, match="nothing in the search space satisfies"):
            await control.change_all({Setting.SEARCH_SPACE: far})
        await control.change(Setting.SEARCH_SPACE, {**LINE, **lacking})
        assert list(kit.ledger.config["searchSpace"]) == ["x", "y"]


def test_secrets_of_the_environment_are_not_shown() -> None:
    """Neither by the portal nor by ``nnictl``; the trials have them."""
    kit = ExperimentKit(search={"env": {"API_TOKEN": "abc", "N": 3}})
    assert profile_of(kit.ledger, directory=Path("kit"), duration=0).config["env"] == {"API_TOKEN": "(hidden)", "N": 3}


OWN = """
from nni.tuner import Tuner

class Seeded(Tuner):
    def __init__(self, scale=1, seed=None):
        self.seed = seed
    def update_search_space(self, space):
        pass
    def generate_parameters(self, parameter_id, **kwargs):
        return {}

class Plain(Seeded):
    def __init__(self):
        super().__init__(seed="none")
"""


@pytest.mark.parametrize(
    ("name", "class_args", "seed"),
    [("Seeded", {}, derived_seed(9, "tuner")), ("Seeded", {"seed": 3}, 3), ("Plain", {}, "none")],
)
def test_a_class_of_the_users_own_gets_a_seed_if_it_takes_one(
    tmp_path: Path, name: str, class_args: Mapping[str, Any], seed: Any
) -> None:
    """And was given none."""
    module = f"own_{name}_{len(class_args)}".lower()
    (tmp_path / f"{module}.py").write_text(OWN)
    ref = AlgorithmRef(class_name=f"{module}.{name}", code_directory=str(tmp_path), class_args=class_args)
    rules = SearchRules(seed=9)
    assert built_in_worker(TUNERS, PluginKind.TUNER, ref.as_json(), rules).seed == seed


def test_derived_seeds_are_what_they_always_were() -> None:
    """A change here would change every experiment that is repeated from its seed."""
    assert derived_seed(5, "tuner") == 1706247629
    assert derived_seed(5, "assessor") != derived_seed(5, "tuner")
    assert all(0 <= derived_seed(seed, "tuner") < 2**31 for seed in range(1000))
