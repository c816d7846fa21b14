"""Mistakes in the arguments of plugins, with records made for it, and what holds for all mistakes."""

from __future__ import annotations

from typing import Any

import pytest

MODE = "    optimize_mode: maximize"

CASES = [
    ("assessor", "", "assessor: {name: Mediastop}", "NNI402", 25, 18, "Medianstop"),
    ("inner", MODE, f"{MODE}\n    liar: {{weight: 0}}", "NNI453", 22, 20, "a number > 0"),
    ("inner-key", MODE, f"{MODE}\n    liar: {{wight: 1}}", "NNI452", 22, 12, "'weight'"),
    ("missing", f"  class_args:\n{MODE}\n", "", "NNI451", 18, 1, "'optimize_mode'"),
    ("no-arguments", "name: TPE", "name: Random", "NNI452", 21, 5, "takes none"),
    ("item", "", '  gpu_indices: [0, "1"]', "NNI203", 25, 20, "'gpu_indices[1]'"),
    ("text-for-list", "", '  gpu_indices: "0,1"', "NNI203", 25, 16, "a list of whole numbers"),
    ("nested", "", "  machineList: [{hst: a}]", "NNI202", 25, 18, "'host'"),
]


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_argument_of_a_plugin_is_located_and_explained(
    old: str, new: str, code: str, line: int, column: int, words: str, bench: Any, tutorial: str
) -> None:
    """Records of any depth: what is wrong in one stands where it was written."""
    text = tutorial.replace(old, new) if old else f"{tutorial}{new}\n"
    problems = [problem for problem in bench.problems(text) if problem.code == code]
    place = problems[0].location
    assert (place.line, place.column) == (line, column)
    assert words in f"{problems[0].message}\n{problems[0].help}"


def test_unreadable_directory_says_who_owns_it(bench: Any, tutorial: str, folder: Any, monkeypatch: Any) -> None:
    """B39. The tests may run as root, who may read everything: access is what the system says it is."""
    monkeypatch.setattr("os.access", lambda *_: False)
    [problem] = bench.problems(tutorial)
    assert "may not be read: its mode is drwx" in problem.message
    assert "owner" in problem.message


def test_secrets_are_not_repeated(bench: Any, tutorial: str) -> None:
    """Neither the value nor the line of what looks like a password is shown."""
    [problem] = bench.problems(f"{tutorial}  machine_list:\n  - host: a\n    password: 12345\n")
    assert "12345" not in problem.render()
    assert problem.location.line == 27


def test_all_mistakes_come_at_once_in_order(bench: Any, tutorial: str) -> None:
    """Seven mistakes in seven places are found by one reading."""
    text = (
        tutorial.replace("loguniform", "logunifrm")
        .replace("trial_concurrency: 2", "trial_concurrency: two")
        .replace("max_trial_number: 10", "max_trial_numbr: 10")
        .replace("name: TPE", "name: TPE\n  clas_args: {}")
        .replace("maximize", "max")
        .replace("platform: local", "platform: local\n  gpu_indices: x")
    )
    assert [problem.location.line for problem in bench.problems(f"{text}debug: on\n")] == [6, 15, 16, 20, 22, 26, 27]
