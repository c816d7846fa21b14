"""Plugins: found through entry points, checked, named, and told apart.

``discovery`` reads the metadata of installed distributions, ``loading`` imports plugin modules and checks their hooks,
``specs`` checks what the hooks return, ``registry`` resolves names, ``implementation`` imports what a spec points to.
"""

from nni_core.plugins.discovery import archived_nni_problem, split_names
from nni_core.plugins.entry import PluginEntry, PluginStatus, Spec
from nni_core.plugins.environment import discover_plugins
from nni_core.plugins.events import EventRelay
from nni_core.plugins.implementation import custom_class, load_implementation
from nni_core.plugins.registry import PluginRegistry

__all__ = [
    "EventRelay",
    "PluginEntry",
    "PluginRegistry",
    "PluginStatus",
    "Spec",
    "archived_nni_problem",
    "custom_class",
    "discover_plugins",
    "load_implementation",
    "split_names",
]
