"""The numbers of one parameter: a distribution, on a scale, perhaps rounded to a grid.

The eight numeric types of NNI are the combinations of ``Uniform | Normal``, ``Scale`` and ``q``. Forms and methods are
those of :mod:`nni_core.space.domains`.
"""

from __future__ import annotations

import math
import sys
from enum import Enum
from random import Random

from attrs import Factory, field, frozen

from nni_core.model import Json
from nni_core.space.codes import SpaceCode
from nni_core.space.domains import OutsideError
from nni_core.space.values import found, plain, shown

#: steps of a grid that floats can still tell apart, with room for the rounding of one division
MAX_STEPS = 2**50
#: how far outside the bounds a value may lie, as a share of the bound: exp(log(x)) is not exactly x
_BOUND_SLACK = 1e-12
#: how far from a grid point a value may lie, as a share of q: 0.3 is not exactly 3 * 0.1
_GRID_SLACK = 1e-9
_TINY = math.ulp(0.0)
_HUGE = sys.float_info.max


class Scale(Enum):
    """How internal numbers relate to external ones."""

    LINEAR = "linear"
    #: internal numbers are natural logarithms
    LOG = "log"

    def inward(self, value: float) -> float:
        """The internal number of an external one; minus infinity for 0 on a logarithmic scale."""
        if self is Scale.LINEAR:
            return value
        return math.log(value) if value > 0 else -math.inf


@frozen(kw_only=True)
class Uniform:
    """Evenly between ``low`` and ``high``, both internal."""

    low: float
    high: float

    def draw(self, random: Random) -> float:
        """A random internal number."""
        return self.low + (self.high - self.low) * random.random()

    def encode(self, internal: float) -> float:
        """Where a number lies between the bounds, from 0 to 1."""
        return (internal - self.low) / (self.high - self.low)

    def decode(self, entry: float) -> float:
        """The number at a place between the bounds; the bounds themselves are met exactly."""
        if entry >= 1:
            return self.high
        return self.low if entry <= 0 else self.low + (self.high - self.low) * entry


@frozen(kw_only=True)
class Normal:
    """Normally around ``mu`` with standard deviation ``sigma``, both internal."""

    mu: float
    sigma: float

    def draw(self, random: Random) -> float:
        """A random internal number."""
        return random.normalvariate(self.mu, self.sigma)

    def encode(self, internal: float) -> float:
        """How many standard deviations a number lies above the mean."""
        return (internal - self.mu) / self.sigma

    def decode(self, entry: float) -> float:
        """The number so many standard deviations above the mean."""
        return self.mu + self.sigma * entry


@frozen(kw_only=True)
class Numeric:
    """Floats, drawn from ``distribution`` on ``scale``, rounded to multiples of ``q`` and clipped to the bounds."""

    distribution: Uniform | Normal
    scale: Scale = Scale.LINEAR
    #: None: not rounded
    q: float | None = None
    #: external bounds, both included; those of a normal distribution are the ends of what a float can be
    low: float
    high: float
    _inner_low: float = field(
        init=False, repr=False, eq=False, default=Factory(lambda self: self.scale.inward(self.low), takes_self=True)
    )
    _inner_high: float = field(
        init=False, repr=False, eq=False, default=Factory(lambda self: self.scale.inward(self.high), takes_self=True)
    )
    #: how many members there are; None: endlessly many
    size: int | None = field(init=False, default=Factory(lambda self: self._count(), takes_self=True))

    @classmethod
    def between(cls, low: float, high: float, *, scale: Scale = Scale.LINEAR, q: float | None = None) -> Numeric:
        """Uniform on a scale. ``low < high``, with a finite difference, and above 0 on a logarithmic scale."""
        inner = Uniform(low=scale.inward(low), high=scale.inward(high))
        return cls(distribution=inner, scale=scale, q=q, low=low, high=high)

    @classmethod
    def around(cls, mu: float, sigma: float, *, scale: Scale = Scale.LINEAR, q: float | None = None) -> Numeric:
        """Normal on a scale. ``mu`` and ``sigma`` are those of the logarithm on a logarithmic one."""
        low = -_HUGE if scale is Scale.LINEAR else (_TINY if q is None else 0.0)
        return cls(distribution=Normal(mu=mu, sigma=sigma), scale=scale, q=q, low=low, high=_HUGE)

    def draw(self, random: Random) -> float:
        """A random internal value."""
        return self.distribution.draw(random)

    def admit(self, value: Json) -> float:
        """The member that a value stands for, as a plain float, exactly on its bound or grid point.

        :raises OutsideError: when it is none.
        """
        number = _finite(value)
        if not self.low - abs(self.low) * _BOUND_SLACK <= number <= self.high + abs(self.high) * _BOUND_SLACK:
            raise OutsideError(SpaceCode.OUTSIDE, f"must be {self._bounds()}, got {shown(number)}")
        member = self._snap(number)
        if self.q is None or abs(member - number) <= self._grid_slack(number):
            return member
        for end in (self.low, self.high):
            # An end that lies halfway between two multiples of q snaps to itself, its neighbours do not.
            if abs(end - number) <= self._grid_slack(number) and self._snap(end) == end:
                return end
        message = f"must be {self._bounds()}, rounded to multiples of {self.q!r}; {number!r} would be {member!r}"
        raise OutsideError(SpaceCode.OUTSIDE, message)

    def internal(self, member: float) -> float:
        """The internal value of a member."""
        if self.scale is Scale.LOG and member <= 0 and self.q is not None:
            # Everything below q/2 is rounded to 0: a number well inside stands for all.
            return math.log(self.q / 4)
        return self.scale.inward(member)

    def external(self, internal: float) -> float:
        """The member of an internal value; beyond the bounds, the bound.

        :raises ValueError: for NaN.
        """
        if internal <= self._inner_low:
            return self._snap(self.low)
        if internal >= self._inner_high:
            return self._snap(self.high)
        if math.isnan(internal):
            raise ValueError("NaN is no internal value")
        return self._snap(math.exp(internal) if self.scale is Scale.LOG else float(internal))

    def encode(self, internal: float) -> float:
        """The entry of an internal value in a vector: from 0 to 1 if bounded, else in standard deviations."""
        return self.distribution.encode(internal)

    def decode(self, entry: float) -> float:
        """The internal value of an entry of a vector."""
        return self.distribution.decode(entry)

    def rank(self, member: float) -> int:
        """The position of a member among all members of a bounded grid."""
        return self._step(member) - self._step(self.low)

    def at(self, rank: int) -> float:
        """The member in a position of a bounded grid."""
        return self._snap((self._step(self.low) + rank) * (self.q or 1.0))

    def _count(self) -> int | None:
        if self.q is None or isinstance(self.distribution, Normal):
            return None
        return self._step(self.high) - self._step(self.low) + 1

    def _step(self, value: float) -> int:
        return round(value / (self.q or 1.0))

    def _snap(self, value: float) -> float:
        """NNI's rounding: to the nearest multiple of q, halves to even ones, then back inside the bounds."""
        if self.q is not None and abs(value / self.q) < MAX_STEPS:
            value = round(value / self.q) * self.q
        # Adding zero turns -0.0 into 0.0: they are one value.
        return min(max(value, self.low), self.high) + 0.0

    def _grid_slack(self, number: float) -> float:
        return (self.q or 0.0) * _GRID_SLACK + 4 * math.ulp(number)

    def _bounds(self) -> str:
        if isinstance(self.distribution, Uniform):
            return f"from {self.low!r} to {self.high!r}"
        return "a number" if self.scale is Scale.LINEAR else "a number above 0"


def _finite(value: Json) -> float:
    number = plain(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise OutsideError(SpaceCode.WRONG_KIND, f"must be a number, got {found(value)}")
    try:
        number = float(number)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise OutsideError(SpaceCode.WRONG_KIND, f"must be a finite number, got {found(value)}")
    return number
