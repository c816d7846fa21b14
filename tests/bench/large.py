"""What large experiments cost: looking at ten thousand trials, and going on after a hundred thousand results."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial

from attrs import evolve
from tests.bench.measure import BIN, Home, Row, seconds
from tests.bench.past import Past, write_past

from nni_core.folders import ExperimentFolder

NNICTL = str(BIN / "nnictl")
#: times that each command is run; the middle one counts
TIMES = 5
LOOKS = {
    "`experiment show`": ("experiment", "show", "large"),
    "`trial ls --head 10`": ("trial", "ls", "large", "--head", "10"),
    "`experiment export` as JSON": ("experiment", "export", "large", "-t", "json", "-f", "large.json"),
    "`experiment export` as CSV": ("experiment", "export", "large", "-t", "csv", "-f", "large.csv"),
}


def rows(home: Home) -> Iterator[Row]:
    """The rows of the report."""
    large = write_past(home.path, "large", Past(trials=10_000, reports=0))
    bare = seconds(lambda: home.run(sys.executable, "-c", "pass"), 9)
    first = statistics.median(_first_look(home, large) for _ in range(TIMES))
    yield evolve(_look("`trial ls --head 10`, first look after a crash,", first, bare), bar="–", met=True)
    for title, arguments in LOOKS.items():
        yield _look(title, seconds(partial(home.run, NNICTL, *arguments), TIMES), bare)
    yield _resume(home, bare)


def _look(title: str, taken: float, bare: float) -> Row:
    return Row(
        what=f"{title} of 10,000 trials, stopped",
        measured=f"{taken:.2f} s",
        beside=f"{taken / bare:.0f} × bare Python",
        bar="1 s",
        met=taken < 1,
    )


def _first_look(home: Home, large: ExperimentFolder) -> float:
    """Seconds when nothing is kept of what the log adds up to."""
    large.trials_file.unlink(missing_ok=True)
    return seconds(partial(home.run, NNICTL, "trial", "ls", large.id, "--head", "10"), 1)


def _resume(home: Home, bare: float) -> Row:
    past = write_past(home.path, "metrics", Past(trials=1_000, reports=99))
    taken = statistics.median(_one_resume(home, past) for _ in range(TIMES))
    return Row(
        what="`nnictl resume` of 1,000 trials with 100,000 results until the prompt is back",
        measured=f"{taken:.2f} s",
        beside=f"{taken / bare:.0f} × bare Python",
        bar="2 s",
        met=taken < 2,
    )


def _one_resume(home: Home, past: ExperimentFolder) -> float:
    """Seconds until the prompt is back; each time from the same folder."""
    name = f"again{time.monotonic_ns()}"
    shutil.copytree(past.path, past.path.with_name(name))
    start = time.perf_counter()
    home.run(NNICTL, "resume", name, "--port", "0")
    taken = time.perf_counter() - start
    home.run(NNICTL, "stop", name)
    return taken
