"""Tables show text of others and do not obey it."""

from __future__ import annotations

import pytest

from nni_core.cli.tables import how_long, print_table, size


def test_control_characters_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A trial's last words are data."""
    print_table(["message"], [{"message": "a\x1b[2Jb\nc\u202e"}], empty="")
    shown = capsys.readouterr().out
    assert "a [2Jb c" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, None), (0.4, "0s"), (59.9, "59s"), (60, "1m 00s"), (3_661, "1h 01m"), (90_000, "1d 01h")],
)
def test_durations_have_two_units(seconds: float | None, shown: str | None) -> None:
    """As precise as anybody reads them."""
    assert how_long(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (635_000, "635 kB"), (3_100_000, "3.1 MB"), (5 * 10**12, "5.0 TB")],
)
def test_sizes_have_few_digits(number: int, shown: str) -> None:
    """In the unit that fits."""
    assert size(number) == shown


def test_a_pipe_gets_columns_that_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers to the right, ideographs as wide as they are, nothing cut off and no blanks at the end."""
    rows = [{"name": "日本", "value": 1.5}, {"name": "x" * 100, "value": None}]
    print_table(["name", "value"], rows, empty="", numbers=["value"])
    head, first, second = capsys.readouterr().out.splitlines()
    assert head == f"name{' ' * 96}  value"
    assert first == f"日本{' ' * 96}    1.5"
    assert second == f"{'x' * 100}      -"
