"""The plugins of this environment, less those that its user has switched off. The one place that reads the variable."""

from __future__ import annotations

import os

from nni_core.plugins.discovery import split_names
from nni_core.plugins.registry import PluginRegistry

#: names of entry points or distributions, separated by commas
DISABLED_VARIABLE = "NNI_DISABLED_PLUGINS"


def discover_plugins() -> PluginRegistry:
    """A registry of all installed plugins but those named in ``NNI_DISABLED_PLUGINS``."""
    return PluginRegistry.discover(disabled=split_names(os.environ.get(DISABLED_VARIABLE, "")))
