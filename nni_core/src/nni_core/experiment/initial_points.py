"""The parameter sets that a config wants tried first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nni_core.model import Json, Parameters
from nni_core.space import SearchSpace


def untried_points(config: Mapping[str, Json], begun: int, room: int) -> Sequence[tuple[int, Parameters]]:
    """The next initial points of a canonical config, as many as there is room for, with their positions. ``begun`` of
    them were gone through before. Those that do not lie in the search space any more, because it was changed, are
    passed over."""
    left = list(enumerate(config.get("initialPoints", ())))[begun:]
    if not left:
        return ()
    space = SearchSpace.parse(config["searchSpace"])
    return [(index, point) for index, point in left if space.contains(point) is None][:room]
