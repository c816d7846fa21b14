"""Grid search, on a grid that is refined for as long as trials are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nni_core.api import NoMoreTrialError, Tuner
from nni_core.model import Direction, Json, Parameters
from nni_core.space import Key, SearchSpace
from nni_tuner_classic.refinement import Refinement, has_new


class GridSearchTuner(Tuner):
    """Every combination of choices and whole numbers, with the middle of every range; then, epoch by epoch, with finer
    and finer divisions of the ranges. The order is that of NNI 3.0: the last parameter changes fastest, and an epoch
    brings the combinations that have something new in them.

    Ends when all members of a finite space were suggested. Nothing is suggested twice, nor what was imported or tried
    by somebody else.
    """

    def __init__(self, optimize_mode: Direction | str = Direction.MAXIMIZE) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.GridSearchArguments`."""
        del optimize_mode
        #: canonical texts of what was suggested, imported or tried by others
        self._tried: set[str] = set()
        self._known: list[Parameters] = []

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Begin with the coarsest grid of this one; what was tried before, and lies in it, is passed over."""
        self._space = SearchSpace.parse(search_space)
        self._tried = {self._space.canonical(one) for one in self._known if self._space.contains(one) is None}
        self._points = _points(self._space)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """The next point.

        :raises NoMoreTrialError: when the last one was suggested.
        """
        del parameter_id, kwargs
        for parameters in self._points:
            if self._is_new(parameters):
                return parameters
        raise NoMoreTrialError("every point of the grid was suggested")

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Points that others tried are passed over."""
        del parameter_id, value, kwargs
        if self._space.contains(parameters) is None:
            self._is_new(parameters)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Points with a result are passed over."""
        for record in data:
            if self._space.contains(record["parameter"]) is None:
                self._is_new(record["parameter"])

    def _is_new(self, parameters: Parameters) -> bool:
        text = self._space.canonical(parameters)
        if text in self._tried:
            return False
        self._tried.add(text)
        self._known.append(parameters)
        return True


def _points(space: SearchSpace) -> Iterator[Parameters]:
    """All points of all epochs."""
    refinements = [Refinement(parameter) for parameter in space.parameters]
    while not all(one.is_complete for one in refinements) or not refinements:
        for one in refinements:
            one.refine()
        if has_new(refinements) or not refinements:
            yield from map(space.external, _Epoch(space, refinements).points(0, {}, new=not refinements))
        if not refinements:
            return


class _Epoch:
    """The combinations of one epoch that have something new in them."""

    def __init__(self, space: SearchSpace, refinements: Sequence[Refinement]) -> None:
        self._space = space
        self._refinements = refinements

    def points(self, position: int, chosen: dict[Key, float], *, new: bool) -> Iterator[dict[Key, float]]:
        """Internal values, with what is chosen for the parameters before ``position``; ``new`` says whether there is
        something new among those."""
        if position == len(self._refinements):
            if new:
                yield dict(chosen)
            return
        parameter, refinement = self._space.parameters[position], self._refinements[position]
        if not parameter.is_active_in(chosen):
            yield from self.points(position + 1, chosen, new=new)
            return
        if not new and not has_new(self._refinements[position:]):
            return
        for place, value in enumerate(refinement.values):
            chosen[parameter.key] = value
            yield from self.points(position + 1, chosen, new=new or place >= refinement.old)
        del chosen[parameter.key]
