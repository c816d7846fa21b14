"""The parameter sets that a config wants tried first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from nni_core.errors import ConfigError
from nni_core.experiment.seeds import derived_seed
from nni_core.model import Json, Parameters
from nni_core.space import Constraints, SearchSpace


def completed_points(
    points: Sequence[Parameters], search_space: Json, constraints: Sequence[str], seed: int
) -> list[Parameters]:
    """The initial points of a config with what they leave open drawn from the search space.

    :raises ConfigError: when nothing completes one.
    """
    # An engine has no use for it: its points are complete.
    from nni_core.config.search_checks import completed

    space = SearchSpace.parse(search_space)
    conditions = Constraints.read(constraints, space)
    whole: list[Parameters] = []
    for index, point in enumerate(points):
        random = Random(derived_seed(seed, f"initial point {index}"))  # noqa: S311 - no secret
        try:
            whole.append(completed(point, space, conditions, random))
        except ConfigError as error:
            raise ConfigError(*(problem.under("initial_points", index) for problem in error.problems)) from error
    return whole


def untried_points(config: Mapping[str, Json], begun: int, room: int) -> Sequence[tuple[int, Parameters]]:
    """The next initial points of a canonical config, as many as there is room for, with their positions. ``begun`` of
    them were gone through before. Those that do not lie in the search space any more, because it was changed, are
    passed over."""
    left = list(enumerate(config.get("initialPoints", ())))[begun:]
    if not left:
        return ()
    space = SearchSpace.parse(config["searchSpace"])
    return [(index, point) for index, point in left if space.contains(point) is None][:room]
