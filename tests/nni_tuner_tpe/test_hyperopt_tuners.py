"""What the tuners on hyperopt do beyond the contract: values in NNI's form, running trials, changes of the space."""

from __future__ import annotations

import logging
import math
import random
import statistics
from typing import Any

import pytest

from nni_core.errors import ConfigError
from nni_core.model import Json
from nni_core.space import SearchSpace
from nni_core.testing.spaces import EVERYTHING
from nni_tuner_tpe.hyperopt_space import HyperoptSpace
from nni_tuner_tpe.hyperopt_tuner import HyperoptAnnealTuner, HyperoptTpeTuner

LETTERS: dict[str, Json] = {"x": {"_type": "choice", "_value": ["a", "b", "c", "d"]}}
LINE: dict[str, Json] = {"x": {"_type": "uniform", "_value": [0.0, 1.0]}}


def tpe(space: dict[str, Json], **arguments: Any) -> HyperoptTpeTuner:
    """TPE_legacy that knows its search space."""
    tuner = HyperoptTpeTuner(**{"seed": 1, **arguments})
    tuner.update_search_space(space)
    return tuner


def suggestions(tuner: HyperoptTpeTuner, count: int = 15) -> list[Json]:
    """The next values of ``x``, none of which gets a result."""
    found = []
    for parameter_id in range(10_000, 10_000 + count):
        found.append(tuner.generate_parameters(parameter_id)["x"])
        tuner.trial_end(parameter_id, False)
    return found


def test_every_type_is_translated_both_ways() -> None:
    """Parameters become hyperopt's values and the same parameters again."""
    space = SearchSpace.parse(EVERYTHING)
    translation = HyperoptSpace(space)
    for seed in range(50):
        parameters = space.sample(random.Random(seed))
        again = space.internal(translation.external(translation.labelled(parameters)))
        assert again == pytest.approx(space.internal(parameters), rel=1e-12)


def test_values_are_the_users_own() -> None:
    """The value of a choice and not its index; whole numbers that begin where the user said."""
    raw = {"c": {"_type": "choice", "_value": ["x", [1, 2]]}, "r": {"_type": "randint", "_value": [100, 103]}}
    tuner = tpe(raw)
    suggested = [tuner.generate_parameters(parameter_id) for parameter_id in range(40)]
    assert {parameters["r"] for parameters in suggested} == {100, 101, 102}
    assert {str(parameters["c"]) for parameters in suggested} == {"x", "[1, 2]"}


def test_a_huge_range_of_whole_numbers_needs_no_table() -> None:
    """A billion seeds, long after the random start."""
    tuner = tpe({"x": {"_type": "randint", "_value": [-5, 10**9]}})
    for parameter_id in range(30):
        parameters = tuner.generate_parameters(parameter_id)
        assert -5 <= parameters["x"] < 10**9
        tuner.receive_trial_result(parameter_id, parameters, parameters["x"])


@pytest.mark.parametrize(("mode", "best"), [("minimize", "a"), ("maximize", "d")])
def test_the_mode_says_which_results_are_good(mode: str, best: str) -> None:
    """Small results are good ones, or large ones."""
    tuner = tpe(LETTERS, optimize_mode=mode)
    tuner.import_data([{"parameter": {"x": letter}, "value": ord(letter)} for letter in "abcd" * 10])
    assert statistics.mode(suggestions(tuner)) == best


def while_and_after_running(class_: type, **arguments: Any) -> tuple[list[Json], list[Json]]:
    """What is suggested while trials run, and what after they have ended without results."""
    tuner = class_(seed=1, **arguments)
    tuner.update_search_space(LINE)
    tuner.import_data([{"parameter": {"x": x / 40}, "value": (x / 40 - 0.5) ** 2} for x in range(41)])
    running = [tuner.generate_parameters(parameter_id)["x"] for parameter_id in range(12)]
    for parameter_id in range(12):
        tuner.trial_end(parameter_id, False)
    return running, suggestions(tuner)


@pytest.mark.parametrize("class_", [HyperoptTpeTuner, HyperoptAnnealTuner])
def test_running_trials_can_be_pretended_to_be_good(class_: type) -> None:
    """The smallest loss makes other suggestions than hyperopt's infinite one, and is gone when the trials end."""
    without, after_without = while_and_after_running(class_)
    pretended, after_pretended = while_and_after_running(class_, parallel_optimize=True)
    assert pretended != without
    assert after_pretended == after_without


@pytest.mark.parametrize("liar", ["max", "mean"])
def test_running_trials_can_be_pretended_to_be_bad(liar: str) -> None:
    """For hyperopt's TPE one bad loss is like another, infinite or not."""
    pretended = while_and_after_running(HyperoptTpeTuner, parallel_optimize=True, constant_liar_type=liar)
    assert pretended == while_and_after_running(HyperoptTpeTuner)


@pytest.mark.parametrize("value", [math.nan, -math.inf, "good", None, {"loss": 1.0}])
def test_a_result_without_a_finite_number_teaches_nothing(value: Json, caplog: pytest.LogCaptureFixture) -> None:
    """It is named in the log, and the next suggestions are those of a trial that failed."""
    told, failed = tpe(LETTERS), tpe(LETTERS)
    for tuner in (told, failed):
        tuner.import_data([{"parameter": {"x": letter}, "value": ord(letter)} for letter in "abcd" * 10])
        tuner.generate_parameters(0)
    with caplog.at_level(logging.WARNING):
        told.receive_trial_result(0, {"x": "b"}, value)
    failed.trial_end(0, False)
    assert suggestions(told) == suggestions(failed)
    assert "result of parameters 0 left out" in caplog.text


def test_other_parameters_than_suggested_are_believed() -> None:
    """The core replaces suggestions that were tried before; the result is that of what ran."""
    tuner = tpe(LETTERS)
    for parameter_id in range(40):
        tuner.generate_parameters(parameter_id)
        ran = "abcd"[parameter_id % 4]
        tuner.receive_trial_result(parameter_id, {"x": ran}, 0.0 if ran == "b" else 1.0)
    assert statistics.mode(suggestions(tuner)) == "b"


def test_results_outlive_a_change_of_the_space() -> None:
    """Trials that lie in the new space too are kept, wherever their values stand in it."""
    tuner = tpe(LETTERS)
    tuner.import_data([{"parameter": {"x": letter}, "value": -ord(letter)} for letter in "abcd" * 10])
    tuner.update_search_space({"x": {"_type": "choice", "_value": ["d", "c", "b"]}})
    assert statistics.mode(suggestions(tuner)) == "d"


def test_imported_data_outside_the_space_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """hyperopt needs whole parameter sets: others are left out."""
    tuner = tpe(LETTERS)
    with caplog.at_level(logging.WARNING):
        tuner.import_data([{"parameter": {"x": "a"}, "value": 1}, {"parameter": {"y": "a"}, "value": 1}])
    assert "imported 1 of 2 results" in caplog.text


def test_a_broken_space_is_refused() -> None:
    """As everywhere: the core's own message."""
    with pytest.raises(ConfigError, match="there is no parameter type 'unifrom'"):
        tpe({"x": {"_type": "unifrom", "_value": [0, 1]}})
