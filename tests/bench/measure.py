"""Ways to measure whole processes."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import field, frozen

BIN = Path(sys.executable).parent


@frozen(kw_only=True)
class Row:
    """One line of the report."""

    what: str
    measured: str
    #: what it is measured against, in the same run
    beside: str = ""
    bar: str = ""
    met: bool = True


@frozen(kw_only=True)
class Home:
    """A home folder for the experiments of one measurement."""

    path: Path
    environment: dict[str, str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        environment = {**os.environ, "HOME": str(self.path), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        # Without cached bytecode every start would compile the project anew, which no installation does.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        object.__setattr__(self, "environment", environment)

    def run(self, *command: str, check: bool = True) -> str:
        """The output of a command in this home."""
        done = subprocess.run(command, cwd=self.path, env=self.environment, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def seconds(run: Callable[[], object], times: int) -> float:
    """Median wall time."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def interleaved(runs: Sequence[Callable[[], object]], times: int) -> list[float]:
    """Median wall time of each of several things, done in turns so that a busy moment hits all of them."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(times):
        for place, run in enumerate(runs):
            start = time.perf_counter()
            run()
            taken[place].append(time.perf_counter() - start)
    return [statistics.median(one) for one in taken]


def children_cpu() -> float:
    """CPU seconds of all children that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and the children that it waited for; of one that has just ended, its parent tells."""
    return _ticks(pid, (11, 12, 13, 14))


def own_cpu_of(pid: int) -> float:
    """CPU seconds of a process alone."""
    return _ticks(pid, (11, 12))


def _ticks(pid: int, places: tuple[int, ...]) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(fields[place]) for place in places) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Resident megabytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children_of(pid: int) -> list[int]:
    """Processes whose parent this one is."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == pid]


def descendants_of(pid: int) -> list[int]:
    """Children, their children, and so on."""
    children = children_of(pid)
    return children + [one for child in children for one in descendants_of(child)]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return -1
