"""``nnictl analyze`` on an experiment that has ended."""

from __future__ import annotations

import json
import random

import pytest

from nni_core.cli.main import run

from .conftest import Ended

source = random.Random(1)
RESULTS = tuple(source.random() for _ in range(30))


def test_parameters_are_told_in_a_table(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """With what does best; and by the values of one."""
    ended("grown", RESULTS)
    assert run(["analyze", "grown"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("30 results; 'default' is to be maximized\n")
    assert "importance" in told
    assert run(["analyze", "grown", "--parameter", "x"]) == 0
    assert capsys.readouterr().out.split("\n")[0].split()[:2] == ["value", "results"]


def test_the_same_for_scripts(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON."""
    ended("grown", RESULTS)
    assert run(["analyze", "grown", "--json"]) == 0
    assert [effect["name"] for effect in json.loads(capsys.readouterr().out)["effects"]] == ["x"]


@pytest.mark.parametrize(
    ("count", "arguments", "told"),
    [
        (4, [], "it takes 10 results in the search space, and there are 4"),
        (30, ["--objective", "loss"], "the objectives are: default"),
        (30, ["--parameter", "y"], "the parameters are: x"),
    ],
)
def test_what_cannot_be_told_is_said(
    count: int, arguments: list[str], told: str, ended: Ended, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what there is instead."""
    ended("grown", RESULTS[:count])
    assert run(["analyze", "grown", *arguments]) != 0
    assert told in capsys.readouterr().err
