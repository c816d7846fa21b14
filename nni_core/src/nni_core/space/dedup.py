"""Remembers which parameters were tried, on any space and for any tuner, and finds some that were not."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from nni_core.errors import ConfigError
from nni_core.model import Json, Parameters
from nni_core.space.space import SearchSpace

#: draws from the space itself before the finite space is drawn from evenly
_DRAWS_OF_FINITE = 16
#: repeated draws after which an endless space counts as used up: qnormal with a small sigma has few likely values
_DRAWS_OF_ENDLESS = 1000
#: draws after which nothing that is left of a space counts as admitted
_DRAWS_OF_ADMITTED = 10_000


class Deduplicator:
    """The parameters of one space that were tried. Exact: a finite space is used up after ``size`` different ones.

    Time and memory depend on what was tried, not on the size of the space.
    """

    def __init__(
        self, space: SearchSpace, *, admits: Callable[[Parameters], bool] | None = None, looked_through: int = 0
    ) -> None:
        """``admits`` says which parameters may be drawn. In a finite space of at most ``looked_through`` points those
        that may not are taken out now, so that what remains is counted exactly; in a larger one when they are met."""
        self._space = space
        self._tried: set[str] | RankPool = set() if space.size is None else RankPool(space.size)
        self._admits = admits
        if admits is not None and isinstance(self._tried, RankPool) and self._tried.remaining <= looked_through:
            for rank, parameters in enumerate(space.enumerate()):
                if not admits(parameters):
                    self._tried.take(rank)

    @property
    def remaining(self) -> int | None:
        """How many parameter sets were not tried, those included that are not yet known not to be admitted; None:
        endlessly many."""
        return None if isinstance(self._tried, set) else self._tried.remaining

    def add(self, parameters: Json) -> bool:
        """Remember parameters. True when they are new; False when they were tried before, or do not lie in the space
        and so can never be drawn from it."""
        try:
            return self._take(parameters)
        except ConfigError:
            return False

    def is_duplicate(self, parameters: Json) -> bool:
        """Whether parameters were tried. Never true of parameters outside the space."""
        try:
            if isinstance(self._tried, set):
                return self._space.canonical(parameters) in self._tried
            return self._tried.is_taken(self._space.rank(parameters))
        except ConfigError:
            return False

    def next_unseen(self, random: Random) -> dict[str, Json] | None:
        """Draw parameters that were not tried, and remember them. None when there are none left, or when the many draws
        that were made brought none that is admitted."""
        if self.remaining == 0:
            return None
        for _ in range(_DRAWS_OF_ENDLESS if isinstance(self._tried, set) else _DRAWS_OF_FINITE):
            parameters = self._space.sample(random)
            if self._is_admitted(parameters) and self._take(parameters):
                return parameters
        return None if isinstance(self._tried, set) else self._evenly(self._tried, random)

    def _evenly(self, left: RankPool, random: Random) -> dict[str, Json] | None:
        """One of what is left, all equally likely; what is not admitted is taken out on the way."""
        for _ in range(_DRAWS_OF_ADMITTED):
            if left.remaining == 0:
                return None
            parameters = self._space.at(left.draw(random))
            if self._is_admitted(parameters):
                return parameters
        return None

    def _is_admitted(self, parameters: Parameters) -> bool:
        return self._admits is None or self._admits(parameters)

    def _take(self, parameters: Json) -> bool:
        if not isinstance(self._tried, set):
            return self._tried.take(self._space.rank(parameters))
        key = self._space.canonical(parameters)
        if key in self._tried:
            return False
        self._tried.add(key)
        return True


class RankPool:
    """The numbers from 0 to ``size - 1``, each to be taken once; draws one that is left evenly, in constant time.

    A shuffle that is carried out as far as it is needed: places below ``remaining`` hold the numbers left, and
    only places whose number was moved are stored.
    """

    def __init__(self, size: int) -> None:
        self.remaining = size
        self._number_at: dict[int, int] = {}
        self._place_of: dict[int, int] = {}

    def is_taken(self, number: int) -> bool:
        """Whether a number was taken."""
        return self._place_of.get(number, number) >= self.remaining

    def take(self, number: int) -> bool:
        """Take a number out; False when it was taken before."""
        if self.is_taken(number):
            return False
        self.remaining -= 1
        place, last = self._place_of.get(number, number), self.remaining
        moved = self._number_at.get(last, last)
        self._number_at[place], self._place_of[moved] = moved, place
        self._number_at[last], self._place_of[number] = number, last
        return True

    def draw(self, random: Random) -> int:
        """Take out one of the remaining numbers, all equally likely. There must be one."""
        place = random.randrange(self.remaining)
        number = self._number_at.get(place, place)
        self.take(number)
        return number
