"""The config as a JSON Schema (2020-12), made from the records, with the names and arguments of installed plugins.

Keys are offered as the tutorial writes them and in camelCase; that NNI compares keys without regard to case cannot be
said in a JSON Schema. A range that a validator of a plugin's own checks is not in it either, and what a setting of
several fields together means is for ``nnictl validate`` to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NewType, get_args

import attrs

from nni_core.api import TunerChoice
from nni_core.config.canonical import camel_case, to_json
from nni_core.config.describe import Bounds, arms, bounds_of, choices, is_mapping, is_sequence
from nni_core.config.durations import EXAMPLES, Duration
from nni_core.config.gpu_indices import GpuIndices
from nni_core.config.lookup import ConfiguredSpec, PluginLookup
from nni_core.config.schema import SHARED_WITH_SERVICE, AlgorithmConfig, ExperimentConfig, SinkConfig
from nni_core.config.structure import is_required, name_of, settable
from nni_core.errors import PluginError
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.space import ParameterType

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BOUND_WORDS = {"≥": "minimum", ">": "exclusiveMinimum", "≤": "maximum", "<": "exclusiveMaximum"}
_SIMPLE: dict[Any, dict[str, Json]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    Path: {"type": "string"},
    type(None): {"type": "null"},
    GpuIndices: {
        "anyOf": [
            {"type": "array", "items": {"type": "integer", "minimum": 0}, "uniqueItems": True},
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": r"^\s*[0-9]+\s*(,\s*[0-9]+\s*)*$"},
        ]
    },
    Duration: {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "string", "pattern": r"^\s*([0-9]+(\.[0-9]+)?\s*[sSmMhHdD]\s*)+$"},
        ],
        "description": f"Seconds, or {EXAMPLES}.",
    },
}
_PLURALS = {
    PluginKind.TUNER: "tuners",
    PluginKind.ASSESSOR: "assessors",
    PluginKind.TRAINING_SERVICE: "training_services",
    PluginKind.METRIC_SINK: "metric_sinks",
}


def config_schema(lookup: PluginLookup) -> dict[str, Json]:
    """The schema of a config file on this machine, for editors, documentation and ``nnictl``."""
    specs = {kind: list(_specs(lookup, kind)) for kind in _PLURALS}
    properties = {
        **_properties(ExperimentConfig, folded=True),
        "search_space": {**_described(ExperimentConfig, "search_space"), "type": ["object", "null"]},
        "tuner": _section(ExperimentConfig, "tuner", PluginKind.TUNER),
        "assessor": _nullable(_section(ExperimentConfig, "assessor", PluginKind.ASSESSOR)),
        "training_service": _training_service(),
        "sinks": {
            **_described(ExperimentConfig, "sinks"),
            "type": ["array", "null"],
            "items": {"$ref": f"#/$defs/{_PLURALS[PluginKind.METRIC_SINK]}"},
        },
        "use_annotation": {**_described(ExperimentConfig, "use_annotation"), "enum": [False, None]},
        "advisor": {**_section(ExperimentConfig, "tuner", PluginKind.TUNER), "deprecated": True},
    }
    return {
        "$schema": _DIALECT,
        "title": "NNI experiment config",
        "type": "object",
        "properties": _with_camel_case(properties, "#/properties"),
        "additionalProperties": False,
        "allOf": [
            _either("trial_concurrency"),
            _either("tuner", "advisor"),
            _either("training_service"),
            {"anyOf": [_either("trial_command"), *_inside_service("trial_command")]},
            _space_unless_own_class(),
        ],
        "oneOf": [_given("search_space"), _given("search_space_file")],
        "$defs": {
            "search_space": _search_space(),
            **{_PLURALS[kind]: {"anyOf": _offers(kind, specs[kind])} for kind in _PLURALS},
        },
    }


def search_space_schema() -> dict[str, Json]:
    """The schema of a file that holds a search space."""
    return {"$schema": _DIALECT, "title": "NNI search space", **_search_space()}


def record_schema(cls: type, *, folded: bool = False) -> dict[str, Json]:
    """The schema of one attrs record: a plugin's arguments, say. ``folded``: its keys are those of a config, which have
    two spellings, and null means not given."""
    if folded:
        required = [name_of(field) for field in settable(cls) if is_required(field)]
        return _with_both_spellings(_properties(cls, folded=True), required)
    return _object(_properties(cls), [name_of(field) for field in settable(cls) if is_required(field)])


def type_schema(type_: Any, bounds: Bounds | None = None, *, folded: bool = False) -> dict[str, Json]:
    """The schema of one annotation, within the bounds of its validator."""
    members = arms(type_)
    if len(members) > 1:
        return {"anyOf": [type_schema(member, bounds, folded=folded) for member in members]}
    if allowed := choices(type_):
        return {"enum": list(allowed)}
    if type_ in _SIMPLE:
        return {**_SIMPLE[type_], **_bounded(type_, bounds)}
    if is_sequence(type_):
        items = [item for item in get_args(type_) if item is not Ellipsis]
        return {"type": "array", **({"items": type_schema(items[0], folded=folded)} if len(items) == 1 else {})}
    if is_mapping(type_):
        values = get_args(type_)[1:]
        return {
            "type": "object",
            **({"additionalProperties": type_schema(values[0], folded=folded)} if values else {}),
        }
    if type_ is TunerChoice:
        return {"anyOf": [{"type": "string", "minLength": 1}, record_schema(type_)]}
    if attrs.has(type_):
        return record_schema(type_, folded=folded)
    return type_schema(type_.__supertype__, bounds, folded=folded) if isinstance(type_, NewType) else {}


def _properties(cls: type, *, folded: bool = False) -> dict[str, Json]:
    return {name_of(field): _property(field, folded=folded) for field in settable(cls)}


def _property(field: attrs.Attribute[Any], *, folded: bool) -> dict[str, Json]:
    schema = type_schema(field.type, bounds_of(field.validator), folded=folded)
    if text := description(field):
        schema["description"] = text
    if not is_required(field) and not isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        default = to_json(field.default)
        if default is not None and default != "." and not (isinstance(default, float) and not math.isfinite(default)):
            schema["default"] = default
    return _nullable(schema) if folded and not is_required(field) else schema


def _nullable(schema: dict[str, Json]) -> dict[str, Json]:
    """The schema of a key that may also be null, which means not given."""
    if "anyOf" in schema:
        arms_ = schema["anyOf"]
        return schema if {"type": "null"} in arms_ else {**schema, "anyOf": [*arms_, {"type": "null"}]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    kept: dict[str, Json] = {key: schema[key] for key in ("description", "default", "deprecated") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in kept}
    return {**kept, "anyOf": [rest, {"type": "null"}]} if rest else kept


def description(field: attrs.Attribute[Any]) -> str:
    """What a field is, with its unit; empty when its author does not say."""
    doc, unit = field.metadata.get("doc", ""), field.metadata.get("unit", "")
    return f"{doc} Unit: {unit}." if unit else doc


def _described(cls: type, name: str) -> dict[str, Json]:
    return {"description": description(attrs.fields_dict(cls)[name])}


def _bounded(type_: Any, bounds: Bounds | None) -> dict[str, Json]:
    if bounds is None:
        return {}
    if type_ in (int, float):
        return {_BOUND_WORDS[sign]: number for sign, number in bounds.numbers}
    if type_ is not str:
        return {}
    words = {"minLength": bounds.shortest, "maxLength": bounds.longest, "pattern": bounds.pattern}
    return {word: value for word, value in words.items() if value is not None}


def _section(cls: type, name: str, kind: PluginKind) -> dict[str, Json]:
    return {**_described(cls, name), "$ref": f"#/$defs/{_PLURALS[kind]}"}


def _training_service() -> dict[str, Json]:
    one = {"$ref": f"#/$defs/{_PLURALS[PluginKind.TRAINING_SERVICE]}"}
    several = {"type": "array", "items": one, "minItems": 1}
    return {**_described(ExperimentConfig, "training_service"), "anyOf": [one, several]}


def _inside_service(name: str) -> list[Json]:
    """That a key is given inside the training service, in one of its spellings."""
    sections = list(dict.fromkeys(("training_service", camel_case("training_service"))))
    return [
        {"required": [section], "properties": {section: {"type": "object", **_either(name)}}} for section in sections
    ]


def _space_unless_own_class() -> dict[str, Json]:
    """The search space is written as NNI's tuners read it, unless the tuner is a class of the user's own."""
    own = [
        {"required": [key], "properties": {key: {"type": "object", **_either("class_name")}}}
        for key in ("tuner", "advisor")
    ]
    space: Json = {"anyOf": [{"$ref": "#/$defs/search_space"}, {"type": "null"}]}
    spellings = ("search_space", camel_case("search_space"))
    return {"if": {"anyOf": own}, "else": {"properties": dict.fromkeys(spellings, space)}}


def _specs(lookup: PluginLookup, kind: PluginKind) -> Iterable[ConfiguredSpec]:
    for name in lookup.names(kind):
        try:
            spec = lookup.resolve(kind, name)
        except PluginError:  # listed, but broken: `nnictl plugins list` says why
            continue
        if isinstance(spec, ConfiguredSpec):
            yield spec


def _offers(kind: PluginKind, specs: Sequence[ConfiguredSpec]) -> list[Json]:
    """One alternative for each plugin, and what else the section may be."""
    plain: list[Json] = [{"description": "The name alone.", **_names(specs)}] if specs else []
    if kind is PluginKind.TRAINING_SERVICE:
        return [*plain, *(_service(spec) for spec in specs)]
    shape = SinkConfig if kind is PluginKind.METRIC_SINK else AlgorithmConfig
    named = [_named(spec, shape) for spec in specs]
    return [*plain, *named, *([_own_class()] if shape is AlgorithmConfig else [])]


def _names(specs: Iterable[ConfiguredSpec]) -> dict[str, Json]:
    """The names of plugins: as they are to be offered, and as the loader takes them, without regard to case and behind
    the name of a distribution."""
    names = sorted(name for spec in specs for name in (spec.name, *spec.aliases))
    spelt = "|".join("".join(_letter(letter) for letter in name) for name in names)
    return {"type": "string", "anyOf": [{"enum": names}, {"pattern": f"^([A-Za-z0-9._-]+:)?({spelt})$"}]}


def _letter(letter: str) -> str:
    both = letter.lower() + letter.upper()
    return f"[{both}]" if len(both) == 2 and both[0] != both[1] else re.escape(letter)


def _named(spec: ConfiguredSpec, shape: type) -> dict[str, Json]:
    arguments = record_schema(spec.arguments) if spec.arguments else _object({}, [])
    required = ["name", *(["class_args"] if arguments["required"] else [])]
    class_args = {**_described(shape, "class_args"), **arguments}
    properties = {
        "name": {**_described(shape, "name"), **_names([spec])},
        "class_args": class_args if arguments["required"] else {**class_args, "type": ["object", "null"]},
    }
    return {"title": spec.summary, **_with_both_spellings(properties, required)}


def _own_class() -> dict[str, Json]:
    properties = {name: item for name, item in _properties(AlgorithmConfig, folded=True).items() if name != "name"}
    return {"title": "A class of your own", **_with_both_spellings(properties, ["class_name"])}


def _service(spec: ConfiguredSpec) -> dict[str, Json]:
    own = _properties(spec.arguments, folded=True) if spec.arguments else {}
    trial = _properties(ExperimentConfig, folded=True)
    properties = {
        "platform": {**_names([spec]), "description": spec.summary},
        **{name: trial[name] for name in SHARED_WITH_SERVICE},
        **own,
    }
    required = [name_of(field) for field in settable(spec.arguments) if is_required(field)] if spec.arguments else []
    return {"title": spec.summary, **_with_both_spellings(properties, ["platform", *required])}


def _with_both_spellings(properties: Mapping[str, Json], required: Sequence[str]) -> dict[str, Json]:
    both = {**{camel_case(name): item for name, item in properties.items()}, **properties}
    return {
        "type": "object",
        "properties": both,
        "additionalProperties": False,
        **({"allOf": [_either(name) for name in required]} if required else {}),
    }


def _with_camel_case(properties: Mapping[str, Json], where: str) -> dict[str, Json]:
    camel = {camel_case(name): {"$ref": f"{where}/{name}"} for name in properties if camel_case(name) != name}
    return {**properties, **camel}


def _either(*names: str) -> dict[str, Json]:
    """That one of these keys is given, in one of its spellings."""
    spellings = list(dict.fromkeys(spelling for name in names for spelling in (name, camel_case(name))))
    return {"anyOf": [{"required": [spelling]} for spelling in spellings]}


def _given(name: str) -> dict[str, Json]:
    """That a key is given and not null, in one of its spellings."""
    spellings = list(dict.fromkeys((name, camel_case(name))))
    return {
        "anyOf": [
            {"required": [spelling], "properties": {spelling: {"not": {"type": "null"}}}} for spelling in spellings
        ]
    }


def _object(properties: Mapping[str, Json], required: Sequence[str]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _search_space() -> dict[str, Json]:
    parameter = {
        "type": "object",
        "properties": {
            "_type": {"enum": [kind.value for kind in ParameterType], "description": "How a value is drawn."},
            "_value": {"type": "array", "description": "The choices, or the numbers that describe the range."},
        },
        "required": ["_type", "_value"],
        "additionalProperties": False,
    }
    return {"type": "object", "minProperties": 1, "additionalProperties": parameter}
