"""The kinds of things a plugin can offer, by the names the command line and the config schema use."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class PluginKind(StrEnum):
    """One kind for each hook that returns specs."""

    TUNER = "tuner"
    ASSESSOR = "assessor"
    TRAINING_SERVICE = "training_service"
    METRIC_SINK = "metric_sink"
    CLI_COMMAND = "cli_command"
    WEB_APP = "web_app"


#: what is proposed to who has not chosen, the first that is installed
_FAVOURITES = {PluginKind.TUNER: ("Auto", "TPE"), PluginKind.TRAINING_SERVICE: ("local",)}


def favourite(kind: PluginKind, names: Sequence[str]) -> str | None:
    """The one of several installed plugins to propose; None when there is none."""
    known = (name for name in _FAVOURITES.get(kind, ()) if name in names)
    return next(known, names[0] if names else None)
