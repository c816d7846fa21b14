"""Texts as editors write them, and several mistakes in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nni_core.config import load_config
from nni_core.errors import ConfigError


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
