"""Every numbered case of the corpus of bad input is shown somewhere, or there is a reason why it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[3]
#: how many cases each group has
GROUPS = {"A": 34, "B": 57, "C": 56, "D": 26, "E": 39, "F": 33, "G": 36, "H": 20}
NUMBERED = [f"{group}{number:02}" for group, count in GROUPS.items() for number in range(1, count + 1)]

IN_FILES = {
    str(case["id"]).partition("-")[0]
    for file in (HERE / "corpus").glob("*.yaml")
    for case in yaml.safe_load(file.read_text())
}
ELSEWHERE = yaml.safe_load((HERE / "corpus_elsewhere.yaml").read_text())


def test_nothing_is_missing() -> None:
    """301 cases: each is a file of the corpus, or is shown elsewhere."""
    assert [case for case in NUMBERED if case not in IN_FILES and case not in ELSEWHERE] == []
    assert [case for case in ELSEWHERE if case not in NUMBERED] == []


@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_is_shown_elsewhere_is_there(case: str) -> None:
    """In that file, under that name."""
    for file, text in ELSEWHERE[case].items():
        assert file == "never" or str(text) in (ROOT / file).read_text(encoding="utf-8"), f"{text!r} is not in {file}"
