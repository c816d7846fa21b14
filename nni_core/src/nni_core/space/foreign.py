"""A parameter as other libraries know parameters: a category, a whole number from 0, or a float between bounds.

For tuners that are built on another library: it searches the foreign values, and this carries them over, both ways.
Not among the names of :mod:`nni_core.space`, because most programs do without what it imports.
"""

from __future__ import annotations

from enum import Enum
from statistics import NormalDist
from typing import Any

from attrs import Factory, field, frozen

from nni_core.space.domains import Choice
from nni_core.space.numeric import Normal, Numeric, Scale
from nni_core.space.parameter import Parameter

_STANDARD = NormalDist()
#: share of the draws of a normal parameter that is left out at either end: beyond it lies infinity
_TAIL = 1e-9


class ForeignKind(Enum):
    """What a library is told to search."""

    #: an index from 0 to ``size - 1``, without an order
    CATEGORY = "category"
    #: a whole number from 0 to ``size - 1``
    WHOLE = "whole"
    #: a float from ``low`` to ``high``, on a logarithmic scale where ``log`` is True
    FLOAT = "float"


@frozen
class Foreign:
    """One parameter for another library.

    A choice is its index, whole numbers and grids are their position, other numbers themselves, and a normal one is
    the share of its draws that would be smaller, so that its prior is kept.
    """

    parameter: Parameter
    #: unique in the space, whatever signs the names of parameters hold: the parts are quoted
    label: str = field(
        init=False, default=Factory(lambda self: "|".join(map(repr, self.parameter.key)), takes_self=True)
    )
    kind: ForeignKind = field(init=False, default=Factory(lambda self: self._kind(), takes_self=True))

    @property
    def size(self) -> int:
        """How many values a category or a whole number has."""
        return self.parameter.domain.size or 1

    @property
    def low(self) -> float:
        """The least value of a float."""
        return _TAIL if self._normal else float(self._numeric.low)

    @property
    def high(self) -> float:
        """The largest value of a float."""
        return 1 - _TAIL if self._normal else float(self._numeric.high)

    @property
    def log(self) -> bool:
        """Whether a float is searched by its logarithm."""
        return not self._normal and self._numeric.scale is Scale.LOG

    def inward(self, value: Any) -> float:
        """The internal value of the parameter for a foreign one."""
        domain = self.parameter.domain
        if not isinstance(domain, Numeric):
            return int(value)
        if self.kind is ForeignKind.WHOLE:
            return domain.internal(domain.at(int(value)))
        if isinstance(domain.distribution, Normal):
            return domain.distribution.decode(_STANDARD.inv_cdf(float(value)))
        return domain.scale.inward(float(value))

    def outward(self, internal: float) -> int | float:
        """The foreign value for an internal one."""
        domain = self.parameter.domain
        if not isinstance(domain, Numeric):
            return int(internal)
        if self.kind is ForeignKind.WHOLE:
            return domain.rank(domain.external(internal))
        if isinstance(domain.distribution, Normal):
            value = _STANDARD.cdf(domain.distribution.encode(internal))
        else:
            value = domain.external(internal)
        return min(max(value, self.low), self.high)

    @property
    def _numeric(self) -> Numeric:
        assert isinstance(self.parameter.domain, Numeric)  # noqa: S101 - only floats are asked for their bounds
        return self.parameter.domain

    @property
    def _normal(self) -> bool:
        return isinstance(self._numeric.distribution, Normal)

    def _kind(self) -> ForeignKind:
        domain = self.parameter.domain
        if isinstance(domain, Choice):
            return ForeignKind.CATEGORY
        # The members of a grid on a linear scale are evenly apart, so that their positions say as much as they do.
        if not isinstance(domain, Numeric) or (domain.size is not None and domain.scale is Scale.LINEAR):
            return ForeignKind.WHOLE
        return ForeignKind.FLOAT
