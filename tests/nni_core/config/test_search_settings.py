"""``seed``, ``env``, ``initial_points``, ``constraints`` and ``duplicates`` in a config file."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from nni_core.client.starting import new_order, seed_line
from nni_core.config.environment import as_text
from nni_core.config.search_checks import completed
from nni_core.errors import ConfigError
from nni_core.experiment.seeds import derived_seed
from nni_core.manager.order import Listening
from nni_core.space import Constraints, SearchSpace

LISTENING = Listening(addresses=["127.0.0.1"], port=0)


@pytest.mark.parametrize(
    ("line", "code", "column", "says"),
    [
        ("seed: abc", "NNI203", 7, "a whole number"),
        ("seed: -1", "NNI203", 7, "≤ 4294967295, got the whole number -1"),
        ("env: [A]", "NNI203", 6, "a mapping"),
        ("env: {A: [1]}", "NNI203", 10, "'A' must be text, a whole number, a number or true or false, got a list"),
        ("env: {A: null}", "NNI203", 10, "got nothing"),
        ("env: {NNI_SYS_DIR: x}", "NNI241", 7, "is set by NNI"),
        ("env: {CUDA_VISIBLE_DEVICES: 1}", "NNI241", 7, "trial_gpu_number"),
        ("env: {'A=B': 1}", "NNI242", 7, "cannot be the name"),
        ("initial_points: {lr: 1}", "NNI203", 17, "a list"),
        ("initial_points: [{lr: 0.01}, {lr: 5}]", "NNI372", 35, "from 0.0001 to 0.1, got 5"),
        ("initial_points: [{momentun: 0.5}]", "NNI370", 19, "did you mean 'momentum'?"),
        ("constraints: lr < 1", "NNI203", 14, "a list of texts"),
        ("constraints: [lr < 1, lr < momentun]", "NNI130", 28, "did you mean 'momentum'?"),
        ("constraints: ['lr < 1 and momentun > 0']", "NNI130", 27, "momentun"),
        ('constraints: ["features * lr = 1"]', "NNI128", 30, "write '=='"),
        ("constraints: [lr > 1]", "NNI240", 14, "none of 10000 random draws"),
        ("constraints: [features < 'a']", "NNI134", 15, "needs numbers"),
        ("duplicates: resue", "NNI203", 13, "write reuse"),
    ],
)
def test_mistakes_have_their_place(line: str, code: str, column: int, says: str, bench: Any, tutorial: str) -> None:
    """The column is that of what is wrong, inside an expression too."""
    (problem,) = [one for one in bench.problems(f"{tutorial}{line}\n") if one.code != "NNI226"]
    assert (problem.code, problem.location.line, problem.location.column) == (code, 25, column)
    assert says in f"{problem.message} {problem.help}"


def test_an_expression_that_the_file_shows_otherwise_is_quoted(bench: Any, tutorial: str) -> None:
    """Over several lines a column would be a guess."""
    (problem,) = bench.problems(f"{tutorial}constraints:\n  - >-\n    lr <\n    momentun\n")
    assert problem.message == "the search space has no parameter 'momentun', at character 6 of 'lr < momentun'"
    assert problem.location.line == 26


def test_an_initial_point_has_to_satisfy_the_constraints(bench: Any, tutorial: str) -> None:
    """A whole one is wrong or right; of a partial one some completion has to be right."""
    points = "initial_points: [{lr: 0.1, features: 128, momentum: 1}, {lr: 0.1}, {momentum: 0.5}]\n"
    problems = bench.problems(f"{tutorial}constraints: [lr * features < 10]\n{points}")
    assert [(one.code, one.location.column) for one in problems] == [("NNI243", 18), ("NNI243", 57)]
    assert "do not satisfy" in problems[0].message
    assert "'lr * features < 10' refused 1000 of 1000" in problems[1].message


def test_odd_but_possible_settings_are_warned_of(bench: Any, tutorial: str) -> None:
    """More points than trials, the same point twice, a value that a choice never has."""
    whole = "{lr: 0.1, features: 128, momentum: 1}"
    text = tutorial.replace("max_trial_number: 10", "max_trial_number: 2")
    loaded = bench.load(f"{text}initial_points: [{whole}, {whole}, {whole}]\nconstraints: [features != 100]\n")
    assert [one.code for one in loaded.warnings] == ["NNI245", "NNI244", "NNI244", "NNI135"]


def test_a_space_that_only_its_own_tuner_reads_has_no_constraints(bench: Any, tutorial: str) -> None:
    """Nothing could be told of it."""
    text = tutorial.replace("_type: uniform", "_type: special").replace("  name: TPE", "  class_name: model.Mine")
    problems = [one for one in bench.problems(f"{text}constraints: [lr < 1]\n") if one.fatal]
    assert [(one.code, one.location.line) for one in problems] == [("NNI246", 25)]


def test_secrets_are_not_repeated_in_messages(bench: Any, tutorial: str) -> None:
    """Neither the value nor its line."""
    (problem,) = bench.problems(f"{tutorial}env:\n  DB_PASSWORD: [hunter2]\n")
    assert "hunter2" not in problem.render()


def test_variables_are_passed_as_text(bench: Any, tutorial: str) -> None:
    """As they are written in the file."""
    loaded = bench.load(f"{tutorial}env: {{A: true, B: 0.5, C: 1, D: 'no', E: 1e-5}}\n")
    assert as_text(loaded.config.env) == {"A": "true", "B": "0.5", "C": "1", "D": "no", "E": "1e-05"}


def test_one_seed_is_the_start_of_everything(bench: Any, tutorial: str) -> None:
    """Algorithms that were given none get one derived from it, and partial points are completed from it."""
    loaded = bench.load(f"{tutorial}seed: 7\ninitial_points: [{{lr: 0.01}}]\nassessor: Medianstop\n")
    (first, _), (second, _) = new_order(loaded, LISTENING), new_order(loaded, LISTENING)
    assert first.config == second.config
    assert first.config is not None
    assert first.config["seed"] == 7
    assert first.config["tuner"]["classArgs"]["seed"] == derived_seed(7, "tuner")
    assert "seed" not in first.config["assessor"]["classArgs"]
    (point,) = first.config["initialPoints"]
    assert set(point) == {"features", "lr", "momentum"}
    assert point["lr"] == 0.01
    assert seed_line(loaded, first) == "Seed: 7"


def test_a_seed_that_was_left_out_is_drawn_and_kept(bench: Any, tutorial: str) -> None:
    """And shown in a way that can be typed; one that an algorithm was given stays."""
    loaded = bench.load(tutorial.replace("optimize_mode: maximize", "optimize_mode: maximize\n    seed: 3"))
    orders = [new_order(loaded, LISTENING)[0] for _ in range(2)]
    seeds = [order.config["seed"] for order in orders if order.config]
    assert seeds[0] != seeds[1]
    assert [order.config["tuner"]["classArgs"]["seed"] for order in orders if order.config] == [3, 3]
    assert f"Seed: {seeds[0]} (drawn; `seed: {seeds[0]}` in the config" in seed_line(loaded, orders[0])


def test_a_partial_point_is_completed_within_the_constraints() -> None:
    """The rest is drawn again until it fits; what cannot fit is refused."""
    space = SearchSpace.parse({name: {"_type": "randint", "_value": [0, 100]} for name in "ab"})
    constraints = Constraints.read(["a + b == 100"], space)
    assert all(completed({"a": 60}, space, constraints, Random(seed))["b"] == 40 for seed in range(5))
    with pytest.raises(ConfigError, match=r"no completion of this point was found: 'a \+ b == 100' refused 1000"):
        completed({"a": 0}, space, constraints, Random(0))
