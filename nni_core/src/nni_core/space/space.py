"""A search space: what may be tried, drawn, checked, counted, and turned into numbers for tuners."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random

from attrs import Factory, field, frozen

from nni_core.errors import ConfigError, KeyPath, Problem, nearest
from nni_core.model import Json, Parameters
from nni_core.space.codes import SpaceCode
from nni_core.space.domains import OutsideError
from nni_core.space.grammar import read_space
from nni_core.space.parameter import NAME, Key, Parameter, group_at, group_rank, group_size
from nni_core.space.values import found, identity, shown


def validate(raw: Json) -> list[Problem]:
    """Everything that is wrong with a search space, notes (``fatal=False``) included. Never raises."""
    return read_space(raw)[1]


@frozen(kw_only=True)
class SearchSpace:
    """The parameters of an experiment.

    *External* parameters are what a trial gets: ``{"lr": 0.01, "net": {"_name": "cnn", "depth": 3}}``. *Internal* ones
    are flat, by key: ``{("lr",): -4.6, ("net",): 1, ("net", 1, "depth"): 2}``. A *vector* has one float a parameter.
    """

    #: every parameter in the order of declaration, a choice before what it activates
    parameters: tuple[Parameter, ...]
    #: the parameters that are always active
    top: tuple[Parameter, ...] = field(
        init=False,
        repr=False,
        default=Factory(lambda self: tuple(p for p in self.parameters if len(p.key) == 1), takes_self=True),
    )
    #: exact number of different parameter sets; None: endlessly many
    size: int | None = field(init=False, default=Factory(lambda self: group_size(self.top), takes_self=True))

    @classmethod
    def parse(cls, raw: Json) -> SearchSpace:
        """Read ``{name: {"_type": ..., "_value": ...}}``.

        :raises ConfigError: with every problem found, notes included; key paths start inside the space.
        """
        parameters, problems = read_space(raw)
        if any(problem.fatal for problem in problems):
            raise ConfigError(*problems)
        return cls(parameters=parameters)

    def sample(self, random: Random) -> dict[str, Json]:
        """Draw external parameters from the distributions of the space."""
        internal: dict[Key, float] = {}
        for parameter in self.parameters:
            if parameter.is_active_in(internal):
                internal[parameter.key] = parameter.domain.draw(random)
        return self.external(internal)

    def contains(self, parameters: Json) -> Problem | None:
        """None when external parameters lie in the space, otherwise the first difference. Mind the sense: the answer is
        what is wrong. Numpy's scalars count by their value."""
        try:
            self.normalised(parameters)
        except ConfigError as error:
            return error.problems[0]
        return None

    def normalised(self, parameters: Json) -> dict[str, Json]:
        """The same external parameters in plain Python types, in the order of declaration, exactly on bounds and grid
        points, and safe to keep.

        :raises ConfigError: with the first difference, when they do not lie in the space.
        """
        return _admitted(self.top, parameters, ())

    def canonical(self, parameters: Json) -> str:
        """A text that is equal for equal parameters only: canonical JSON of the normalised external form.

        :raises ConfigError: as :meth:`normalised`.
        """
        return identity(self.normalised(parameters))

    def rank(self, parameters: Json) -> int:
        """The position of external parameters in the order of :meth:`enumerate`.

        :raises ConfigError: as :meth:`normalised`.
        :raises ValueError: on an endless space.
        """
        self._finite_size()
        return group_rank(self.top, self.normalised(parameters))

    def at(self, rank: int) -> dict[str, Json]:
        """The external parameters in a position from 0 to ``size - 1``.

        :raises ValueError: on an endless space, or when there is no such position.
        """
        if not 0 <= rank < self._finite_size():
            raise ValueError(f"there is no position {rank} in a search space of {self.size}")
        return group_at(self.top, rank)

    def enumerate(self) -> Iterator[dict[str, Json]]:
        """All external parameters of a finite space, each once; the parameter declared last changes fastest.

        :raises ValueError: on an endless space.
        """
        return map(self.at, range(self._finite_size()))

    def internal(self, parameters: Json) -> dict[Key, float]:
        """The internal form of external parameters: active parameters only, in the order of declaration.

        :raises ConfigError: as :meth:`normalised`.
        """
        holders: dict[Key, Parameters] = {(): self.normalised(parameters)}
        internal: dict[Key, float] = {}
        for parameter in self.parameters:
            holder = holders.get(parameter.key[:-1])
            if holder is None:
                continue
            value = holder[parameter.name]
            number = parameter.domain.internal(value[NAME] if parameter.branches else value)
            internal[parameter.key] = number
            if parameter.branches:
                holders[*parameter.key, int(number)] = value
        return internal

    def external(self, internal: Mapping[Key, float]) -> dict[str, Json]:
        """The external form of internal values; numbers beyond a bound become the bound, inactive ones are left out.

        :raises KeyError: when an active parameter has no value.
        :raises ValueError: when a value is NaN or no index of a choice.
        """
        holders: dict[Key, dict[str, Json]] = {(): {}}
        for parameter in self.parameters:
            holder = holders.get(parameter.key[:-1])
            if holder is None:
                continue
            number = internal[parameter.key]
            value = parameter.domain.external(number)
            if parameter.branches:
                value = holders[*parameter.key, int(number)] = {NAME: value}
            holder[parameter.name] = value
        return holders[()]

    def encode(self, parameters: Json) -> list[float]:
        """A vector with one entry a parameter: from 0 to 1 where there are bounds, in standard deviations for normal
        types, the index for a choice, NaN where inactive.

        :raises ConfigError: as :meth:`normalised`.
        """
        internal = self.internal(parameters)
        return [
            parameter.domain.encode(internal[parameter.key]) if parameter.key in internal else math.nan
            for parameter in self.parameters
        ]

    def decode(self, vector: Sequence[float]) -> dict[str, Json]:
        """The external parameters nearest to a vector. Entries of inactive parameters are not read.

        :raises ValueError: when the length is wrong, or the entry of an active parameter is NaN.
        """
        internal: dict[Key, float] = {}
        for parameter, entry in zip(self.parameters, vector, strict=True):
            if parameter.is_active_in(internal):
                internal[parameter.key] = parameter.domain.decode(entry)
        return self.external(internal)

    def _finite_size(self) -> int:
        if self.size is None:
            raise ValueError("the search space is endless: it has parameters that are neither a choice nor on a grid")
        return self.size


def _admitted(group: tuple[Parameter, ...], values: Json, path: KeyPath) -> dict[str, Json]:
    """Normalised values of one group of parameters."""
    if not isinstance(values, Mapping):
        where = f"{_label(path)} must be" if path else "parameters must be"
        raise _difference(SpaceCode.WRONG_KIND, f"{where} a mapping, got {found(values)}", path)
    known = dict.fromkeys([NAME] * bool(path) + [parameter.name for parameter in group])
    for name in values:
        if name not in known:
            raise _unknown(name, known, path)
    return {parameter.name: _admitted_value(parameter, values, path) for parameter in group}


def _admitted_value(parameter: Parameter, values: Parameters, path: KeyPath) -> Json:
    path = (*path, parameter.name)
    if parameter.name not in values:
        raise _difference(SpaceCode.MISSING_PARAMETER, f"parameter {_label(path)} is missing", path[:-1])
    value = values[parameter.name]
    try:
        if not parameter.branches:
            return parameter.domain.admit(value)
        return _admitted_branch(parameter, value, path)
    except OutsideError as error:
        raise _difference(error.code, f"{_label(path)} {error}", path) from None


def _admitted_branch(parameter: Parameter, value: Json, path: KeyPath) -> dict[str, Json]:
    if not isinstance(value, Mapping) or NAME not in value:
        raise OutsideError(SpaceCode.WRONG_KIND, f"must be a mapping with {NAME!r}, got {found(value)}")
    index = int(parameter.domain.internal(value[NAME]))
    return {NAME: parameter.domain.external(index), **_admitted(parameter.branches[index], value, path)}


def _label(path: KeyPath) -> str:
    return repr("/".join(str(key) for key in path))


def _unknown(name: Json, known: Iterable[str], path: KeyPath) -> ConfigError:
    close = nearest(name, known) if isinstance(name, str) else None
    inside = f" in {_label(path)}" if path else ""
    help_text = f"did you mean {close!r}?" if close else f"known: {shown(list(known))}"
    message = f"the search space has no parameter {shown(name)}{inside}"
    return _difference(SpaceCode.UNKNOWN_PARAMETER, message, (*path, str(name)), help_text, at_key=True)


def _difference(
    code: SpaceCode, message: str, path: KeyPath, help_text: str = "", *, at_key: bool = False
) -> ConfigError:
    return ConfigError(Problem(code=code.value, message=message, help=help_text, key_path=path, at_key=at_key))
