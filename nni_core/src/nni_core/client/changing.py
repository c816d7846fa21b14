"""Changes of an experiment; what is refused is told by its place in the user's file. Settings of one that does not run
are changed in its log, for the manager that goes on with it; for trials there has to be a manager."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import evolve

from nni_core.client.asking import EXPERIMENT, ask_to_change
from nni_core.client.rest import Rest
from nni_core.config.document import Document, in_file_order
from nni_core.config.json_text import parse_json
from nni_core.config.read import read_document, read_space_document
from nni_core.config.source_text import SourceText
from nni_core.config.wording import found
from nni_core.errors import ConfigError, KeyPath, Problem, UserError
from nni_core.folders import ExperimentFolder
from nni_core.model import Json


def change(folder: ExperimentFolder, changes: Mapping[str, Json]) -> Mapping[str, Any]:
    """Change limits and goal, all of them or none; the answer is the experiment as it stands then.

    :raises UserError: when a value cannot be.
    """
    return ask_to_change(folder, "PATCH", EXPERIMENT, dict(changes))


def extend(folder: ExperimentFolder, more: Mapping[str, Json]) -> Mapping[str, Any]:
    """Add ``trials`` or ``duration`` (seconds) to the limits; the answer is the experiment as it stands then.

    :raises UserError: when it has no such limit.
    """
    return ask_to_change(folder, "POST", f"{EXPERIMENT}/extend", dict(more))


def change_space(folder: ExperimentFolder, file: Path) -> Mapping[str, Any]:
    """Replace the search space by the one in a JSON or YAML file; the answer is the experiment as it stands then.

    :raises UserError: when the file or the space in it is wrong, with places.
    """
    document = _read(read_space_document(file))
    _check_space(document)
    try:
        return change(folder, {"search_space": document.data})
    except UserError as error:
        raise located(error, document, ("search_space",)) from error


def written_parameters(text: str) -> Document:
    """Parameters that were typed as JSON.

    :raises ConfigError: when they are no JSON object.
    """
    document = _read(parse_json(SourceText(file="--parameters", text=text)))
    if not isinstance(document.data, dict):
        problem = Problem(code="NNI552", message=f"parameters must be a JSON object, got {found(document.data)}")
        raise ConfigError(document.locate(problem))
    return document


def read_parameters(file: Path) -> Document:
    """Parameters in a JSON or YAML file.

    :raises ConfigError: when it cannot be read, or holds something else.
    """
    return _read(read_document(file))


def add_trial(folder: ExperimentFolder, parameters: Document) -> Mapping[str, Any]:
    """Queue a customised trial; the answer has its ``id`` and ``sequence_id``.

    :raises UserError: when the parameters do not lie in the search space, with places, or no more trials are taken.
    """
    try:
        created: Mapping[str, Any] = Rest(folder).send("POST", "/api/v1/trials", {"parameters": parameters.data})
    except UserError as error:
        raise located(error, parameters, ("parameters",)) from error
    return created


def end_trial(folder: ExperimentFolder, trial_id: str) -> None:
    """Ask for the end of a trial.

    :raises UserError: when it is over, or no manager runs.
    """
    Rest(folder).send("POST", f"/api/v1/trials/{quote(trial_id, safe='')}/kill")


def retry_trial(folder: ExperimentFolder, trial_id: str) -> None:
    """Run a trial again.

    :raises UserError: when it is not over, or succeeded, or no manager runs.
    """
    Rest(folder).send("POST", f"/api/v1/trials/{quote(trial_id, safe='')}/retry")


def located(error: UserError, document: Document, prefix: KeyPath) -> UserError:
    """The same refusal with places in the file that its subject came from; ``prefix`` leads to that in the request."""
    length = len(prefix)
    problems = [
        document.locate(evolve(problem, key_path=problem.key_path[length:]))
        if problem.key_path[:length] == prefix
        else problem
        for problem in error.problems
    ]
    return type(error)(*in_file_order(problems))


def _read(document: Document) -> Document:
    """:raises ConfigError: for mistakes that did not keep the rest from being read."""
    if document.problems:
        raise ConfigError(*document.problems)
    return document


def _check_space(document: Document) -> None:
    from nni_core.space import validate

    problems = [document.locate(problem) for problem in validate(document.data) if problem.fatal]
    if problems:
        raise ConfigError(*in_file_order(problems))
