"""Random search.

J. Bergstra, Y. Bengio: Random Search for Hyper-Parameter Optimization, JMLR 13, 2012.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nni_core.api import Tuner
from nni_core.model import Direction, Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_classic.draws import draw_all, random_source


class RandomTuner(Tuner):
    """Draws every parameter set from the search space's own distribution, whatever the results. For one seed the draws
    are those of NNI 3.0."""

    def __init__(self, optimize_mode: Direction | str = Direction.MAXIMIZE, seed: int | None = None) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.RandomArguments`."""
        del optimize_mode
        self._source = random_source(seed)

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Draw from this one from now on."""
        self._space = SearchSpace.parse(search_space)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """The next draw. Never runs out."""
        del parameter_id, kwargs
        return self._space.external(draw_all(self._space, self._source))

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Results teach nothing here."""
