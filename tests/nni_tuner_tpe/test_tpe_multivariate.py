"""What the multivariate TPE sees that NNI's does not: interactions, branches, order, running trials, repetitions."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from statistics import mean
from typing import Any

import pytest

from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_tpe.tpe import TpeTuner


def _of(type_: str, *value: Json) -> dict[str, Json]:
    return {"_type": type_, "_value": list(value)}


PLANE: dict[str, Json] = {name: _of("uniform", 0.0, 1.0) for name in "xy"}
RATE = _of("loguniform", 1e-4, 1.0)
BRANCHES: dict[str, Json] = {
    "optimizer": _of(
        "choice",
        {"_name": "sgd", "rate": RATE, "momentum": _of("uniform", 0.0, 1.0)},
        {"_name": "adam", "rate": RATE},
        {"_name": "none"},
    )
}
FINITE: dict[str, Json] = {"a": _of("choice", "x", "y", "z"), "b": _of("randint", 0, 4)}


def tpe(space: dict[str, Json], **tpe_args: Any) -> TpeTuner:
    """A tuner that knows its search space."""
    tuner = TpeTuner(seed=1, tpe_args=tpe_args)
    tuner.update_search_space(space)
    return tuner


def taught(tuner: TpeTuner, space: dict[str, Json], loss: Callable[[Parameters], float], count: int = 80) -> TpeTuner:
    """The tuner, after results of random parameters."""
    known, source = SearchSpace.parse(space), random.Random(2)
    points = [known.sample(source) for _ in range(count)]
    tuner.import_data([{"parameter": point, "value": loss(point)} for point in points])
    return tuner


def asked(tuner: TpeTuner, count: int = 20) -> list[Parameters]:
    """The next suggestions, none of which gets a result."""
    found = []
    for parameter_id in range(count):
        found.append(tuner.generate_parameters(parameter_id))
        tuner.trial_end(parameter_id, False)
    return found


def test_two_parameters_are_seen_together() -> None:
    """Where only x = y is good, each of them by itself says nothing, and both together everything."""

    def gap(parameters: Parameters) -> float:
        return abs(float(parameters["x"]) - float(parameters["y"]))

    joint = mean(map(gap, asked(taught(tpe(PLANE), PLANE, gap))))
    single = mean(map(gap, asked(taught(tpe(PLANE, multivariate=False), PLANE, gap))))
    assert joint < 0.1 < single


def test_a_branch_is_learnt_from_the_trials_that_took_it() -> None:
    """Momentum matters under sgd alone, and there it is found, though most trials have none."""

    def loss(parameters: Parameters) -> float:
        taken = parameters["optimizer"]
        return abs(taken["momentum"] - 0.8) if taken["_name"] == "sgd" else 1.0

    momenta = [one["optimizer"].get("momentum") for one in asked(taught(tpe(BRANCHES), BRANCHES, loss))]
    assert mean(momentum is not None and abs(momentum - 0.8) < 0.1 for momentum in momenta) > 0.8


def test_branches_share_what_they_have_in_common() -> None:
    """A rate that was learnt under one optimizer is where the search begins under the other, which was never tried."""
    tuner = tpe(BRANCHES)
    rows = [{"_name": "sgd", "rate": 10 ** (-4 * each / 40), "momentum": 0.5} for each in range(41)]
    data = [{"parameter": {"optimizer": row}, "value": abs(math.log10(row["rate"]) + 2)} for row in rows]  # type: ignore[arg-type]
    tuner.import_data(data)
    suggested = [one["optimizer"] for one in asked(tuner, 300)]
    rates = [math.log10(one["rate"]) for one in suggested if one["_name"] == "adam"]
    assert rates
    assert mean(abs(rate + 2) < 0.5 for rate in rates) > 0.8


def test_numbers_to_choose_from_have_an_order() -> None:
    """Between two good values lies a good one, though it was never tried, and in whatever order they are written."""
    space: dict[str, Json] = {"batch": _of("choice", 64, 16, 1024, 128, 256, 32, 512)}
    tuner = tpe(space)
    losses = {16: 2.0, 32: 1.0, 64: 0.1, 256: 0.1, 512: 1.0, 1024: 2.0}
    tuner.import_data([{"parameter": {"batch": batch}, "value": loss} for batch, loss in losses.items()] * 3)
    assert asked(tuner, 1) == [{"batch": 128}]


@pytest.mark.parametrize("liar", ["worst", "auto", "mean"])
def test_running_trials_keep_suggestions_apart(liar: str) -> None:
    """Counted among the bad ones they repel; left out they do not, and counted as the best they attract."""

    def closest(tuner: TpeTuner) -> float:
        taught(tuner, PLANE, lambda point: (point["x"] - 0.5) ** 2 + (point["y"] - 0.5) ** 2)
        batch = [tuner.generate_parameters(each) for each in range(8)]
        return mean(
            min(math.dist(one.values(), other.values()) for other in batch if other is not one) for one in batch
        )

    assert closest(tpe(PLANE, constant_liar_type=liar)) > 1.3 * closest(tpe(PLANE, constant_liar_type=None))


@pytest.mark.parametrize("liar", [None, "worst"])
def test_a_finite_space_is_walked_through_without_repetition(liar: str | None) -> None:
    """Twelve points, twelve different suggestions, whatever is good."""
    tuner = tpe(FINITE, constant_liar_type=liar, n_startup_jobs=1, n_ei_candidates=100)
    found = []
    for parameter_id in range(12):
        found.append(tuner.generate_parameters(parameter_id))
        tuner.receive_trial_result(parameter_id, found[-1], float(found[-1]["b"]))
    assert len({str(parameters) for parameters in found}) == 12


def test_the_start_gives_every_value_its_share() -> None:
    """A Latin hypercube: of ten trials as many take each of five values, and one each tenth of a range."""
    space = {"x": _of("uniform", 0.0, 1.0), "c": _of("choice", *"abcde"), "n": _of("randint", 0, 5)}
    tuner = tpe(space, n_startup_jobs=10)
    first = [tuner.generate_parameters(parameter_id) for parameter_id in range(10)]
    assert sorted(int(one["x"] * 10) for one in first) == list(range(10))
    assert sorted(one["c"] for one in first) == sorted("abcde" * 2)
    assert sorted(one["n"] for one in first) == sorted([*range(5)] * 2)


def test_imported_results_take_the_place_of_the_start() -> None:
    """Nothing is drawn blindly when enough is known."""
    tuner = taught(tpe(PLANE), PLANE, lambda point: abs(point["x"] - 0.3) + abs(point["y"] - 0.7))
    assert mean(abs(one["x"] - 0.3) + abs(one["y"] - 0.7) for one in asked(tuner)) < 0.2


def test_a_parameter_that_is_new_is_searched_beside_what_is_known() -> None:
    """After a change of the space, old results still say where x is good, and the new z is drawn from everywhere."""
    tuner = taught(tpe(PLANE), PLANE, lambda point: abs(point["x"] - 0.3))
    tuner.update_search_space({"x": PLANE["x"], "z": _of("uniform", 5.0, 6.0)})
    suggested = asked(tuner, 40)
    assert mean(abs(one["x"] - 0.3) for one in suggested) < 0.1
    assert max(one["z"] for one in suggested) - min(one["z"] for one in suggested) > 0.7


@pytest.mark.parametrize("type_", ["normal", "lognormal", "qnormal", "qlognormal"])
def test_far_values_of_a_normal_parameter_are_reached(type_: str) -> None:
    """Nothing bounds it: when results get better outwards, the search goes beyond three standard deviations."""
    tuner = tpe({"x": _of(type_, 0.0, 1.0, *([0.1] if type_.startswith("q") else []))})
    for parameter_id in range(120):
        parameters = tuner.generate_parameters(parameter_id)
        tuner.receive_trial_result(parameter_id, parameters, -parameters["x"])
    assert tuner.generate_parameters(120)["x"] > (math.exp(3) if "log" in type_ else 3)
