"""A list of parameter sets, tried one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from nni_core.api import NoMoreTrialError, Tuner
from nni_core.model import Direction, Json
from nni_core.space import ParameterType, SearchSpace


class BatchTuner(Tuner):
    """Tries the values of a search space that is one choice, in order, each as it is written: parameter sets, or values
    of the one parameter."""

    #: what is suggested is a value of the one choice, and not a member of the space
    free_form: ClassVar[bool] = True

    def __init__(self, optimize_mode: Direction | str = Direction.MAXIMIZE) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.BatchArguments`."""
        del optimize_mode
        self._list: list[Any] = []
        self._next = 0
        self._known: list[Json] = []

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a list; of a longer one that begins as the former did, the rest is tried.

        :raises ValueError: when it is no list.
        """
        former = self._list[: self._next]
        self._name, self._list = _listed(search_space)
        self._next = next(
            (place for place, one in enumerate(former) if self._list[place : place + 1] != [one]), len(former)
        )

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Any:
        """The next of the list, as it is.

        :raises NoMoreTrialError: at its end.
        """
        del parameter_id, kwargs
        while self._next < len(self._list):
            self._next += 1
            if (parameters := self._list[self._next - 1]) not in self._known:
                return parameters
        raise NoMoreTrialError("the list is at its end")

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Parameter sets with a result are passed over."""
        name = self._name
        for record in data:
            parameters = record["parameter"]
            self._known += [parameters, *([parameters[name]] if parameters.keys() == {name} else [])]


def _listed(search_space: Mapping[str, Json]) -> tuple[str, list[Any]]:
    """The name of the one parameter, and its values."""
    parameters = SearchSpace.parse(search_space).parameters
    if [parameter.type for parameter in parameters] != [ParameterType.CHOICE]:
        raise ValueError("Batch needs a search space of one choice, whose values are the parameter sets to try")
    return parameters[0].name, list(search_space[parameters[0].name]["_value"])
