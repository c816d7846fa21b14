"""The values of one parameter on a grid that gets finer and finer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import NormalDist

from nni_core.space import Normal, Numeric, Parameter

_STANDARD = NormalDist()
#: when a grid has so many times the points that a finite parameter has members, the members not met yet come at once
_ENOUGH = 8
#: refinements after which a rounded normal parameter has no more values: its tails have no end
_LAST_OF_NORMAL = 12


class Refinement:
    """Values of a parameter in the order in which they are tried, as internal numbers, an epoch at a time.

    Epoch ``e`` of a number brings its quantiles at the odd multiples of ``2**-(e + 1)``: the middle first, then the
    middles of both halves. Choices and whole numbers are all there in the first epoch.
    """

    def __init__(self, parameter: Parameter) -> None:
        self._domain = parameter.domain
        self.values: list[float] | range = []
        #: how many of the values there were before the latest epoch
        self.old = 0
        self._seen: set[float] = set()
        self._epoch = 0

    @property
    def is_complete(self) -> bool:
        """Whether no epoch can bring more."""
        if self._domain.size is not None and len(self.values) >= self._domain.size:
            return True
        return self._is_rounded_normal and self._epoch > _LAST_OF_NORMAL

    def refine(self) -> None:
        """The next epoch."""
        self.old = len(self.values)
        if not isinstance(self._domain, Numeric):
            self.values = range(self._domain.size)
        elif not self.is_complete:
            self._add(self._domain, self._quantiles(self._domain))
        self._epoch += 1

    @property
    def _is_rounded_normal(self) -> bool:
        domain = self._domain
        return isinstance(domain, Numeric) and domain.q is not None and isinstance(domain.distribution, Normal)

    def _quantiles(self, domain: Numeric) -> Iterable[float]:
        points = 2**self._epoch
        if domain.size is not None and points > _ENOUGH * domain.size:
            return (domain.internal(domain.at(rank)) for rank in range(domain.size))
        shares = ((2 * place + 1) / (2 * points) for place in range(points))
        if isinstance(domain.distribution, Normal):
            return (domain.distribution.decode(_STANDARD.inv_cdf(share)) for share in shares)
        return (domain.distribution.decode(share) for share in shares)

    def _add(self, domain: Numeric, numbers: Iterable[float]) -> None:
        values = list(self.values)
        for number in numbers:
            member = domain.external(number)
            if member not in self._seen:
                self._seen.add(member)
                values.append(number)
        self.values = values


def has_new(refinements: Sequence[Refinement]) -> bool:
    """Whether the latest epoch has brought anything."""
    return any(len(one.values) > one.old for one in refinements)
