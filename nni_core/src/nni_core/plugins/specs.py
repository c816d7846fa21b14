"""Checks what offering hooks return: the right records, with names and dotted paths that can be used."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
from attrs import frozen

from nni_core.api import CliCommandSpec, WebAppSpec
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins.entry import OFFERS, Source, Spec
from nni_core.plugins.loading import ANYTHING
from nni_core.plugins.traces import blame

#: what a user can write in a config without quotes; a colon is taken by ``distribution:name``
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
DOTTED_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


@frozen(kw_only=True)
class Offer:
    """One thing that a plugin offers, sound or not."""

    kind: PluginKind
    source: Source
    #: None when the hook gave nothing that could be called a spec
    spec: Spec | None
    #: what is wrong with it; empty when it can be used
    fault: str = ""

    @property
    def name(self) -> str:
        """The name offered; that of the entry point when there is none that could be shown."""
        name = getattr(self.spec, "name", None)
        return name if isinstance(name, str) and name else self.source.name

    @property
    def claims(self) -> tuple[str, ...]:
        """What no other distribution may claim for this kind, as compared: its names, and the path of a web app."""
        if self.spec is None or self.fault:
            return ()
        mounts = (self.spec.mount,) if isinstance(self.spec, WebAppSpec) else ()
        return tuple(dict.fromkeys(claim.casefold() for claim in (*names_of(self.spec), *mounts)))


def names_of(spec: Spec) -> tuple[str, ...]:
    """The name of a spec, and its aliases where its kind has them."""
    return (spec.name, *getattr(spec, "aliases", ()))


def ask(kind: PluginKind, source: Source, hook: Callable[[], Any], root: str) -> list[Offer]:
    """Call a plugin's offering hook and check its answer. Never raises because of the plugin."""
    hook_name, _ = OFFERS[kind]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            answer = hook()
            offered = list(answer) if isinstance(answer, Iterable) and not isinstance(answer, str | bytes) else None
    except ANYTHING as error:
        return [Offer(kind=kind, source=source, spec=None, fault=f"hook '{hook_name}' raised {blame(error, root)}")]
    if offered is None:
        fault = f"hook '{hook_name}' must return a list of specs, got {_shown(answer)}"
        return [Offer(kind=kind, source=source, spec=None, fault=fault)]
    return _without_repeats([_checked(kind, source, item) for item in offered])


def _checked(kind: PluginKind, source: Source, item: object) -> Offer:
    hook_name, record = OFFERS[kind]
    if not isinstance(item, record):
        fault = f"hook '{hook_name}' must return {record.__name__} records, got {_shown(item)}"
        return Offer(kind=kind, source=source, spec=None, fault=fault)
    return Offer(kind=kind, source=source, spec=item, fault="; ".join(spec_faults(item)))


def _without_repeats(offers: Sequence[Offer]) -> list[Offer]:
    """A second offer of a name by the same plugin is a fault of its own, not a clash."""
    seen: set[str] = set()
    kept: list[Offer] = []
    for offer in offers:
        repeated = seen.intersection(offer.claims)
        seen.update(offer.claims)
        fault = f"the plugin offers '{min(repeated)}' twice" if repeated else offer.fault
        kept.append(attrs.evolve(offer, fault=fault))
    return kept


def spec_faults(spec: Spec) -> list[str]:
    """Everything that is wrong with one spec, in words; empty when it can be used. Imports nothing."""
    faults = _name_faults(spec)
    if not isinstance(spec.summary, str) or not spec.summary.strip() or "\n" in spec.summary:
        faults.append(f"summary must be one line of text, got {_shown(spec.summary)}")
    faults += _implementation_faults(spec)
    if isinstance(spec, WebAppSpec):
        faults += _mount_faults(spec.mount)
    elif not isinstance(spec, CliCommandSpec) and not (is_arguments(spec.arguments) or _is_path(spec.arguments)):
        faults.append(f"arguments must be an attrs class or None, got {_shown(spec.arguments)}")
    return faults


def _name_faults(spec: Spec) -> list[str]:
    aliases: object = getattr(spec, "aliases", ())
    # A text is a sequence too: aliases="abc" would claim 'a', 'b' and 'c'.
    if not isinstance(aliases, list | tuple):
        return [f"aliases must be a list of names, got {_shown(aliases)}"]
    return [
        f"{_shown(name)} is not a name: at most 64 letters, digits and any of _.+- are"
        for name in (spec.name, *aliases)
        if not (isinstance(name, str) and NAME.fullmatch(name))
    ]


def _implementation_faults(spec: Spec) -> list[str]:
    implementation: object = spec.implementation
    if isinstance(spec, WebAppSpec) and callable(implementation):
        return []
    if _is_path(implementation):
        return []
    return [f"implementation must be written 'package.module:attribute', got {_shown(implementation)}"]


def _mount_faults(mount: object) -> list[str]:
    if not isinstance(mount, str) or not mount.startswith("/"):
        return [f"mount must be a path that starts with '/', got {_shown(mount)}"]
    if mount.rstrip("/") == "/api" or mount.startswith("/api/"):
        return ["mount '/api' is the core's own"]
    return []


def _is_path(written: object) -> bool:
    return isinstance(written, str) and DOTTED_PATH.fullmatch(written) is not None


def is_arguments(arguments: object) -> bool:
    """Whether it is what a spec may have for its arguments, once it is imported."""
    return arguments is None or (isinstance(arguments, type) and attrs.has(arguments))


def _shown(value: object) -> str:
    """What was found, at most 80 letters of it."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a stranger's __repr__ may do anything
        text = f"an object whose repr raises {type(error).__name__}"
    return f"{type(value).__name__} {text if len(text) <= 80 else text[:77] + '...'}"
