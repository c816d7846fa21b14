"""What ``nnictl top`` draws fits, and is the same for a pipe without drawing."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nni_core.cli.top_screen import NOTHING, plain_lines, screen
from nni_core.client.summaries import ExperimentSummary
from nni_core.client.watching import RunningTrial, Watched


def watched(trials: int, *, name: str = "a name", limit: int | None = 10) -> Watched:
    summary = ExperimentSummary(
        id="abcd1234",
        directory="/",
        status="RUNNING",
        name=name,
        counts={"SUCCEEDED": 5, "EARLY_STOPPED": 1, "RUNNING": trials},
        max_trial_number=limit,
        best=0.875,
        best_trial=3,
        port=8080,
        started_at=0,
        duration=3_700.0,
    )
    running = [
        RunningTrial(id=f"T{number}", sequence_id=number, latest=0.5, reports=2, seconds=61.0)
        for number in range(trials)
    ]
    return Watched(summary=summary, running=running)


def drawn(seen: list[Watched], *, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False)
    console.print(screen(seen, height=height))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


def test_an_experiment_is_shown_with_its_trials() -> None:
    """Progress, the best result, how many run, wait and failed; those of other ends only when there are any."""
    lines = drawn([watched(1)], width=100)
    assert lines[2].startswith("abcd1234  RUNNING  ━━━")
    assert "6/10  best 0.875 (no. 3)  a name" in lines[2]
    assert lines[3] == "  1h 01m, port 8080: 1 running, 0 waiting, 5 succeeded, 0 failed, 1 early_stopped"
    assert lines[5].split() == ["0", "T0", "RUNNING", "0.5", "2", "1m", "01s"]


@given(numbers=st.lists(st.integers(0, 100), min_size=1, max_size=4), height=st.integers(24, 60))
def test_it_never_grows_beyond_the_terminal(numbers: list[int], height: int) -> None:
    """Trials that do not fit are counted, none is lost."""
    lines = drawn([watched(number) for number in numbers], height=height)
    assert len(lines) <= height
    shown = sum(line.split()[2:3] == ["RUNNING"] for line in lines)
    left_out = sum(int(line.split()[1]) for line in lines if "more trials run" in line)
    assert shown + left_out == sum(numbers)


@pytest.mark.parametrize("width", [40, 80])
def test_hostile_names_stay_on_their_line(width: int) -> None:
    """They are text of others: no markup, no control characters, and shortened."""
    lines = drawn([watched(1, name="[red]\x1b[2J\n" + "x" * 200)], width=width)
    assert all(len(line) <= width for line in lines)
    assert "\x1b" not in "".join(lines)


def test_without_a_limit_there_is_no_bar() -> None:
    """Nobody knows how far it is."""
    assert "━" not in "".join(drawn([watched(1, limit=None)]))


def test_a_pipe_gets_the_same_in_plain_lines() -> None:
    """For grep."""
    assert list(plain_lines([])) == [NOTHING]
    first, _, third = plain_lines([watched(1)])
    assert first == "abcd1234  RUNNING  6/10  best 0.875 (no. 3)  a name"
    assert third == "  no. 0  T0  latest 0.5  runs for 1m 01s"
