"""What TPE does with arguments, results and changes that the contract leaves open."""

from __future__ import annotations

import logging
import math
import statistics
from typing import Any

import pytest

from nni_core.model import Json
from nni_tuner_tpe.tpe import TpeTuner

LINE: dict[str, Json] = {"x": {"_type": "uniform", "_value": [0.0, 1.0]}}
LETTERS: dict[str, Json] = {"x": {"_type": "choice", "_value": ["a", "b", "c", "d"]}}


def tpe(space: dict[str, Json], **arguments: Any) -> TpeTuner:
    """A tuner that knows its search space."""
    tuner = TpeTuner(**{"seed": 1, **arguments})
    tuner.update_search_space(space)
    return tuner


def suggestions(tuner: TpeTuner, count: int = 20) -> list[Json]:
    """The next values of ``x``, none of which gets a result."""
    found = []
    for parameter_id in range(10_000, 10_000 + count):
        found.append(tuner.generate_parameters(parameter_id)["x"])
        tuner.trial_end(parameter_id, False)
    return found


def rows(value: Json, result: Json, count: int = 20) -> list[dict[str, Json]]:
    """Data to import: one value, many times."""
    return [{"parameter": {"x": value}, "value": result} for _ in range(count)]


@pytest.mark.parametrize(("mode", "best"), [("minimize", "a"), ("maximize", "d")])
def test_the_mode_says_which_results_are_good(mode: str, best: str) -> None:
    """Small results are good ones, or large ones."""
    tuner = tpe(LETTERS, optimize_mode=mode)
    tuner.import_data([{"parameter": {"x": letter}, "value": ord(letter)} for letter in "abcd" * 10])
    assert set(suggestions(tuner)) == {best}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "good", None, {"loss": 1.0}, {"default": math.nan}])
def test_a_result_without_a_finite_number_teaches_nothing(value: Json, caplog: pytest.LogCaptureFixture) -> None:
    """It is named in the log, and the next suggestions are those of a trial that failed."""
    told, failed = tpe(LINE, tpe_args={"n_startup_jobs": 2}), tpe(LINE, tpe_args={"n_startup_jobs": 2})
    for tuner in (told, failed):
        tuner.import_data(rows(0.5, 1.0))
        tuner.generate_parameters(0)
    with caplog.at_level(logging.WARNING):
        told.receive_trial_result(0, {"x": 0.1}, value)
    failed.trial_end(0, False)
    assert suggestions(told) == suggestions(failed)
    assert "result of parameters 0 left out" in caplog.text


def test_a_result_after_the_end_still_counts() -> None:
    """The parameters that come with it are learnt from."""
    tuner = tpe(LETTERS, tpe_args={"n_startup_jobs": 1})
    for parameter_id in range(30):
        parameters = tuner.generate_parameters(parameter_id)
        tuner.trial_end(parameter_id, True)
        tuner.receive_trial_result(parameter_id, parameters, 0.0 if parameters["x"] == "c" else 1.0)
    assert statistics.mode(suggestions(tuner)) == "c"


def test_other_parameters_than_suggested_are_believed() -> None:
    """The core replaces suggestions that were tried before; the result is that of what ran."""
    tuner = tpe(LETTERS)
    for parameter_id in range(40):
        tuner.generate_parameters(parameter_id)
        ran = "abcd"[parameter_id % 4]
        tuner.receive_trial_result(parameter_id, {"x": ran}, 0.0 if ran == "b" else 1.0)
    assert statistics.mode(suggestions(tuner)) == "b"


def test_data_that_fit_in_part_are_imported_in_part(caplog: pytest.LogCaptureFixture) -> None:
    """Unknown parameters are passed over, rows without any known value are counted in the log."""
    tuner = tpe(LETTERS)
    good = [{"parameter": {"x": "d", "y": 3}, "value": {"default": 0.0}}] * 10
    with caplog.at_level(logging.WARNING):
        tuner.import_data([*rows("a", 1.0, 10), *good, *rows("e", -1.0, 2), *rows("a", math.nan, 1)])
        tuner.import_data([*rows("b", 1.0, 5), *rows("c", 1.0, 5)])
    assert statistics.mode(suggestions(tuner)) == "d"
    assert "imported 20 of 23 results" in caplog.text


def test_results_outlive_a_change_of_the_space() -> None:
    """What was good stays good, wherever its value stands in the new list."""
    tuner = tpe(LETTERS)
    tuner.import_data([{"parameter": {"x": letter}, "value": -ord(letter)} for letter in "abcd" * 10])
    tuner.update_search_space({"x": {"_type": "choice", "_value": ["d", "c", "b"]}})
    assert statistics.mode(suggestions(tuner)) == "d"


@pytest.mark.parametrize(("liar", "spread_out"), [("best", False), ("worst", True)])
def test_the_liar_draws_running_trials_together_or_apart(liar: str, spread_out: bool) -> None:
    """Pretended to be the best, running trials attract more; pretended to be the worst, they repel."""
    gaps = []
    for seed in range(9):
        tuner = tpe(LINE, seed=seed, tpe_args={"multivariate": False, "constant_liar_type": liar})
        tuner.import_data([{"parameter": {"x": x / 40}, "value": (x / 40 - 0.5) ** 2} for x in range(41)])
        batch = [tuner.generate_parameters(parameter_id)["x"] for parameter_id in range(12)]
        gaps.append(statistics.pstdev(batch))
    assert (statistics.median(gaps) > 0.1) is spread_out


@pytest.mark.parametrize("liar", [None, "none"])
def test_without_a_liar_running_trials_are_left_out(liar: str | None) -> None:
    """The start-up ends with the results, not with the trials; both spellings of none mean the same."""
    tuner = tpe(LETTERS, tpe_args={"multivariate": False, "constant_liar_type": liar, "n_startup_jobs": 5})
    plain = tpe(LETTERS, tpe_args={"multivariate": False, "n_startup_jobs": 1000})
    running = [tuner.generate_parameters(parameter_id) for parameter_id in range(30)]
    assert running == [plain.generate_parameters(parameter_id) for parameter_id in range(30)]


def test_running_trials_end_the_random_start_of_nnis() -> None:
    """As in NNI, pretended results count."""
    nni = {"multivariate": False}
    tuner = tpe(LINE, tpe_args={**nni, "n_startup_jobs": 5})
    plain = tpe(LINE, tpe_args={**nni, "n_startup_jobs": 1000})
    same = [tuner.generate_parameters(each) == plain.generate_parameters(each) for each in range(8)]
    assert same[:5] == [True] * 5
    assert not all(same)


def test_a_seed_is_drawn_and_named_when_there_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """The log tells what to give to have the same again."""
    with caplog.at_level(logging.INFO):
        tuner = tpe(LINE, seed=None)
    seed = int(caplog.messages[0].removeprefix("using random seed "))
    assert suggestions(tuner) == suggestions(tpe(LINE, seed=seed))
