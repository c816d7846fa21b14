"""Settings of the experiment config, from the metadata of its records."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import attrs

from generators.markdown import code, page, table
from nni_core.config.durations import Duration
from nni_core.config.failures import FailureRule, OnFailure
from nni_core.config.goals import ObjectiveConfig, StopWhen
from nni_core.config.schema import AlgorithmConfig, ExperimentConfig, SinkConfig, TrainingServiceConfig
from nni_core.config.storage import SharedStorageConfig

#: records of the config, and what their section is called in a file
SECTIONS: Mapping[type, str] = {
    ExperimentConfig: "The file",
    AlgorithmConfig: "`tuner` and `assessor`",
    TrainingServiceConfig: "`training_service`",
    SinkConfig: "`sinks[]`",
    ObjectiveConfig: "`objectives[]`",
    StopWhen: "`stop_when`",
    OnFailure: "`on_failure`",
    FailureRule: "Rules of `on_failure`",
    SharedStorageConfig: "`shared_storage`",
}
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", type(None): ""}


def settings_page() -> str:
    """Every setting with its type, default, unit and meaning."""
    introduction = (
        "Keys may be written in snake_case or camelCase. Relative paths begin at the directory of the config file. "
        "Unknown keys are refused, with the nearest known name."
    )
    sections = [f"## {title}\n\n{_table(record)}" for record, title in SECTIONS.items()]
    return page("# Settings of an experiment", introduction, *sections)


def written_fields(record: type) -> Sequence[attrs.Attribute[Any]]:
    """The fields of a record that users write."""
    attrs.resolve_types(record)
    return [field for field in attrs.fields(record) if not field.metadata.get("derived")]


def type_words(annotation: Any) -> str:
    """A type as a user would say it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(dict.fromkeys(word for word in map(type_words, arguments) if word))
    if origin is Literal:
        return " or ".join(code(str(value)) for value in arguments)
    if origin in {tuple, list}:
        return f"list of {type_words(arguments[0])}s"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(code(str(member.value)) for member in annotation)
    if isinstance(annotation, type) and annotation in _WORDS:
        return _WORDS[annotation]
    if annotation is Duration:
        return "duration"
    return type_words(annotation.__supertype__) if hasattr(annotation, "__supertype__") else "section"


def default_words(field: attrs.Attribute[Any]) -> str:
    """The default of a field as it would be written in a file; empty when it must be given or means "not set"."""
    default = field.default
    if default is attrs.NOTHING:
        return "**required**"
    if default is None or isinstance(default, attrs.Factory) or default == ():  # type: ignore[arg-type]
        return ""
    if isinstance(default, bool):
        return code(str(default).lower())
    return code(str(default.value if isinstance(default, Enum) else default))


def _table(record: type) -> str:
    rows = [
        (code(field.name), type_words(field.type), default_words(field), _meaning(field))
        for field in written_fields(record)
    ]
    return table(["key", "type", "default", "meaning"], rows)


def _meaning(field: attrs.Attribute[Any]) -> str:
    unit, example = field.metadata["unit"], field.metadata["example"]
    doc = re.sub(r"(?<!`)~(?!`)", r"\\~", field.metadata["doc"])
    return " ".join([doc, f"Unit: {unit}." if unit else "", f"Example: {code(example)}." if example else ""])
