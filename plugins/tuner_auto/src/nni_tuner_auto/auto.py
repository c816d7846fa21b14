"""Picks between two tuners at every suggestion; both learn everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nni_core.api import Proposal, TunedObjective, Tuner
from nni_core.model import Direction, Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_auto.arguments import HAND_OVER
from nni_tuner_auto.policy import Situation, pick


class AutoTuner(Tuner):
    """Asks the tuner that suits the situation (:mod:`nni_tuner_auto.policy`), and tells both every result: for the one
    that was not asked, a trial is one that somebody else added."""

    def __init__(
        self,
        few: Tuner,
        many: Tuner,
        optimize_mode: Direction | str = Direction.MINIMIZE,
        hand_over: int = HAND_OVER,
        objectives: Sequence[TunedObjective] = (),
        max_trial_number: int | None = None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_auto.arguments.AutoArguments`, the two tuners built."""
        self._few = few
        self._many = many
        self._hand_over = hand_over
        self._planned = max_trial_number
        self._parameters = 0
        self._results = 0
        #: who suggested each trial that is not over
        self._authors: dict[int, Tuner] = {}

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Both take the search space."""
        self._parameters = len(SearchSpace.parse(search_space).parameters)
        for tuner in (self._few, self._many):
            tuner.update_search_space(search_space)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters | Proposal:
        """Ask the one that suits."""
        tuner = self._picked()
        suggested = tuner.generate_parameters(parameter_id, **kwargs)
        self._authors[parameter_id] = tuner
        return suggested

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Tell both; who has not suggested these parameters takes them as a user's."""
        self._results += 1
        customized = bool(kwargs.pop("customized", False))
        for tuner in (self._few, self._many):
            foreign = customized or self._authors.get(parameter_id) is not tuner
            if not foreign or tuner.accepts_customized_trials():
                tuner.receive_trial_result(parameter_id, parameters, value, customized=foreign, **kwargs)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Tell both."""
        self._authors.pop(parameter_id, None)
        for tuner in (self._few, self._many):
            tuner.trial_end(parameter_id, success, **kwargs)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Both learn them."""
        self._results += len(data)
        for tuner in (self._few, self._many):
            tuner.import_data(data)

    def close(self, *, failed: bool) -> None:
        """Both."""
        for tuner in (self._few, self._many):
            tuner.close(failed=failed)

    def _picked(self) -> Tuner:
        situation = Situation(
            parameters=self._parameters,
            results=self._results,
            running=len(self._authors),
            planned=self._planned,
            hand_over=self._hand_over,
        )
        picked = pick(situation)
        tuner = self._few if picked.few else self._many
        self.remark = f"{_name(tuner)}: {picked.reason}"
        return tuner


def _name(tuner: Tuner) -> str:
    """What people call it: GpTuner is GP."""
    name = type(tuner).__name__.removesuffix("Tuner")
    return name.upper() if len(name) < 4 else name
