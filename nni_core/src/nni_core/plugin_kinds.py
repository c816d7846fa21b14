"""The kinds of things a plugin can offer, by the names the command line and the config schema use."""

from __future__ import annotations

from enum import StrEnum


class PluginKind(StrEnum):
    """One kind for each hook that returns specs."""

    TUNER = "tuner"
    ASSESSOR = "assessor"
    TRAINING_SERVICE = "training_service"
    METRIC_SINK = "metric_sink"
    CLI_COMMAND = "cli_command"
    WEB_APP = "web_app"
