"""Results of another experiment, read from a file and handed to a running one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from nni_core.client.rest import Rest
from nni_core.config.codes import TextCode
from nni_core.config.json_text import parse_json
from nni_core.config.source_text import SourceText
from nni_core.config.wording import found
from nni_core.errors import ConfigError, NotFoundError, Problem, UserError
from nni_core.experiment.objectives import objectives_of, with_default
from nni_core.folders import ExperimentFolder
from nni_core.model import Json, default_number
from nni_core.space import SearchSpace

#: bytes of a file, NNI's limit
_FILE_LIMIT = 50 * 1024 * 1024
#: bytes of one request, below what a manager takes
_PIECE = 500_000


@frozen(kw_only=True)
class Imported:
    """What became of the rows of a file."""

    #: rows that the tuner is told
    imported: int
    #: rows without a final result
    left_out: int
    #: imported rows that do not lie in the search space
    outside: int
    #: what is different about the first of those
    difference: str = ""


@frozen
class _Row:
    index: int
    parameter: Mapping[str, Json]
    value: Json

    def document(self) -> Json:
        return {"parameter": self.parameter, "value": self.value}


def import_file(folder: ExperimentFolder, file: Path) -> Imported:
    """Teach an experiment the results in a JSON file: a list of ``{"parameter": {...}, "value": ...}``, as exports are.

    :raises UserError: with the place of everything in the file that is no such row, before anything is sent.
    """
    source = _read(file)
    data = _parsed(source)
    rows, problems = _rows(data)
    if problems:
        raise _placed(ConfigError(*problems), source)
    rest = Rest(folder)
    config = rest.get("/api/v1/nni/experiment")["params"]
    objectives = objectives_of(config)
    kept = [row for row in rows if default_number(with_default(row.value, objectives)) is not None]
    outside = _outside(SearchSpace.parse(config["searchSpace"]), kept)
    for piece in _pieces(kept):
        _send(rest, piece, source)
    return Imported(
        imported=len(kept), left_out=len(rows) - len(kept), outside=len(outside), difference=next(iter(outside), "")
    )


def _read(file: Path) -> SourceText:
    try:
        with file.open("rb") as opened:
            content = opened.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise NotFoundError(
            Problem(code="NNI553", message=f"cannot read '{file}': {(error.strerror or str(error)).lower()}")
        ) from error
    if len(content) > _FILE_LIMIT:
        message = f"'{file}' is larger than {_FILE_LIMIT // 1024**2} MB"
        raise ConfigError(Problem(code="NNI553", message=message, help="import it in parts"))
    try:
        return SourceText(file=str(file), text=content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"byte {error.start} of '{file}' is not valid in UTF-8"
        raise ConfigError(Problem(code="NNI553", message=message, help="is it the JSON file?")) from error


def _parsed(source: SourceText) -> Json:
    try:
        return json.loads(source.text)
    except json.JSONDecodeError as error:
        message = f"this is not valid JSON: {error.msg[0].lower()}{error.msg[1:]}"
        help_ = "nnictl experiment export --type json writes such a file"
        raise source.error(TextCode.JSON_SYNTAX, message, error.lineno, error.colno, help_) from error
    except (RecursionError, ValueError) as error:
        message = f"'{source.file}' is nested too deeply, or holds a number that is too long"
        raise ConfigError(Problem(code="NNI553", message=message)) from error


def _rows(data: Json) -> tuple[Sequence[_Row], Sequence[Problem]]:
    if not isinstance(data, list):
        help_ = (
            'begin with [{"parameter": {...}, "value": 0.5}, ...], as nnictl experiment export --type json writes it'
        )
        return [], [
            Problem(code="NNI554", message=f"the file must be a list of results, got {found(data)}", help=help_)
        ]
    rows: list[_Row] = []
    problems: list[Problem] = []
    for index, item in enumerate(data):
        if isinstance(item, dict) and isinstance(item.get("parameter"), dict):
            rows.append(_Row(index, item["parameter"], _decoded(item.get("value"))))
        else:
            problems.append(_no_row(index, item))
    return rows, problems


def _no_row(index: int, item: Json) -> Problem:
    wanted = '{"parameter": {...}, "value": 0.5}'
    if not isinstance(item, dict):
        return Problem(code="NNI554", message=f"result {index} must be {wanted}, got {found(item)}", key_path=(index,))
    if "parameter" not in item:
        return Problem(code="NNI554", message=f"result {index} has no 'parameter'", help=wanted, key_path=(index,))
    message = f"'parameter' of result {index} must be an object, got {found(item['parameter'])}"
    return Problem(code="NNI554", message=message, key_path=(index, "parameter"))


def _decoded(value: Json) -> Json:
    """The value itself; exports have it as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _outside(space: SearchSpace, rows: Sequence[_Row]) -> Sequence[str]:
    """What is different about each row that does not lie in the search space."""
    differences = (space.contains(row.parameter) for row in rows)
    return [difference.message for difference in differences if difference is not None]


def _pieces(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """The rows in requests of a size that a manager takes."""
    piece: list[_Row] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row.document()))
        if piece and size + length > _PIECE:
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += length
    if piece:
        yield piece


def _send(rest: Rest, piece: Sequence[_Row], source: SourceText) -> None:
    try:
        rest.send("POST", "/api/v1/nni/experiment/import-data", [row.document() for row in piece])
    except UserError as error:
        problems = [_in_file(problem, piece) for problem in error.problems]
        raise _placed(type(error)(*problems), source) from error


def _in_file(problem: Problem, piece: Sequence[_Row]) -> Problem:
    """Rows are counted from the beginning of each request; in the file it is from its own."""
    first, *rest = problem.key_path or (None,)
    return evolve(problem, key_path=(piece[first].index, *rest)) if isinstance(first, int) else problem


def _placed(error: UserError, source: SourceText) -> UserError:
    """With places, where the file is one that a person could have written: beyond that its rows are told by number."""
    try:
        document = parse_json(source)
    except ConfigError:
        return error
    return type(error)(*(document.locate(problem) for problem in error.problems))


def summary_of(done: Imported) -> Mapping[str, Any]:
    """For scripts."""
    return {"imported": done.imported, "left_out": done.left_out, "outside_search_space": done.outside}
