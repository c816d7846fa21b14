"""Batch: a list, in order, once."""

from __future__ import annotations

from typing import Any

import pytest

from nni_core.api import NoMoreTrialError
from nni_core.experiment.worker import Worker
from nni_tuner_classic.batch import BatchTuner

LIST = [{"lr": 0.1, "layers": [3, 4]}, {"lr": 0.2}, {"lr": 0.3}]


def batch(*values: Any) -> BatchTuner:
    """A tuner with this list."""
    tuner = BatchTuner()
    tuner.update_search_space(listed(*values))
    return tuner


def listed(*values: Any) -> dict[str, Any]:
    """The search space of a list."""
    return {"combine_params": {"_type": "choice", "_value": list(values)}}


def rest(tuner: BatchTuner) -> list[Any]:
    """What is still suggested."""
    return list(tuner.generate_multiple_parameters(range(20)))


def test_a_list_is_tried_in_order() -> None:
    """Each as it is written, without the name of the one parameter; then there is nothing more."""
    tuner = batch(*LIST)
    assert rest(tuner) == LIST
    with pytest.raises(NoMoreTrialError, match="at its end"):
        tuner.generate_parameters(4)


def test_what_was_imported_is_passed_over() -> None:
    """It has a result already."""
    tuner = batch(*LIST)
    tuner.import_data([{"parameter": {"lr": 0.2}, "value": 1}])
    assert rest(tuner) == [LIST[0], LIST[2]]
    tuner = batch(1, 2)
    tuner.import_data([{"parameter": {"combine_params": 1}, "value": 1}])
    assert rest(tuner) == [2]


def test_a_list_can_grow() -> None:
    """The rest is tried; of another list, all from where it differs."""
    tuner = batch(*LIST)
    tuner.generate_parameters(0)
    tuner.update_search_space(listed(*LIST, {"lr": 0.4}))
    assert rest(tuner) == [*LIST[1:], {"lr": 0.4}]


def test_values_of_one_parameter_are_a_list_too() -> None:
    """The tuner gives them bare, as NNI's does; in an experiment they have their name."""
    tuner = batch(1, "two", None)
    assert rest(tuner) == [1, "two", None]
    worker = Worker(tuner=BatchTuner(), assessor=None, search_space=listed(1, {"lr": 2}))
    assert [one[1] for one in worker.ask(2, 0)["suggestions"]] == [{"combine_params": 1}, {"lr": 2}]


@pytest.mark.parametrize(
    "space",
    [
        {**listed(*LIST), "more": {"_type": "choice", "_value": [1]}},
        {"x": {"_type": "uniform", "_value": [0, 1]}},
        {"x": {"_type": "uniform", "_value": [1, 1]}},
    ],
)
def test_another_space_is_refused(space: dict[str, Any]) -> None:
    """With what is needed."""
    with pytest.raises(ValueError, match="one choice, whose values are the parameter sets"):
        BatchTuner().update_search_space(space)
