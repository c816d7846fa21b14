"""What our own plugins offer, with the arguments of each, from the records that configs are checked against."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from generators.markdown import code, page, table
from generators.settings import default_words, type_words
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry

#: kinds that a config names, and where their arguments are written
KINDS: Mapping[PluginKind, str] = {
    PluginKind.TUNER: "tuner.class_args",
    PluginKind.ASSESSOR: "assessor.class_args",
    PluginKind.TRAINING_SERVICE: "training_service",
    PluginKind.METRIC_SINK: "sinks[].class_args",
}
ROOT = Path(__file__).parents[2]
_REQUIREMENTS = "".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
#: the distributions of this repository; others may be installed beside them and are not described here
OURS = frozenset(
    tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    for folder in re.findall(r"^-e \./(\S+)$", _REQUIREMENTS, flags=re.MULTILINE)
)


def offers_page() -> str:
    """Tuners, training services and sinks of this repository."""
    registry = PluginRegistry.discover()
    introduction = "`nnictl plugins list` shows what is installed on a machine; this page, what comes from here."
    parts = [_kind(registry, kind, place) for kind, place in KINDS.items()]
    return page("# Plugins of this repository", introduction, *parts)


def our_specs(registry: PluginRegistry, kind: PluginKind) -> Sequence[Any]:
    """The specs of a kind that come from this repository."""
    ours = {entry.name for entry in registry.listing(kind) if entry.distribution in OURS}
    return [spec for spec in registry.specs(kind) if spec.name in ours]


def _kind(registry: PluginRegistry, kind: PluginKind, place: str) -> str:
    specs = our_specs(registry, kind)
    title = kind.value.replace("_", " ").capitalize() + "s"
    return page(f"## {title}", *(_spec(spec, place) for spec in specs)) if specs else ""


def _spec(spec: Any, place: str) -> str:
    arguments = _arguments(spec.arguments, f"{place}.") if spec.arguments else "No arguments."
    return page(f"### {spec.name}", spec.summary[0].upper() + spec.summary[1:] + ".", arguments)


def _arguments(record: type, prefix: str) -> str:
    return table(["argument", "type", "default", "meaning"], _rows(record, prefix))


def _rows(record: type, prefix: str) -> list[tuple[str, str, str, str]]:
    attrs.resolve_types(record)
    rows: list[tuple[str, str, str, str]] = []
    for field in attrs.fields(record):
        if field.metadata.get("derived"):
            continue
        words = type_words(field.type)
        rows.append((code(prefix + field.name), words, default_words(field), field.metadata.get("doc", "")))
        for inner in _records_in(field.type):
            rows += _rows(inner, f"{prefix}{field.name}.")
    return rows


def _records_in(annotation: Any) -> list[type]:
    alternatives = getattr(annotation, "__args__", (annotation,))
    return [one for one in alternatives if isinstance(one, type) and attrs.has(one)]
