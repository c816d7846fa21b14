"""The class_args of the tuners: defaults, limits, and that they reach the tuners."""

from __future__ import annotations

from typing import Any

import attrs
import cattrs
import pytest

from nni_core.plugins.building import arguments_of
from nni_core.plugins.implementation import with_arguments
from nni_core.space import SearchSpace
from nni_tuner_tpe.arguments import HyperoptArguments, TpeArguments, TpeTunerArguments
from nni_tuner_tpe.plugin import nni_tuners
from nni_tuner_tpe.tpe import TpeTuner


def test_the_defaults_are_those_of_nni() -> None:
    """Without multivariate a config written for NNI means the same here."""
    assert attrs.asdict(TpeArguments(multivariate=False).settled) == {
        "liar": "best",
        "n_startup_jobs": 20,
        "n_ei_candidates": 24,
        "linear_forgetting": 25,
        "prior_weight": 1.0,
        "gamma": 0.25,
    }
    assert TpeTunerArguments().optimize_mode == "minimize"
    assert attrs.asdict(HyperoptArguments()) == {
        "optimize_mode": "minimize",
        "seed": None,
        "parallel_optimize": False,
        "constant_liar_type": "min",
    }


def test_what_is_given_counts_in_both_algorithms() -> None:
    """NNI's names, whichever runs; what is left out is the algorithm's own affair."""
    given = {"n_startup_jobs": 7, "n_ei_candidates": 9, "linear_forgetting": 5, "prior_weight": 2.0, "gamma": 0.3}
    joint, single = (TpeArguments(multivariate=one, constant_liar_type="mean", **given) for one in (True, False))
    assert joint.settled == single.settled
    assert TpeArguments().settled.liar == "worst"


@pytest.mark.parametrize("class_", [TpeArguments, TpeTunerArguments, HyperoptArguments])
def test_every_argument_is_described(class_: type) -> None:
    """For the schema of the config, and for the documentation."""
    assert [field.name for field in attrs.fields(class_) if not field.metadata.get("doc")] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_startup_jobs": -1},
        {"n_ei_candidates": 0},
        {"linear_forgetting": 0},
        {"prior_weight": -1},
        {"prior_weight": float("inf")},
        {"gamma": float("nan")},
        {"constant_liar_type": "worse"},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    """Each by the name of the argument or the value."""
    (name, value), *_ = wrong.items()
    with pytest.raises(ValueError, match=f"{name}|{value}"):
        TpeArguments(**wrong)


@pytest.mark.parametrize("multivariate", [True, False])
def test_a_prior_may_weigh_nothing(multivariate: bool) -> None:
    """As in the example of NNI's documentation; what is suggested lies in the space all the same."""
    tuner = TpeTuner(seed=1, tpe_args=TpeArguments(prior_weight=0, n_startup_jobs=2, multivariate=multivariate))
    space = {"x": {"_type": "uniform", "_value": [0, 1]}, "kind": {"_type": "choice", "_value": ["a", "b"]}}
    tuner.update_search_space(space)
    for number in range(30):
        parameters = tuner.generate_parameters(number)
        assert SearchSpace.parse(space).contains(parameters) is None
        tuner.receive_trial_result(number, parameters, parameters["x"])


@pytest.mark.parametrize("liar", [None, "none"])
def test_no_liar_may_be_written_both_ways(liar: str | None) -> None:
    """YAML's null, and the word that NNI failed on."""
    assert cattrs.structure({"constant_liar_type": liar}, TpeArguments).settled.liar == "none"


def test_arguments_reach_the_tuners() -> None:
    """Each attrs class, as the core hands its fields on, fits the tuner's constructor."""
    for spec in nni_tuners():
        class_ = with_arguments(spec).arguments
        assert isinstance(class_, type)
        arguments = arguments_of(class_, {"optimize_mode": "maximize", "seed": 3})
        assert arguments["optimize_mode"] == "maximize"
        assert arguments["seed"] == 3
