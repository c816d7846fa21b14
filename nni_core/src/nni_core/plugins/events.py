"""Plugins that listen to an experiment."""

from __future__ import annotations

from collections.abc import Mapping

import pluggy
from attrs import field, frozen

from nni_core.plugins.entry import OFFERS

_OFFERING_HOOKS = frozenset(hook for hook, _ in OFFERS.values())


@frozen(kw_only=True)
class EventRelay:
    """Hands events to one plugin. What the plugin raises passes through: the caller counts and logs it."""

    _implementations: Mapping[str, pluggy.HookImpl] = field(alias="implementations")

    @property
    def hears(self) -> frozenset[str]:
        """The event hooks that the plugin implements; other events need not be relayed."""
        return frozenset(self._implementations)

    def __call__(self, hook: str, **arguments: object) -> None:
        """Call the plugin's implementation of an event hook with those of the arguments that it takes. Nothing happens
        when it implements none."""
        implementation = self._implementations.get(hook)
        if implementation is not None:
            implementation.function(*(arguments[name] for name in implementation.argnames))


def event_implementations(manager: pluggy.PluginManager, plugin: object) -> dict[str, pluggy.HookImpl]:
    """A plugin's implementations of event hooks, by name of the hook."""
    return {
        caller.name: implementation
        for caller in manager.get_hookcallers(plugin) or ()
        if caller.name not in _OFFERING_HOOKS
        for implementation in caller.get_hookimpls()
        if implementation.plugin is plugin
    }
