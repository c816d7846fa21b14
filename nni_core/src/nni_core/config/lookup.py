"""What this room needs to know of plugins. ``nni_core.plugins`` implements it; tests bring a small one of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from nni_core.api import (
    AssessorSpec,
    CliCommandSpec,
    MetricSinkSpec,
    TrainingServiceSpec,
    TunerSpec,
    WebAppSpec,
)
from nni_core.plugin_kinds import PluginKind

#: the specs of the plugins that a config names
ConfiguredSpec = TunerSpec | AssessorSpec | TrainingServiceSpec | MetricSinkSpec
AnySpec = ConfiguredSpec | CliCommandSpec | WebAppSpec


class PluginLookup(Protocol):
    """Finds plugins by the names that a config uses."""

    def resolve(self, kind: PluginKind, name: str) -> AnySpec:
        """The spec under a name, compared without regard to case; ``distribution:name`` picks one distribution's.

        :raises PluginError: when there is none, or more than one, or it is broken.
        """

    def names(self, kind: PluginKind) -> Sequence[str]:
        """Every name that :meth:`resolve` finds, for messages and the JSON schema."""

    def load_file(self, path: Path) -> None:
        """Make the plugins of one Python file known. Loading a file again changes nothing.

        :raises PluginError: when it cannot be imported, or clashes with another plugin.
        """
