"""What the core keeps for every tuner: which suggestions become trials, which are asked for again, and when nothing is
left to try. Lives in the tuner's process, beside the tuner, so that a replay decides as before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from random import Random

from attrs import evolve, field, frozen

from nni_core.errors import ConfigError, Problem
from nni_core.experiment.objectives import optimize_mode
from nni_core.model import Duplicates, Json, Parameters
from nni_core.space import Constraints, Deduplicator, SearchSpace
from nni_core.space.constraints import DRAWS, ENUMERATED
from nni_core.space.values import identity

#: repeated suggestions in one question, for each trial that it brings, before an unseen point is taken instead
REPEATS_ALLOWED = 10
#: the same for suggestions that break a constraint: a tuner is not told why, and may insist on where results are best
VIOLATIONS_ALLOWED = 20
#: trials in a row that only repeat earlier ones, and spend no time, before the tuner counts as having nothing left
REUSED_IN_A_ROW = 100


@frozen(kw_only=True)
class SearchRules:
    """What a config says of suggestions, whatever the tuner."""

    seed: int = 0
    constraints: Sequence[str] = ()
    duplicates: Duplicates = field(default=Duplicates.SKIP, converter=Duplicates)
    #: which way is better in the first objective, where the config names objectives
    optimize_mode: str | None = None

    @classmethod
    def of(cls, config: Mapping[str, Json]) -> SearchRules:
        """The rules in a canonical config. One without a seed was written by an earlier version."""
        return cls(
            seed=config.get("seed", 0),
            constraints=config.get("constraints", ()),
            duplicates=config.get("duplicates", Duplicates.SKIP),
            optimize_mode=optimize_mode(config) if config.get("objectives") else None,
        )

    def as_json(self) -> Mapping[str, Json]:
        return {
            "seed": self.seed,
            "constraints": list(self.constraints),
            "duplicates": self.duplicates.value,
            "optimize_mode": self.optimize_mode,
        }


class Refusal(Enum):
    """Why a suggestion does not become a trial; the value is how often in one question, for each trial that it brings,
    the tuner is asked again."""

    REPEATED = REPEATS_ALLOWED
    BREAKS_CONSTRAINT = VIOLATIONS_ALLOWED


class Sieve:
    """Judges suggestions, and remembers what was tried."""

    def __init__(
        self, rules: SearchRules, search_space: Mapping[str, Json], *, free_form: bool, repeats: bool = False
    ) -> None:
        """``free_form``: suggestions need not lie in the space, which need not be in NNI's form. ``repeats``: they are
        repeated on purpose, whatever the rules say of that.

        :raises ConfigError: when the space, or a constraint over it, is wrong.
        """
        self._rules = evolve(rules, duplicates=Duplicates.ALLOW) if repeats else rules
        self._free_form = free_form
        self._seen: list[Parameters] = []
        #: for ``reuse``, by what was tried: the first parameter id that ended well with a result, and the latest one
        self._with_result: dict[str, int] = {}
        self._latest: dict[str, int] = {}
        self._reused_in_a_row = 0
        self._space: SearchSpace | None = None
        self._constraints = Constraints()
        self._dedup: Deduplicator | None = None
        self.take_space(search_space)

    def take_space(self, search_space: Mapping[str, Json]) -> None:
        """The search space, or a changed one.

        :raises ConfigError: when it, or a constraint over it, is wrong.
        """
        self._reused_in_a_row = 0
        if self._free_form and not self._rules.constraints:
            return
        space = self._space = SearchSpace.parse(search_space)
        self._constraints = Constraints.read(self._rules.constraints, space)
        counts = space.size is not None and not self._free_form and self._rules.duplicates is not Duplicates.ALLOW
        admits = self._constraints.admit if self._constraints else None
        self._dedup = Deduplicator(space, admits=admits, looked_through=ENUMERATED) if counts else None
        for parameters in self._seen:
            self._mark(parameters)

    def difference(self, parameters: Parameters) -> Problem | None:
        """Why parameters do not lie in the search space, where they have to."""
        return None if self._free_form or self._space is None else self._space.contains(parameters)

    def refusal(self, parameters: Parameters) -> Refusal | None:
        """Why a suggestion does not become a trial; None when it does."""
        if self._constraints.broken_by(parameters) is not None:
            return Refusal.BREAKS_CONSTRAINT
        skips = self._rules.duplicates is Duplicates.SKIP
        if skips and self._dedup is not None and self._dedup.is_duplicate(parameters):
            return Refusal.REPEATED
        return None

    def replacement(self, parameter_id: int) -> Parameters | None:
        """What to try instead of one suggestion too many that was refused: drawn from the space, from the experiment's
        seed. None when no draw will do."""
        if self._space is None:
            return None
        self._constraints.forget()
        random = Random(f"{self._rules.seed}:{parameter_id}")  # noqa: S311 - no secret
        if self._dedup is not None and self._rules.duplicates is Duplicates.SKIP:
            return self._dedup.next_unseen(random)
        draws = (self._space.sample(random) for _ in range(DRAWS))
        return next((parameters for parameters in draws if self._constraints.admit(parameters)), None)

    def nothing_found(self) -> str:
        """Why there was no :meth:`replacement`."""
        why = self._constraints.why()
        return self.nothing_left() or f"no parameters were found that satisfy the constraints{why and f': {why} draws'}"

    def nothing_left(self) -> str | None:
        """Why there is no use in asking the tuner again; None while there is."""
        if self._reused_in_a_row >= REUSED_IN_A_ROW:
            return f"the last {self._reused_in_a_row} suggestions of the tuner only repeated earlier trials"
        if self._dedup is None or self._space is None or self._dedup.remaining != 0:
            return None
        if self._constraints:
            return "all points of the search space that satisfy the constraints have been tried"
        return f"all {self._space.size} points of the search space have been tried"

    def remember(self, parameters: Parameters, parameter_id: int | None = None) -> None:
        """These were tried, whoever thought of them; without an id when that was elsewhere."""
        self._seen.append(parameters)
        self._mark(parameters)
        if parameter_id is not None and self._rules.duplicates is Duplicates.REUSE:
            self._latest[self._key(parameters)] = parameter_id

    def take(self, parameter_id: int, parameters: Parameters) -> int | None:
        """Remember a suggestion that becomes a trial. The answer is the parameter id of an earlier one of the same
        parameters: one that has a result, else the latest, which may still run."""
        earlier: int | None = None
        if self._rules.duplicates is Duplicates.REUSE:
            key = self._key(parameters)
            repeats = key in self._with_result
            earlier = self._with_result[key] if repeats else self._latest.get(key)
            self._reused_in_a_row = self._reused_in_a_row + 1 if repeats else 0
        self.remember(parameters, parameter_id)
        return earlier

    def learn(self, parameter_id: int, parameters: Parameters) -> None:
        """A trial of these parameters ended well, with a result."""
        if self._rules.duplicates is Duplicates.REUSE:
            self._with_result.setdefault(self._key(parameters), parameter_id)

    def _mark(self, parameters: Parameters) -> None:
        if self._dedup is not None:
            self._dedup.add(parameters)

    def _key(self, parameters: Parameters) -> str:
        """Equal for equal parameters only."""
        if self._space is not None:
            try:
                return self._space.canonical(parameters)
            except ConfigError:
                pass  # of a free-form tuner, or of a space that was changed since
        return identity(parameters)
