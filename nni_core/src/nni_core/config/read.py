"""From a file, or from data in memory, to a :class:`~nni_core.config.document.Document`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from nni_core.config.codes import ConfigCode, TextCode
from nni_core.config.document import Document
from nni_core.config.json_text import parse_json
from nni_core.config.limits import MAX_DEPTH
from nni_core.config.source_text import SourceText, read_source
from nni_core.config.wording import found
from nni_core.errors import ConfigError, KeyPath, Problem
from nni_core.model import Json


def read_document(path: Path) -> Document:
    """Read a YAML file, or a JSON file when its name ends in ``.json``, whose content is a mapping.

    :raises ConfigError: when it cannot be read.
    """
    return parse(read_source(path))


def read_space_document(path: Path) -> Document:
    """Read a file that holds a search space: as JSON, and what is no JSON as YAML, whatever its name.

    :raises ConfigError: when it is neither; what its name or first letter promises is what the messages are about.
    """
    source = read_source(path)
    looks_like_json = _is_json_name(source) or source.text.lstrip().startswith("{")
    if not looks_like_json:
        return parse(source)
    try:
        return _mapping(parse_json(source), source)
    except ConfigError as error:
        if not any(problem.code == TextCode.JSON_SYNTAX for problem in error.problems):
            raise
        try:
            return _mapping(_parse_yaml(source), source)
        except ConfigError:
            raise error from None


def parse(source: SourceText) -> Document:
    """Read the text of a file; its name decides whether it is JSON.

    :raises ConfigError: when it cannot be read, or is not a mapping.
    """
    return _mapping(parse_json(source) if _is_json_name(source) else _parse_yaml(source), source)


def _is_json_name(source: SourceText) -> bool:
    return source.file.lower().endswith(".json")


def _parse_yaml(source: SourceText) -> Document:
    # Imported here: a manager takes its config as data, and does without YAML.
    from nni_core.config.yaml_text import parse_yaml

    return parse_yaml(source)


def _mapping(document: Document, source: SourceText) -> Document:
    if isinstance(document.data, dict):
        return document
    from nni_core.config.yaml_syntax import missing_space

    problem = (isinstance(document.data, str) and missing_space(source, _first_line(document))) or Problem(
        code=TextCode.NOT_A_MAPPING,
        message=f"the file must be a mapping of keys to values, got {found(document.data)}",
        help="begin with `search_space:` and the names of the hyper-parameters",
    )
    raise ConfigError(*document.problems, document.locate(problem))


def document_of(data: Mapping[str, Json]) -> Document:
    """Wrap data that was not read from a file. Tuples become lists, and paths become text.

    :raises ConfigError: when it holds something that a file could not.
    """
    problems = list(_foreign(data, ()))
    if problems:
        raise ConfigError(*problems)
    return Document(data=_plain(data))


def _first_line(document: Document) -> int:
    return document.root.mark.line if document.root else 1


def _foreign(value: Json, path: KeyPath) -> Iterator[Problem]:
    if len(path) > MAX_DEPTH:
        yield _not_plain(path[:3], f"values are nested more than {MAX_DEPTH} deep")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                yield from _foreign(item, (*path, key))
            else:
                yield _not_plain(path, f"a key must be text, got {found(key)}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _foreign(item, (*path, index))
    elif not isinstance(value, None | bool | int | float | str | os.PathLike):
        yield _not_plain(path, f"a config holds plain data, got {found(value)}")


def _not_plain(path: KeyPath, message: str) -> Problem:
    return Problem(code=ConfigCode.NOT_PLAIN_DATA, message=message, key_path=path)


def _plain(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value
