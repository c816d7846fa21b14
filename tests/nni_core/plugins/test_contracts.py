"""The contract suites let sound implementations pass, and catch the mistakes they are there for."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from nni_core.api import Assessor, Tuner
from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace
from nni_core.testing.assessor import AssessorContract, AssessorFactory
from nni_core.testing.spaces import EVERYTHING
from nni_core.testing.tuner import TunerContract, TunerFactory


class BelowMean(Assessor):
    """Stops trials whose best report is below the mean of the best of finished trials."""

    def __init__(self) -> None:
        self._best: dict[str, float] = {}
        self._finished: list[float] = []

    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> bool:
        self._best[trial_job_id] = max(trial_history)
        return not self._finished or self._best[trial_job_id] >= sum(self._finished) / len(self._finished)

    def trial_end(self, trial_job_id: str, success: bool) -> None:
        if success and trial_job_id in self._best:
            self._finished.append(self._best.pop(trial_job_id))


class TestSoundAssessor(AssessorContract):
    """Passes."""

    @pytest.fixture
    def assessor(self) -> AssessorFactory:
        return BelowMean


class Drawing(Tuner):
    """Draws at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        self.space = SearchSpace.parse(search_space)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        return self.space.sample(self.random)


class TestSoundTuner(TunerContract):
    """Passes: a tuner may learn nothing at all."""

    @pytest.fixture
    def tuner(self) -> TunerFactory:
        return Drawing


class Straying(Drawing):
    """Leaves the space."""

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        return {**super().generate_parameters(parameter_id), "uniform": 1e9, "x": 1e9}


class Shared(Drawing):
    """Draws from the generator of everybody."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        random.seed(seed)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        return self.space.sample(random)  # type: ignore[arg-type]


class Unseeded(Drawing):
    """Forgets its seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(random.SystemRandom().getrandbits(64))


class Stubborn(Drawing):
    """Keeps to the first space."""

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        if not hasattr(self, "space"):
            super().update_search_space(search_space)


class Deaf(Drawing):
    """Takes no keyword arguments."""

    def generate_parameters(self, parameter_id: int) -> Parameters:  # type: ignore[override]
        return super().generate_parameters(parameter_id)


COMPLAINTS = "outside the search space|at one time and .* at the other|shared generator|unexpected keyword argument"
CONTRACT = TunerContract()
CAUGHT: dict[type[Tuner], Callable[[Any], None]] = {
    Straying: lambda tuner: CONTRACT.test_suggestions_lie_in_the_space(tuner, "uniform"),
    Shared: lambda tuner: CONTRACT.test_the_shared_random_generator_is_left_alone(tuner, EVERYTHING),
    Unseeded: lambda tuner: CONTRACT.test_replay_goes_on_where_it_was(tuner, EVERYTHING),
    Stubborn: lambda tuner: CONTRACT.test_the_space_may_change(tuner, EVERYTHING),
    Deaf: lambda tuner: CONTRACT.test_unknown_keyword_arguments_are_accepted(tuner, EVERYTHING),
}


@pytest.mark.parametrize("tuner", CAUGHT, ids=lambda tuner: tuner.__name__)
def test_a_faulty_tuner_is_caught(tuner: type[Tuner]) -> None:
    """By the law that it breaks."""
    with pytest.raises((AssertionError, TypeError), match=COMPLAINTS):
        CAUGHT[tuner](tuner)
