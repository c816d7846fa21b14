"""Completes parameters of which only some are given."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from nni_core.model import Json, Parameters
from nni_core.space.domains import OutsideError
from nni_core.space.parameter import NAME, Parameter
from nni_core.space.space import SearchSpace


def filled(space: SearchSpace, given: Parameters, random: Random) -> dict[str, Json]:
    """External parameters with the values that are given, and the rest drawn from the distributions of the space. Of a
    nested choice the ``_name`` has to be given when anything inside it is.

    :raises ConfigError: with the first given value that does not lie in the space.
    """
    return space.normalised(_group(space.top, given, random))


def _group(group: tuple[Parameter, ...], given: Parameters, random: Random) -> dict[str, Json]:
    names = {parameter.name for parameter in group}
    strangers = {name: value for name, value in given.items() if name not in names}
    values = {
        parameter.name: _within(parameter, given[parameter.name], random)
        if parameter.name in given
        else _drawn(parameter, random)
        for parameter in group
    }
    return {**strangers, **values}


def _within(parameter: Parameter, given: Json, random: Random) -> Json:
    """A given value; inside the candidate that it names, what is missing is drawn."""
    if not parameter.branches or not isinstance(given, Mapping) or NAME not in given:
        return given
    try:
        index = int(parameter.domain.internal(given[NAME]))
    except OutsideError:
        return given
    return {NAME: given[NAME], **_group(parameter.branches[index], _without_name(given), random)}


def _drawn(parameter: Parameter, random: Random) -> Json:
    internal = parameter.domain.draw(random)
    value = parameter.domain.external(internal)
    if not parameter.branches:
        return value
    return {NAME: value, **_group(parameter.branches[int(internal)], {}, random)}


def _without_name(given: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: value for name, value in given.items() if name != NAME}
