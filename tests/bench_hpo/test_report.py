"""The arithmetic of the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bench_hpo.learning import Task
from tests.bench_hpo.races import Run
from tests.bench_hpo.report import Scale, regrets, scales, table

_SCALES = {"p": Scale(best=0.0, median=10.0), "q": Scale(best=1.0, median=3.0)}


def _run(contestant: str, problem: str, seed: int, *values: float) -> Run:
    return Run.of(contestant, problem, seed, values, [0.001] * len(values))


def test_regret_is_of_the_best_so_far() -> None:
    assert list(regrets(_run("a", "p", 0, 20, 5, 7, 1), _SCALES["p"])) == [1, 0.5, 0.5, 0.1]


def test_only_what_all_have_run_counts() -> None:
    runs = [
        _run("a", "p", 0, 5, 1),
        _run("b", "p", 0, 5, 4),
        _run("a", "q", 0, 2, 2),
        _run("b", "q", 0, 3, 2),
        _run("a", "q", 1, 1, 1),
        _run("b", "q", 2, 1),
    ]
    first, _, head, _, *rows = table(runs, ["b", "a"], _SCALES, [1, 2], "b")
    assert first == "Runs of each: 2, on 2 of the problems."
    less = "less than b @1 | less than b @2"
    assert head.startswith(f"| | regret @1 | regret @2 | {less} | rank @2 | better, same, worse @2 |")
    assert [row.split(" | ")[0] for row in rows] == ["| a", "| b"]
    own, less = "0.500 [0.500, 0.500] | 0.300 [0.100, 0.500]", "0.250 [0.000, 0.500] | 0.150 [0.000, 0.300]"
    assert f"| {own} | {less} | 1.2 [1.0, 1.5] | 1, 1, 0 | 1, 1 |" in rows[0]
    assert "| 0.750 [0.500, 1.000] | 0.450 [0.400, 0.500] |  |  | 1.8 [1.5, 2.0] |  | 1, 1 |" in rows[1]


def test_nothing_in_common() -> None:
    assert table([_run("a", "p", 0, 1), _run("b", "q", 0, 1)], ["a", "b"], _SCALES, [1], "b") == [
        "Nothing was run by all of them."
    ]


def test_the_best_known_is_of_all_runs(tmp_path: Path) -> None:
    task = Task(name="diabetes-boosting")
    cache = tmp_path / "references.json"
    cache.write_text('{"diabetes-boosting": [0.6, 0.8]}')
    assert scales([task], [_run("a", task.name, 0, 0.7)], cache) == {task.name: Scale(best=0.6, median=0.8)}
    assert scales([task], [_run("a", task.name, 0, 0.5)], cache)[task.name].best == pytest.approx(0.5)
