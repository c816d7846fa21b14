"""Which plugins there are, and which of them a name means."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pluggy
from attrs import frozen

from nni_core.api import TunerChoice
from nni_core.errors import PluginError, Problem
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import messages
from nni_core.plugins.building import arguments_of, build
from nni_core.plugins.discovery import installed_sources
from nni_core.plugins.entry import OFFERS, PluginEntry, PluginStatus, Source, Spec, normalized
from nni_core.plugins.events import EventRelay, event_implementations
from nni_core.plugins.implementation import custom_class, load_implementation, with_arguments
from nni_core.plugins.loading import check_plugin, file_source, load_entry_point, load_plugin_file, new_manager
from nni_core.plugins.registered import registered_sources
from nni_core.plugins.specs import Offer, ask


@frozen(kw_only=True)
class _Plugin:
    """One plugin, as far as it came."""

    source: Source
    #: what is wrong with it as a whole
    problems: tuple[Problem, ...] = ()
    offers: tuple[Offer, ...] = ()
    relay: EventRelay | None = None
    disabled: bool = False

    @property
    def reason(self) -> str:
        return "; ".join(problem.message for problem in self.problems)


class PluginRegistry:
    """Every plugin of this environment, sound or not, and the names they offer.

    Nothing that a plugin does while it is found, imported or asked raises here: a broken one is kept with its reason
    and troubles only who asks for it by name. No name has a privilege, ours included.
    """

    def __init__(self) -> None:
        self._manager = new_manager()
        self._plugins: list[_Plugin] = []
        #: specs with the classes of their arguments, by the identity of what was offered
        self._completed: dict[int, Spec] = {}

    @classmethod
    def discover(cls, *, disabled: Collection[str] = ()) -> PluginRegistry:
        """A registry of all installed plugins, and of what the user registered. Those whose entry point or distribution
        is named in ``disabled`` are listed and not imported."""
        registry = cls()
        installed = [(source, load_entry_point) for source in installed_sources()]
        for source, load in (*installed, *registered_sources()):
            if any(source.answers_to(name) for name in disabled):
                registry._plugins.append(_Plugin(source=source, disabled=True))
            else:
                registry._plugins.append(registry._load(source, load))
        return registry

    @property
    def manager(self) -> pluggy.PluginManager:
        """pluggy's view of the sound plugins. Calling a hook through it is not guarded against what plugins do."""
        return self._manager

    def load_file(self, path: Path | str) -> None:
        """Add a one-off plugin file, as named under ``plugins`` in a config. A second time does nothing.

        A spec in it may name the file itself by its stem: ``my_plugin:MyTuner`` in ``my_plugin.py``.

        :raises PluginError: with everything that is wrong with it; the file was asked for.
        """
        path = Path(path)
        source = file_source(path.resolve())
        if not any(plugin.source == source for plugin in self._plugins):
            self._add(source, load_plugin_file(path))

    def add_module(self, module: ModuleType) -> None:
        """Add a module that is imported already, under the rules of a plugin file: for tests and for experiments that
        run inside a program.

        :raises PluginError: with everything that is wrong with it.
        """
        self._add(file_source(Path(module.__file__ or module.__name__)), module)

    def _add(self, source: Source, module: ModuleType) -> None:
        plugin = self._admit(source, module, root=source.value)
        problems = (*plugin.problems, *(messages.broken_offer(offer) for offer in plugin.offers if offer.fault))
        if problems:
            raise PluginError(*problems)
        offers = tuple(_at_home(offer, source.name, module.__name__) for offer in plugin.offers)
        self._plugins.append(attrs.evolve(plugin, offers=offers))

    def _load(self, source: Source, load: Callable[[Source], object]) -> _Plugin:
        if source.fault:
            return _Plugin(source=source, problems=(messages.damaged(source),))
        try:
            plugin = load(source)
        except PluginError as error:
            return _Plugin(source=source, problems=error.problems)
        return self._admit(source, plugin, root=source.value.partition(":")[0].partition(".")[0])

    def _admit(self, source: Source, plugin: object, *, root: str) -> _Plugin:
        problems = check_plugin(source, plugin, self._manager)
        if not problems:
            problems = self._register(source, plugin)
        if problems:
            return _Plugin(source=source, problems=tuple(problems))
        hooks = event_implementations(self._manager, plugin)
        return _Plugin(
            source=source,
            offers=tuple(offer for kind in OFFERS for offer in self._ask(kind, source, plugin, root)),
            relay=EventRelay(implementations=hooks) if hooks else None,
        )

    def _register(self, source: Source, plugin: object) -> list[Problem]:
        try:
            self._manager.register(plugin, name=source.identity)
        except (pluggy.PluginValidationError, ValueError) as error:
            return [messages.not_registered(source, self._manager.get_name(plugin), error)]
        return []

    def _ask(self, kind: PluginKind, source: Source, plugin: object, root: str) -> list[Offer]:
        caller = getattr(self._manager.hook, OFFERS[kind][0])
        functions: list[Callable[[], Any]] = [
            implementation.function for implementation in caller.get_hookimpls() if implementation.plugin is plugin
        ]
        return [offer for function in functions for offer in ask(kind, source, function, root)]

    # --- names --------------------------------------------------------------------------------------------------------

    def resolve(self, kind: PluginKind, name: str) -> Spec:
        """The spec that a name in a config means, compared without regard to case; ``distribution:name`` picks one of
        several.

        :raises PluginError: when no sound plugin offers it, or several do, or the class of its arguments cannot be
            imported.
        """
        distribution, _, bare = name.rpartition(":")
        claimants = [
            offer
            for offer in self._offers(kind)
            if bare.casefold() in offer.claims
            and (not distribution or normalized(distribution) == normalized(offer.source.distribution))
        ]
        if len(claimants) > 1:
            raise PluginError(messages.clash(kind, bare, claimants))
        if not claimants or claimants[0].spec is None:
            raise PluginError(self._why_not(kind, distribution, bare))
        return self._complete(claimants[0].spec)

    def names(self, kind: PluginKind) -> list[str]:
        """What can be written for a kind, sorted, without aliases. A contested name is listed once for each
        distribution, as ``distribution:name``."""
        offers = [offer for offer in self._offers(kind) if not offer.fault]
        return sorted(
            f"{offer.source.distribution}:{offer.name}" if self._rivals(offer) else offer.name for offer in offers
        )

    def specs(self, kind: PluginKind) -> list[Spec]:
        """Every sound and uncontested spec of a kind, in order of names: what can be used without asking by name."""
        offers = [offer for offer in self._offers(kind) if not offer.fault and not self._rivals(offer)]
        found: list[Spec] = []
        for offer in sorted(offers, key=lambda offer: offer.name):
            # One whose arguments cannot be imported is told to whoever asks for it by name.
            with contextlib.suppress(PluginError):
                found += [self._complete(offer.spec)] if offer.spec is not None else []
        return found

    def _complete(self, spec: Spec) -> Spec:
        """The spec with the class of its arguments, the same each time."""
        if id(spec) not in self._completed:
            self._completed[id(spec)] = with_arguments(spec)
        return self._completed[id(spec)]

    def event_listeners(self) -> list[tuple[str, EventRelay]]:
        """The plugins that implement event hooks, as ``distribution:entry point``, each with what gives it events."""
        return [(plugin.source.identity, plugin.relay) for plugin in self._plugins if plugin.relay is not None]

    # --- what they point to -------------------------------------------------------------------------------------------

    def implementation(self, spec: Spec) -> Any:
        """Import what a spec names. Specs of plugin files need a registry that has loaded the file in this process.

        :raises PluginError: saying where in the author's code it failed.
        """
        return spec.implementation if callable(spec.implementation) else load_implementation(spec.implementation)

    def custom_class(
        self, class_name: str, code_directory: Path | str | None = None, *, kind: PluginKind | None = None
    ) -> type[Any]:
        """See :func:`nni_core.plugins.custom_class`."""
        return custom_class(class_name, Path(code_directory) if code_directory else None, kind=kind)

    def build_algorithm(
        self,
        kind: PluginKind,
        *,
        name: str | None = None,
        class_name: str | None = None,
        code_directory: Path | str | None = None,
        class_args: Mapping[str, Json],
    ) -> Any:
        """A new tuner or assessor, by its registered name or by the user's own class.

        A registered one receives the fields of its attrs class, a class of the user's own the ``class_args`` as
        written.

        :raises PluginError: when it cannot be found, imported or built.
        """
        if name is None:
            found = self.custom_class(class_name or "", code_directory, kind=kind)
            return build(kind, f"{messages.title(kind)} '{class_name}'", found, class_args)
        spec = self.resolve(kind, name)
        implementation = self.implementation(spec)
        arguments = arguments_of(getattr(spec, "arguments", None), class_args)
        arguments = {name: self._chosen(value) for name, value in arguments.items()}
        return build(kind, f"{messages.title(kind)} '{spec.name}'", implementation, arguments)

    def _chosen(self, value: Any) -> Any:
        """A tuner in the place of the choice of one."""
        if not isinstance(value, TunerChoice):
            return value
        return self.build_algorithm(
            PluginKind.TUNER,
            name=value.name,
            class_name=value.class_name,
            code_directory=value.code_directory,
            class_args=value.class_args,
        )

    # --- lists --------------------------------------------------------------------------------------------------------

    def listing(self, kind: PluginKind | None = None) -> list[PluginEntry]:
        """Everything that plugins offer, and every plugin that offers nothing, in order of kind and name. With a kind
        only that, and the plugins of which it is not known what they would offer."""
        entries = [entry for plugin in self._plugins for entry in self._entries(plugin)]
        order = [*PluginKind, None]
        if kind is not None:
            entries = [
                entry
                for entry in entries
                if entry.kind is kind or (entry.kind is None and entry.status is not PluginStatus.OK)
            ]
        return sorted(entries, key=lambda entry: (order.index(entry.kind), entry.name.casefold(), entry.distribution))

    def _entries(self, plugin: _Plugin) -> Iterator[PluginEntry]:
        if plugin.offers:
            yield from (self._entry(offer) for offer in plugin.offers)
        elif plugin.disabled:
            yield _whole(plugin, PluginStatus.DISABLED, "switched off by its user")
        elif plugin.problems:
            yield _whole(plugin, PluginStatus.BROKEN, plugin.reason)
        else:
            yield _whole(plugin, PluginStatus.OK, "", "hears events" if plugin.relay else "offers nothing")

    def _entry(self, offer: Offer) -> PluginEntry:
        rivals = self._rivals(offer)
        reason = offer.fault or (messages.contested(rivals) if rivals else "")
        status = PluginStatus.BROKEN if offer.fault else PluginStatus.CLASH if rivals else PluginStatus.OK
        return PluginEntry(
            name=offer.name,
            kind=offer.kind,
            distribution=offer.source.distribution,
            version=offer.source.version,
            status=status,
            reason=reason,
            summary=offer.spec.summary if offer.spec and not offer.fault else "",
            value=offer.source.value,
        )

    def _offers(self, kind: PluginKind) -> list[Offer]:
        return [offer for plugin in self._plugins for offer in plugin.offers if offer.kind is kind]

    def _rivals(self, offer: Offer) -> dict[str, Source]:
        """What else claims one of an offer's names, by the name claimed."""
        return {
            claim: rival.source
            for rival in self._offers(offer.kind)
            if rival is not offer
            for claim in offer.claims
            if claim in rival.claims
        }

    def _why_not(self, kind: PluginKind, distribution: str, name: str) -> Problem:
        """The best explanation why a name means nothing."""
        for offer in self._offers(kind):
            if offer.fault and offer.name.casefold() == name.casefold():
                return messages.broken_offer(offer)
        for plugin in self._plugins:
            asked = plugin.source.answers_to(distribution or name)
            if asked and plugin.disabled:
                return messages.disabled(kind, name, plugin.source)
            if asked and plugin.problems:
                return messages.broken_plugin(kind, name, plugin.problems[0])
        broken = [plugin.source for plugin in self._plugins if plugin.problems]
        return messages.unknown(kind, distribution, name, installed=self.names(kind), broken=broken)


def _whole(plugin: _Plugin, status: PluginStatus, reason: str, summary: str = "") -> PluginEntry:
    return PluginEntry(
        name=plugin.source.name,
        kind=None,
        distribution=plugin.source.distribution,
        version=plugin.source.version,
        status=status,
        reason=reason,
        summary=summary,
        value=plugin.source.value,
    )


def _at_home(offer: Offer, stem: str, module: str) -> Offer:
    """An offer of a plugin file, with the file's stem replaced by the name under which it was imported."""
    spec = offer.spec
    if spec is None or not isinstance(spec.implementation, str):
        return offer
    named, _, attribute = spec.implementation.partition(":")
    return (
        attrs.evolve(offer, spec=attrs.evolve(spec, implementation=f"{module}:{attribute}")) if named == stem else offer
    )
