"""The discrete values of one parameter: a choice from a list, or whole numbers.

Every domain, :class:`~nni_core.space.numeric.Numeric` included, has the same methods and three forms of a value:
*external* (what a trial gets), *internal* (what NNI's algorithms compute with: the index of a choice, the offset of a
whole number, the logarithm on a logarithmic scale) and *encoded* (a float in the unit cube; the index for a choice).
"""

from __future__ import annotations

import math
from random import Random

from attrs import Factory, field, frozen

from nni_core.model import Json
from nni_core.space.codes import SpaceCode
from nni_core.space.values import copied, found, identity, plain, shown


class OutsideError(ValueError):
    """A value is not a member of a domain. The message reads on after the parameter's name."""

    def __init__(self, code: SpaceCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@frozen(kw_only=True)
class Choice:
    """One of a list of JSON values, no two alike. Of a nested choice the values are the candidates' names."""

    values: tuple[Json, ...]
    _index: dict[str, int] = field(init=False, repr=False, eq=False)

    @_index.default
    def _indexed(self) -> dict[str, int]:
        return {identity(value): index for index, value in enumerate(self.values)}

    @property
    def size(self) -> int:
        """How many members there are."""
        return len(self.values)

    def draw(self, random: Random) -> int:
        """A random internal value."""
        return random.randrange(len(self.values))

    def admit(self, value: Json) -> Json:
        """The member that a value stands for, in plain Python types.

        :raises OutsideError: when it is none.
        """
        return self.external(self.internal(value))

    def internal(self, member: Json) -> int:
        """The internal value of a member.

        :raises OutsideError: when it is none.
        """
        try:
            return self._index[identity(member)]
        except (KeyError, TypeError, ValueError, RecursionError):
            message = f"must be one of {shown(self.values)}, got {found(member)}"
            raise OutsideError(SpaceCode.OUTSIDE, message) from None

    def external(self, internal: float) -> Json:
        """The member of an internal value."""
        return copied(self.values[index_in(internal, len(self.values))])

    def encode(self, internal: float) -> float:
        """The entry of an internal value in a vector: the index itself."""
        return float(internal)

    def decode(self, entry: float) -> int:
        """The internal value nearest to an entry of a vector."""
        return math.floor(min(max(entry, 0.0), len(self.values) - 1) + 0.5)

    def rank(self, member: Json) -> int:
        """The position of a member among all members."""
        return self.internal(member)

    def at(self, rank: int) -> Json:
        """The member in a position."""
        return self.external(rank)


@frozen(kw_only=True)
class Integers:
    """The whole numbers from ``low`` up to, and without, ``high``."""

    low: int
    high: int
    size: int = field(init=False, default=Factory(lambda self: self.high - self.low, takes_self=True))

    def draw(self, random: Random) -> int:
        """A random internal value."""
        return random.randrange(self.size)

    def admit(self, value: Json) -> int:
        """The member that a value stands for, as a plain int. Neither ``true`` nor ``3.0`` is a whole number.

        :raises OutsideError: when it is none.
        """
        number = plain(value)
        if isinstance(number, bool) or not isinstance(number, int):
            raise OutsideError(SpaceCode.WRONG_KIND, f"must be a whole number, got {found(value)}")
        if not self.low <= number < self.high:
            message = f"must be a whole number from {self.low} to {self.high - 1}, got {shown(number)}"
            raise OutsideError(SpaceCode.OUTSIDE, message)
        return number

    def internal(self, member: int) -> int:
        """The internal value of a member: its offset from the lower bound."""
        return member - self.low

    def external(self, internal: float) -> int:
        """The member of an internal value."""
        return self.low + index_in(internal, self.size)

    def encode(self, internal: float) -> float:
        """The middle of the member's share of the unit interval. Exact for fewer than 2**50 members."""
        return (internal + 0.5) / self.size

    def decode(self, entry: float) -> int:
        """The internal value of the member in whose share an entry lies."""
        return min(int(min(max(entry, 0.0), 1.0) * self.size), self.size - 1)

    def rank(self, member: int) -> int:
        """The position of a member among all members."""
        return member - self.low

    def at(self, rank: int) -> int:
        """The member in a position."""
        return self.low + rank


def index_in(internal: float, size: int) -> int:
    """An internal value as an index.

    :raises ValueError: when it is no whole number from 0 to ``size - 1``.
    """
    if not 0 <= internal < size or internal != int(internal):
        raise ValueError(f"{internal!r} is no index from 0 to {size - 1}")
    return int(internal)
