"""What an experiment looks for: the numbers in a trial's result, and which way each of them is better. Pure.

The first objective is the one that tuners and assessors learn, and that best results are told by. In results that are
dicts it stands under ``default`` too: :func:`with_default` sees to that once, when a result comes in, so that nobody
else has to know its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from nni_core.model import Direction, Json, Trial, TrialState, named_number

DEFAULT = "default"


@frozen(kw_only=True)
class Objective:
    """One number to optimize."""

    #: key in results that are dicts
    name: str = DEFAULT
    direction: Direction = Direction.MAXIMIZE


@frozen(kw_only=True)
class Choice:
    """A trial that no other surpasses: none is as good in every objective and better in one."""

    trial: Trial
    #: by the names of the objectives
    values: Mapping[str, float]


def objectives_of(config: Mapping[str, Json]) -> Sequence[Objective]:
    """The objectives in a canonical config; without any it is one, whose direction is the tuner's."""
    written = config.get("objectives") or ()
    found = [Objective(name=one["name"], direction=Direction(one["direction"])) for one in written]
    return found or [Objective(direction=_told_direction(config))]


def optimize_mode(config: Mapping[str, Json]) -> str:
    """Which way is better in the first objective: ``maximize`` or ``minimize``."""
    return objectives_of(config)[0].direction.value


def _told_direction(config: Mapping[str, Json]) -> Direction:
    """What the tuner, or else the assessor, was told. NNI's algorithms that are not told differ among themselves; a
    tuner whose arguments have a default carries it in the canonical config."""
    for section in ("tuner", "assessor"):
        mode = ((config.get(section) or {}).get("classArgs") or {}).get("optimize_mode")
        if mode in set(Direction):
            return Direction(mode)
    return Direction.MAXIMIZE


def with_default(value: Json, objectives: Sequence[Objective]) -> Json:
    """A result whose ``default`` is its first objective. A number, and a dict without the name of the objective, are
    that already, or have none."""
    name = objectives[0].name
    if name == DEFAULT or not isinstance(value, Mapping) or name not in value:
        return value
    return {DEFAULT: value[name], **{key: item for key, item in value.items() if key != DEFAULT}}


def values_of(value: Json, objectives: Sequence[Objective]) -> Mapping[str, float]:
    """The finite numbers in a result (one with its default), by the names of their objectives."""
    found: dict[str, float] = {}
    for place, objective in enumerate(objectives):
        number = named_number(value, objective.name if place else DEFAULT)
        if number is not None:
            found[objective.name] = number
    return found


def pareto_set(trials: Iterable[Trial], objectives: Sequence[Objective]) -> Sequence[Choice]:
    """The trials that succeeded, have a number for every objective and are surpassed by no other; in the order of their
    numbers."""
    signs = [1 if objective.direction is Direction.MINIMIZE else -1 for objective in objectives]
    points: list[tuple[tuple[float, ...], int, Choice]] = []
    for trial in trials:
        if trial.final is None or trial.state is not TrialState.SUCCEEDED:
            continue
        values = values_of(trial.final.value, objectives)
        if len(values) == len(objectives):
            losses = tuple(sign * values[one.name] for sign, one in zip(signs, objectives, strict=True))
            points.append((losses, trial.sequence_id, Choice(trial=trial, values=values)))
    # Whoever surpasses a point comes before it in this order.
    points.sort(key=lambda point: point[:2])
    front: list[tuple[tuple[float, ...], int, Choice]] = []
    for point in points:
        if not any(_surpasses(other[0], point[0]) for other in front):
            front.append(point)
    return [choice for *_, choice in sorted(front, key=lambda point: point[1])]


def _surpasses(losses: Sequence[float], others: Sequence[float]) -> bool:
    return losses != others and all(mine <= other for mine, other in zip(losses, others, strict=True))
