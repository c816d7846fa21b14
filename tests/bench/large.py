"""What large experiments cost: looking at ten thousand trials, and going on after a hundred thousand results."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Iterator

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
    write_past(home.path, "large", Past(trials=10_000, reports=0))
    bare = seconds(lambda: home.run(sys.executable, "-c", "pass"), 9)
    for title, arguments in LOOKS.items():
        taken = seconds(lambda arguments=arguments: home.run(NNICTL, *arguments), TIMES)  # type: ignore[misc]
        yield Row(
            what=f"{title} of 10,000 trials, stopped",
            measured=f"{taken:.2f} s",
            beside=f"{taken / bare:.0f} × bare Python",
            bar="1 s",
            met=taken < 1,
        )
    yield _resume(home, bare)


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
