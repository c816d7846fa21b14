"""What running costs: no-op trials against the same commands in a bare loop, CPU of all our processes, and memory."""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from attrs import frozen
from tests.bench.measure import BIN, Home, Row, children_cpu, children_of, cpu_of, descendants_of, own_cpu_of, resident

PARAMETERS = '{"parameter_id": 0, "parameters": {"x": 0.5}, "parameter_source": "algorithm", "parameter_index": 0}'
NOOP = "import nni\nnni.get_next_parameter()\nnni.report_final_result(0.5)\n"
CONFIG = """
search_space:
  x: {{_type: uniform, _value: [0, 1]}}
  y: {{_type: uniform, _value: [0, 1]}}
trial_command: {python} trial.py
trial_concurrency: 2
max_trial_number: {trials}
tuner:
  name: TPE
training_service:
  platform: local
"""
Loop = Callable[[Home], None]
#: trials of the timed experiment
TRIALS = 200
#: times that it is run: the machine's speed changes within seconds, and moves single rounds by a tenth and more
ROUNDS = 15
#: trials after which memory is looked at
MANY = 1000


def rows(home: Home) -> Iterator[Row]:
    """The rows of the report."""
    (home.path / "trial.py").write_text(NOOP)
    rounds = [_one_round(home) for _ in range(ROUNDS)]
    yield _compared(f"{TRIALS} no-op trials at concurrency 2", rounds, lambda one: one.usual, bar=1.25)
    yield _compared("the same, beside the tightest loop there is", rounds, lambda one: one.tightest)
    extra, trial = median(one.extra_ms for one in rounds), median(one.trial_ms for one in rounds)
    yield Row(
        what="CPU of all our processes for each trial",
        measured=f"{extra:.1f} ms",
        beside=f"{extra / trial:.2f} × the trial itself ({trial:.0f} ms)",
        bar="15 ms",
        met=extra <= 15,
    )
    large = Running(home, MANY)
    large.until_done()
    manager, tuner = large.memory()
    large.stop()
    yield Row(
        what=f"manager and tuner process after {MANY} trials",
        measured=f"{manager + tuner:.0f} MB resident",
        beside=f"manager {manager:.0f}, tuner {tuner:.0f}; {(manager + tuner) / _bare_memory():.1f} × bare Python",
        bar="120 MB",
        met=manager + tuner <= 120,
    )


def _compared(what: str, rounds: Sequence[Round], loop: Callable[[Round], float], *, bar: float = math.inf) -> Row:
    ratios = sorted(one.wall / loop(one) for one in rounds)
    middle = median(ratios)
    return Row(
        what=what,
        measured=f"{median(one.wall for one in rounds):.2f} s",
        beside=f"{middle:.2f} × a loop ({median(map(loop, rounds)):.2f} s), the middle one of {ROUNDS}; "
        f"half of them {ratios[ROUNDS // 4]:.2f} to {ratios[-1 - ROUNDS // 4]:.2f}",
        bar="–" if bar == math.inf else f"{bar} ×",
        met=middle <= bar,
    )


@frozen(kw_only=True)
class Round:
    """One experiment among loops that do nothing else: the machine's speed changes while it runs."""

    #: seconds of the experiment, and of the loops: each the mean of one before and one after
    wall: float
    usual: float
    tightest: float
    #: milliseconds of CPU for each trial: in the tightest loop, and what ours takes beyond it
    trial_ms: float
    extra_ms: float


def _one_round(home: Home) -> Round:
    before = [_cost(loop, home) for loop in (_usual_loop, _tightest_loop)]
    experiment = Running(home, TRIALS)
    wall, cpu = experiment.until_done()
    after = [_cost(loop, home) for loop in (_tightest_loop, _usual_loop)][::-1]
    experiment.stop()
    (usual, _), (tightest, trial_cpu) = [
        [(one + other) / 2 for one, other in zip(*pair, strict=True)] for pair in zip(before, after, strict=True)
    ]
    return Round(
        wall=wall,
        usual=usual,
        tightest=tightest,
        trial_ms=trial_cpu / TRIALS * 1000,
        extra_ms=(cpu - trial_cpu) / TRIALS * 1000,
    )


def _usual_loop(home: Home) -> None:
    """The command for every trial, two at a time, as a script would run them: with a shell, which starts what a
    trial's command is."""

    def run(environment: Mapping[str, str]) -> None:
        command = f"{sys.executable} trial.py"
        subprocess.run(command, shell=True, cwd=home.path, env=environment, stdin=subprocess.DEVNULL, check=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, _environments(home)))


def _tightest_loop(home: Home) -> None:
    """The same with nothing that could be left out: one thread, no shell, two system calls a trial."""
    with contextlib.chdir(home.path):
        for number, environment in enumerate(_environments(home)):
            if number >= 2:
                os.wait()
            os.posix_spawn(sys.executable, [sys.executable, "trial.py"], environment)
        os.wait()
        os.wait()


def _environments(home: Home) -> Iterator[Mapping[str, str]]:
    """Of each trial; its files are there: outside an experiment's protocol, each has a folder of its own."""
    base = Path(tempfile.mkdtemp(dir=home.path))
    for number in range(TRIALS):
        folder = base / str(number)
        (folder / ".nni").mkdir(parents=True)
        (folder / "parameter.cfg").write_text(PARAMETERS)
        own = {"NNI_PLATFORM": "local", "NNI_SYS_DIR": str(folder), "NNI_TRIAL_JOB_ID": "bare"}
        yield {**home.environment, **own}


def _cost(loop: Loop, home: Home) -> tuple[float, float]:
    """Wall and CPU seconds of a loop."""
    start, cpu = time.perf_counter(), children_cpu()
    loop(home)
    return time.perf_counter() - start, children_cpu() - cpu


def _bare_memory() -> float:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bare:
        time.sleep(0.3)
        megabytes = resident(bare.pid)
        bare.communicate(b"\n")
    return megabytes


class Running:
    """An experiment of no-op trials."""

    def __init__(self, home: Home, trials: int) -> None:
        self._home = home
        self._trials = trials
        (home.path / "config.yaml").write_text(CONFIG.format(python=sys.executable, trials=trials))
        home.run(str(BIN / "nnictl"), "create", "--config", "config.yaml", "--port", "0")
        folder = (home.path / "nni-experiments" / "_latest").resolve()
        manager = json.loads((folder / "manager.json").read_text())
        self._base = f"http://127.0.0.1:{manager['port']}"
        self._pid = manager["pid"]
        self._cpu = self._all_cpu()

    def until_done(self) -> tuple[float, float]:
        """Seconds from the first trial's start to the last one's end, and all CPU seconds, the trials' too."""
        while self._get("/api/v1/nni/check-status")["status"] != "DONE":
            time.sleep(1.0)
        cpu = self._all_cpu() - self._cpu
        trials = self._get("/api/v1/nni/trial-jobs")
        wall = max(one["endTime"] for one in trials) - min(one["startTime"] for one in trials)
        return wall / 1000, cpu

    def memory(self) -> tuple[float, float]:
        """Resident megabytes of the manager and of the tuner's process."""
        # The tuner's process is the child that lives in the folder of the logs.
        tuner = next(pid for pid in children_of(self._pid) if Path(f"/proc/{pid}/cwd").readlink().name == "log")
        return resident(self._pid), resident(tuner)

    def stop(self) -> None:
        self._home.run(str(BIN / "nnictl"), "stop", "--all")

    def _all_cpu(self) -> float:
        """CPU of manager, tuner, warden and supervisors, with everything that ran under them: the trials."""
        return own_cpu_of(self._pid) + sum(cpu_of(pid) for pid in descendants_of(self._pid))

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self._base}{path}", timeout=60) as answer:
            return json.loads(answer.read())
