"""The JSON Schema as a file beside a config, where an editor finds it without a network."""

from __future__ import annotations

import json
from pathlib import Path

from nni_core.config.json_schema import config_schema, search_space_schema
from nni_core.errors import MachineError, Problem
from nni_core.plugins import PluginRegistry

#: the file that ``nnictl init`` writes beside a config
SCHEMA_FILE = ".nni.schema.json"


def schema_text(plugins: PluginRegistry, *, space: bool = False) -> str:
    """The schema of a config, or of a search space, as a JSON document."""
    document = search_space_schema() if space else config_schema(plugins)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def modeline(file: str = SCHEMA_FILE) -> str:
    """The comment by which editors with a YAML language server find the schema of the file that it stands in."""
    return f"# yaml-language-server: $schema={file}"


def write_schema(path: Path, text: str) -> None:
    """Write the schema to a file; one that is there is replaced, since it can be made again at any time.

    :raises MachineError: when it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError(Problem(code="NNI533", message=f"cannot write '{path}': {error.strerror}")) from error
