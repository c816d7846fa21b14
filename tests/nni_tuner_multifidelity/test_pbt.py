"""PBT: steps of members, who goes on from whom, and what changes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from nni_core.api import NoMoreTrialError, Proposal
from nni_core.space import SearchSpace
from nni_tuner_multifidelity.pbt import PbtTuner

SPACE: dict[str, Any] = {
    "lr": {"_type": "loguniform", "_value": [0.001, 1]},
    "n": {"_type": "randint", "_value": [1, 100]},
    "c": {"_type": "choice", "_value": ["a", "b", "c"]},
    "net": {
        "_type": "choice",
        "_value": [{"_name": "deep", "depth": {"_type": "quniform", "_value": [1, 9, 1]}}, {"_name": "flat"}],
    },
}


def population(size: int = 5, **arguments: Any) -> PbtTuner:
    """A tuner at the beginning."""
    tuner = PbtTuner("maximize", population_size=size, seed=1, **arguments)
    tuner.update_search_space(SPACE)
    return tuner


def ask(tuner: PbtTuner, number: int) -> Proposal:
    """The next step."""
    suggested = tuner.generate_parameters(number)
    assert isinstance(suggested, Proposal)
    return suggested


def end(tuner: PbtTuner, number: int, value: float | None) -> None:
    """A step is over."""
    if value is not None:
        tuner.receive_trial_result(number, {}, value)
    tuner.trial_end(number, value is not None, trial_job_id=str(number))


def generation(tuner: PbtTuner, first: int, values: list[float | None]) -> list[Proposal]:
    """A step of every member."""
    steps = [ask(tuner, first + place) for place in range(len(values))]
    for place, value in enumerate(values):
        end(tuner, first + place, value)
    return steps


def test_the_worst_goes_on_from_the_best() -> None:
    """With its parameters changed; the others from their own checkpoints, unchanged."""
    tuner = population(resample_probability=0.0)
    first = generation(tuner, 0, [5, 4, 3, 2, 1])
    second = generation(tuner, 5, [5, 4, 3, 2, 1])
    assert [one.checkpoints_of for one in first] == [None] * 5
    assert [one.checkpoints_of for one in second] == [0, 1, 2, 3, 0]
    assert [one.parameters for one in second[:4]] == [one.parameters for one in first[:4]]
    best, child = first[0].parameters, second[4].parameters
    assert child["lr"] / best["lr"] == pytest.approx(1.2) or child["lr"] / best["lr"] == pytest.approx(0.8)
    assert child["n"] != best["n"]


def test_members_do_not_wait_for_each_other() -> None:
    """Who is ready trains; more trials than members there are not."""
    tuner = population(3)
    for number in range(3):
        ask(tuner, number)
    with pytest.raises(NoMoreTrialError, match="every member"):
        ask(tuner, 3)
    end(tuner, 1, 0.5)
    assert ask(tuner, 3).checkpoints_of == 1


def test_a_population_is_complete_however_few_train_at_a_time() -> None:
    """Every member has its first step before any has its second."""
    tuner = population(3)
    steps = [generation(tuner, number, [1])[0] for number in range(7)]
    assert [one.checkpoints_of is None for one in steps] == [True] * 3 + [False] * 4


def test_a_step_that_failed_is_made_up_for_by_the_best() -> None:
    """Or by somebody new, while nobody has a result."""
    tuner = population(3)
    generation(tuner, 0, [None, None, None])
    assert ask(tuner, 3).checkpoints_of is None
    tuner = population(3)
    generation(tuner, 0, [None, 7, 6])
    assert ask(tuner, 3).checkpoints_of == 1


def test_scripts_for_nni_have_their_directories() -> None:
    """Where the source has saved, and where this step is to save."""
    tuner = population(5, all_checkpoint_dir="/ckpt")
    generation(tuner, 0, [5, 4, 3, 2, 1])
    second = generation(tuner, 5, [5, 4, 3, 2, 1])
    assert second[1].extras == {"load_checkpoint_dir": "/ckpt/1/0", "save_checkpoint_dir": "/ckpt/1/1"}
    assert second[4].extras == {"load_checkpoint_dir": "/ckpt/0/0", "save_checkpoint_dir": "/ckpt/4/1"}
    assert population().generate_parameters(0).extras == {}


def test_in_an_experiment_the_directories_lie_in_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where NNI has them, when the config names none."""
    monkeypatch.setenv("NNI_CHECKPOINT_DIRECTORY", "/experiment/checkpoint")
    extras = ask(population(5), 0).extras
    assert extras["save_checkpoint_dir"] == "/experiment/checkpoint/0/0"


def test_every_step_lies_in_the_space_and_the_population_gets_better() -> None:
    """Over forty generations."""
    tuner, space = population(10, resample_probability=0.1), SearchSpace.parse(SPACE)
    means = []
    for first in range(0, 400, 10):
        steps = [ask(tuner, first + place) for place in range(10)]
        assert all(space.contains(one.parameters) is None for one in steps)
        scores = [-abs(float(one.parameters["n"]) - 60) for one in steps]
        for place, score in enumerate(scores):
            end(tuner, first + place, score)
        means.append(sum(scores) / 10)
    assert sum(means[-5:]) / 5 > means[0] + 10


def test_another_search_space_changes_those_outside() -> None:
    """Before their next step."""
    tuner = population(3)
    generation(tuner, 0, [3, 2, 1])
    narrow = {**SPACE, "n": {"_type": "randint", "_value": [200, 300]}}
    tuner.update_search_space(narrow)
    steps = [ask(tuner, 3 + place) for place in range(3)]
    assert all(SearchSpace.parse(narrow).contains(one.parameters) is None for one in steps)


def test_a_population_from_elsewhere_goes_on() -> None:
    """From the directories that its last steps have saved to; steps that cannot be placed are left out."""
    tuner = population(2, all_checkpoint_dir="/new", resample_probability=0.0)
    known = [SearchSpace.parse(SPACE).sample(random.Random(number)) for number in range(2)]
    steps = [
        (0, "/old/0/3", 0.9),
        (0, "/old/0/2", 0.1),
        (1, "/old/1/3", 0.8),
        (1, "/old/7/3", 1.0),
        (1, "elsewhere", 1.0),
    ]
    data = [
        {"parameter": {**known[member], "save_checkpoint_dir": path}, "value": value} for member, path, value in steps
    ]
    assert tuner.import_data(data) == 4
    step = ask(tuner, 0)
    assert step.parameters == known[0]
    assert step.extras == {"load_checkpoint_dir": "/old/0/3", "save_checkpoint_dir": "/new/0/4"}
    assert step.checkpoints_of is None
