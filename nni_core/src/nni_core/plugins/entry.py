"""Records of what was found: where a plugin comes from, and one line of ``nnictl plugins list``."""

from __future__ import annotations

import re
from enum import StrEnum

from attrs import frozen

from nni_core.api import (
    AssessorSpec,
    CliCommandSpec,
    MetricSinkSpec,
    TrainingServiceSpec,
    TunerSpec,
    WebAppSpec,
)
from nni_core.plugin_kinds import PluginKind

Spec = TunerSpec | AssessorSpec | TrainingServiceSpec | MetricSinkSpec | CliCommandSpec | WebAppSpec

#: what stands for the distribution of a one-off plugin file
FILE = "file"

#: for each kind the hook that offers it and the record that the hook returns
OFFERS: dict[PluginKind, tuple[str, type[Spec]]] = {
    PluginKind.TUNER: ("nni_tuners", TunerSpec),
    PluginKind.ASSESSOR: ("nni_assessors", AssessorSpec),
    PluginKind.TRAINING_SERVICE: ("nni_training_services", TrainingServiceSpec),
    PluginKind.METRIC_SINK: ("nni_metric_sinks", MetricSinkSpec),
    PluginKind.CLI_COMMAND: ("nni_cli_commands", CliCommandSpec),
    PluginKind.WEB_APP: ("nni_web_apps", WebAppSpec),
}


class PluginStatus(StrEnum):
    """Whether a plugin can be used."""

    OK = "ok"
    #: it, or this one thing it offers, cannot be used; the reason says why
    BROKEN = "broken"
    #: another distribution claims the same name
    CLASH = "clash"
    #: the user switched it off; it was not imported
    DISABLED = "disabled"


@frozen(kw_only=True)
class Source:
    """Where a plugin module comes from: an entry point of an installed distribution, or a file."""

    #: name of the entry point; the stem of a one-off file
    name: str
    #: as the distribution spells itself; ``file`` for a one-off file
    distribution: str
    version: str
    #: the entry point's value, or the path of a one-off file
    value: str
    #: what is wrong with the installed metadata itself; empty when it can be read
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.distribution} ({self.value})" if self.is_file else f"{self.distribution} {self.version}"

    @property
    def identity(self) -> str:
        """Unlike that of every other plugin."""
        return f"{self.distribution}:{self.value if self.is_file else self.name}"

    @property
    def title(self) -> str:
        """What to call it in messages: enough to find the line of a pyproject that names it."""
        return f"plugin file '{self.value}'" if self.is_file else f"plugin '{self.name} = {self.value}' of {self}"

    @property
    def is_file(self) -> bool:
        return self.distribution == FILE

    def answers_to(self, name: str) -> bool:
        """Whether a user who writes this name means this plugin, by its entry point or by its distribution."""
        return name.casefold() == self.name.casefold() or normalized(name) == normalized(self.distribution)


@frozen(kw_only=True)
class PluginEntry:
    """One thing that a plugin offers, or one plugin that offers nothing because it is broken or disabled."""

    #: the name to write in a config; that of the entry point when the plugin offers no name
    name: str
    #: None for a plugin that only hears events, and for one that is broken or disabled as a whole
    kind: PluginKind | None
    distribution: str
    version: str
    status: PluginStatus
    #: why the status is not ``ok``; empty when it is
    reason: str = ""
    summary: str = ""
    #: value of the entry point, or path of the plugin file
    value: str = ""


def normalized(distribution: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
