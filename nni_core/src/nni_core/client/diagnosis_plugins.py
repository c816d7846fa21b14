"""What ``nnictl doctor`` says of the installation: the archived nni beside it, and the plugins."""

from __future__ import annotations

from collections.abc import Iterator

from nni_core.client.diagnosis import Finding, fail, ok, warn
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginEntry, PluginRegistry, PluginStatus, archived_nni_problem, discover_plugins

#: kinds without which there is no experiment, and what to install for one
NEEDED = {PluginKind.TUNER: "nni-tuner-tpe", PluginKind.TRAINING_SERVICE: "nni-service-local"}


def archived() -> Iterator[Finding]:
    """Whether the archived distribution ``nni`` is installed beside this one."""
    problem = archived_nni_problem()
    if problem is None:
        yield ok("nni", "the archived distribution nni is not installed beside nni-core")
    else:
        yield fail("nni", problem.message, problem.help)


def plugins() -> Iterator[Finding]:
    """Plugins that are broken or clash, and kinds of which there is none."""
    registry = discover_plugins()
    entries = registry.listing()
    yield from (_unsound(entry) for entry in entries if entry.status in {PluginStatus.BROKEN, PluginStatus.CLASH})
    for kind, distribution in NEEDED.items():
        if not registry.specs(kind):
            words = kind.value.replace("_", " ")
            yield fail("plugins", f"no {words} can be used", f"pip install {distribution}")
    yield from _sound(registry, entries)


def _unsound(entry: PluginEntry) -> Finding:
    what = f"{entry.kind.value.replace('_', ' ')} '{entry.name}'" if entry.kind else f"'{entry.name}'"
    message = f"{what} of {entry.distribution}: {entry.reason}"
    if entry.status is PluginStatus.CLASH:
        return warn("plugins", message, f"write {entry.distribution}:{entry.name} in the config, or uninstall one")
    return fail("plugins", message, f"mend, update or uninstall {entry.distribution}: nnictl plugins list")


def _sound(registry: PluginRegistry, entries: list[PluginEntry]) -> Iterator[Finding]:
    counted = [(kind.value.replace("_", " "), len(registry.specs(kind))) for kind in PluginKind]
    told = ", ".join(f"{number} {words}{'s' if number > 1 else ''}" for words, number in counted if number)
    disabled = [entry.name for entry in entries if entry.status is PluginStatus.DISABLED]
    off = f"; switched off: {', '.join(disabled)}" if disabled else ""
    yield ok("plugins", f"{told or 'none'} can be used{off}")
