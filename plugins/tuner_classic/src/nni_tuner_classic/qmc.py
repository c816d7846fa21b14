"""Points that fill the search space more evenly than random ones.

I. M. Sobol': On the distribution of points in a cube and the approximate evaluation of integrals, USSR Computational
Mathematics and Mathematical Physics 7, 1967; scrambled as in A. B. Owen: Scrambling Sobol' and Niederreiter-Xing
points, Journal of Complexity 14, 1998. The sequence is scipy's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from scipy.stats import qmc

from nni_core.api import Tuner
from nni_core.model import Direction, Json, Parameters
from nni_core.space import Choice, Key, Normal, Numeric, Parameter, SearchSpace

_STANDARD = NormalDist()
#: share of a normal parameter's draws that is left out at either end: beyond it lies infinity
_TAIL = 2.0**-32


class QmcTuner(Tuner):
    """Suggests the points of a scrambled Sobol sequence, whatever the results. Parameters that a nested choice does not
    activate take up a dimension all the same. After a change of the search space a new sequence begins."""

    def __init__(self, optimize_mode: Direction | str = Direction.MAXIMIZE, seed: int | None = None) -> None:
        """Arguments as in :class:`~nni_tuner_classic.arguments.QmcArguments`."""
        del optimize_mode
        self._seed = seed

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Begin a sequence in this one."""
        self._space = SearchSpace.parse(search_space)
        count = max(1, len(self._space.parameters))
        self._sequence = qmc.Sobol(count, scramble=True, rng=self._seed)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """The next point."""
        del parameter_id, kwargs
        (point,) = self._sequence.random(1)
        internal: dict[Key, float] = {}
        for parameter, share in zip(self._space.parameters, point, strict=False):
            if parameter.is_active_in(internal):
                internal[parameter.key] = _quantile(parameter, float(share))
        return self._space.external(internal)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Results teach nothing here."""


def _quantile(parameter: Parameter, share: float) -> float:
    """The internal value below which that share of a parameter's draws lies."""
    domain = parameter.domain
    if isinstance(domain, Choice):
        return min(int(share * domain.size), domain.size - 1)
    if isinstance(domain, Numeric) and isinstance(domain.distribution, Normal):
        return domain.distribution.decode(_STANDARD.inv_cdf(min(max(share, _TAIL), 1 - _TAIL)))
    return domain.decode(share)
