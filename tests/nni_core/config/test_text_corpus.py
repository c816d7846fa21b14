"""Group A of the bad-input corpus: texts that are not YAML or JSON, or not in a way that a config may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from nni_core.config import load_config
from nni_core.config.read import read_document
from nni_core.errors import ConfigError, Problem

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@frozen
class Case:
    id: str
    text: str | bytes
    code: str
    line: int | None
    column: int | None
    #: words of the message or the help
    says: tuple[str, ...] = ()
    name: str = field(default="config.yaml", kw_only=True)


CASES = [
    Case("A01", "", "NNI101", 1, 1, ("empty", "search_space:")),
    Case("A02", "# nothing\n", "NNI101", 1, 1, ("empty", "search_space:")),
    Case("A03", "- a\n- b\n", "NNI102", 1, 1, ("mapping", "a list")),
    Case("A04", "hello\n", "NNI102", 1, 1, ("mapping", "text 'hello'")),
    Case("A05", "a:\n\tb: 1\n", "NNI103", 2, 1, ("tab", "spaces")),
    Case("A06", "a:\n   b: 1\n  c: 2\n", "NNI104", 3, 3, ("line 2", "by 2", "by 3")),
    Case("A06-deeper", "a: 1\n  b: 2\n", "NNI104", 2, 3, ("line 1", "by 0")),
    Case("A07", "a:1\n", "NNI105", 1, 2, ("space is missing", "write `a: 1`")),
    Case("A07-among-others", "a: 1\nb:2\nc: 3\n", "NNI105", 2, 2, ("write `b: 2`",)),
    Case("A07-no-colon", "a: 1\nb\nc: 3\n", "NNI105", 2, 1, ("no colon",)),
    Case("A08", "a: 'x\nb: 1\n", "NNI106", 1, 4, ("never closed",)),
    Case("A09", "a: [1, 2\nb: 1\n", "NNI107", 1, 4, ("[", "not closed before line 2", "add ]")),
    Case("A09-brace", "a: {b: 1", "NNI107", 1, 4, ("{", "never closed", "add }")),
    Case("A10", "a: 1\nb: 2\na: 3\n", "NNI108", 3, 1, ("'a'", "twice", "line 1")),
    Case("A12", "a: 1\n---\nb: 2\n", "NNI109", 2, 1, ("second document",)),
    Case("A13", "a: !!python/object/apply:os.system [ls]\n", "NNI110", 1, 4, ("tags", "not allowed")),
    Case("A14", "a: !custom 1\n", "NNI110", 1, 4, ("'!custom'", "not allowed")),
    Case("A15", "a: *there\n", "NNI111", 1, 4, ("'*there'", "no anchor")),
    Case("A16", "a: &x {b: *x}\n", "NNI112", 1, 11, ("inside its own anchor",)),
    Case("A17", BOMB, "NNI113", 5, None, ("50000",)),
    Case("A17-aliases", "a: &a 1\nb: [" + "*a, " * 101 + "]\n", "NNI113", 2, 405, ("100 aliases",)),
    Case("A18", "a: " + "[" * 64 + "]" * 64 + "\n", "NNI114", 1, 67, ("64 deep",)),
    Case("A18-far", "a: " + "[" * 5_000, "NNI114", 1, 67, ("64 deep",)),
    Case("A19", "a: 1\n" + "#" * 1_100_000, "NNI115", None, None, ("1 MB",)),
    Case("A20", b"a: 1\nb: \x00\n", "NNI116", 2, 4, ("NUL", "byte 8")),
    Case("A21", "a: 1\n".encode("utf-16"), "NNI117", None, None, ("UTF-16", "UTF-8")),
    Case("A23", "a: 1\nb: Zürich\n".encode("latin-1"), "NNI118", 2, 5, ("0xfc", "UTF-8")),
    Case("A25", "<<: {a: 1}\nb: 1\n", "NNI119", 1, 1, ("'<<'", "copy the keys")),
    Case("A26", "1: a\n", "NNI120", 1, 1, ("key must be a name", "'1':")),
    Case("A27", "? [a]\n: 1\n", "NNI120", 1, 3, ("key must be a name",)),
    Case("A28", "a: “TPE”\n", "NNI121", 1, 4, ("plain quotes",)),
    Case("A29", '{\n "a": [1, 2,]\n}', "NNI122", 2, 13, ("comma",), name="config.json"),
    Case("A30", '{\n "a": 1, // one\n "b": 2}', "NNI122", 2, 10, ("no comments", ".yaml"), name="config.json"),
    Case("A31", '{"a": NaN}', "NNI123", 1, 7, ("NaN", "not a number"), name="config.json"),
    Case("A32", "a: " + "9" * 5_000, "NNI124", 1, 4, ("5000 digits", "too long")),
    Case("A32-float", "a: 1e400", "NNI124", 1, 4, ("largest float",)),
    Case("A34", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "NNI126", None, None, ("not a text file",)),
    Case("escape", "a: \x1b[31mred\n", "NNI116", 1, 4, ("U+001B",)),
    Case("surrogate", 'a: "\\ud800"\n', "NNI116", 1, 4, ("surrogate",)),
    Case("absurd-escape", 'a: 1\nb: "\\UFFFFFFFF"\n', "NNI127", 2, None, ("not valid YAML",)),
    Case("colon-in-text", "a: python x.py: 3\n", "NNI127", 1, 15, ("quotes",)),
    Case("at-sign", "a: @x\n", "NNI127", 1, 4, ("'@'", "quotes")),
    Case("json-open", '{"a": 1', "NNI107", 1, 1, ("never closed",), name="config.json"),
    Case("json-quote", '{"a": "x}', "NNI106", 1, 7, ("never closed",), name="config.json"),
    Case("json-twice", '{"a": 1,\n "a": 2}', "NNI108", 2, 2, ("line 1",), name="config.json"),
    Case("json-word", '{"a": maximize}', "NNI122", 1, 7, ('"maximize"',), name="config.json"),
]


def first_problem(path: Path) -> Problem:
    """The first mistake that reading a file finds, whether or not the rest can be read."""
    try:
        return read_document(path).problems[0]
    except ConfigError as error:
        return error.problems[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_text_mistake_is_located_and_explained(case: Case, tmp_path: Path) -> None:
    """Each mistake has its code, its place, and words that say what to do."""
    path = tmp_path / case.name
    path.write_bytes(case.text if isinstance(case.text, bytes) else case.text.encode())
    problem = first_problem(path)
    place = problem.location
    assert problem.code == case.code
    assert (place and place.line) == case.line
    assert case.column is None or (place and place.column) == case.column
    for words in case.says:
        assert words in f"{problem.message}\n{problem.help}"


def test_two_spellings_of_one_key_name_both_lines(bench: Any, tutorial: str) -> None:
    """A11: camelCase and snake_case of one key are the same key."""
    [problem] = bench.problems(f"{tutorial}trialCommand: python other.py\n")
    assert (problem.code, problem.location.line, problem.location.column) == ("NNI108", 25, 1)
    assert problem.message == "the key 'trialCommand' is given twice, first as 'trial_command' (line 12)"


@pytest.mark.parametrize("case", ["\ufeff{}", "{}"])
def test_byte_order_mark_of_utf8_is_accepted(case: str, bench: Any, tutorial: str) -> None:
    """A22: editors on Windows write one."""
    assert bench.load(case.format(tutorial)).config.trial_concurrency == 2


def test_windows_line_ends_keep_lines_right(bench: Any, tutorial: str) -> None:
    """A24: CRLF is one line end, and no part of a value."""
    text = tutorial.replace("trial_concurrency: 2", "trial_concurrency: two").replace("\n", "\r\n")
    [problem] = bench.problems(text)
    assert (problem.location.line, problem.location.column) == (15, 20)
    assert problem.location.source == "trial_concurrency: two"


def test_directory_given_as_file_is_named(folder: Path, lookup: Any) -> None:
    """A33."""
    with pytest.raises(ConfigError, match=r"NNI125.*is a directory, not a file"):
        load_config(folder, lookup)


def test_missing_file_suggests_its_neighbour(folder: Path, lookup: Any) -> None:
    """A slip in the name of the config costs one look."""
    (folder / "config.yaml").touch()
    with pytest.raises(ConfigError, match=r"there is no file .*\n.*did you mean '.*config.yaml'"):
        load_config(folder / "confg.yaml", lookup)


def test_text_mistakes_come_with_all_others(bench: Any, tutorial: str) -> None:
    """What leaves the rest readable does not hide it, and is not said twice."""
    text = tutorial.replace("2\n", "!!int 2\n", 1).replace("name: TPE", "name: “TPE”") + "debug: 1\ndebug: 2\n"
    problems = bench.problems(text)
    assert [(problem.code, problem.location.line) for problem in problems] == [
        ("NNI110", 15),
        ("NNI121", 19),
        ("NNI203", 25),
        ("NNI108", 26),
    ]
