"""What running costs: no-op trials against the same commands in a bare loop, CPU of all our processes, and memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
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
    ratios = sorted(one.ratio for one in rounds)
    wall = statistics.median(one.wall for one in rounds)
    bare_wall = statistics.median(one.bare_wall for one in rounds)
    extra_ms = statistics.median(one.extra_ms for one in rounds)
    bare_ms = statistics.median(one.bare_ms for one in rounds)
    yield Row(
        what=f"{TRIALS} no-op trials at concurrency 2",
        measured=f"{wall:.2f} s",
        beside=f"{ratios[ROUNDS // 2]:.2f} × a bare loop ({bare_wall:.2f} s), the middle one of {ROUNDS}; "
        f"half of them {ratios[ROUNDS // 4]:.2f} to {ratios[-1 - ROUNDS // 4]:.2f}",
        bar="1.25 ×",
        met=ratios[ROUNDS // 2] <= 1.25,
    )
    yield Row(
        what="CPU of all our processes for each trial",
        measured=f"{extra_ms:.1f} ms",
        beside=f"{extra_ms / bare_ms:.2f} × the trial itself ({bare_ms:.0f} ms)",
        bar="15 ms",
        met=extra_ms <= 15,
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


@frozen(kw_only=True)
class Round:
    """One experiment between two bare loops: the machine's speed changes while it runs."""

    #: seconds
    wall: float
    bare_wall: float
    #: milliseconds of CPU for each trial: of the bare loop, and what ours takes beyond it
    bare_ms: float
    extra_ms: float

    @property
    def ratio(self) -> float:
        return self.wall / self.bare_wall


def _one_round(home: Home) -> Round:
    before = _bare_loop(home, TRIALS)
    experiment = Running(home, TRIALS)
    wall, cpu = experiment.until_done()
    after = _bare_loop(home, TRIALS)
    experiment.stop()
    bare_wall, bare_cpu = ((one + other) / 2 for one, other in zip(before, after, strict=True))
    return Round(
        wall=wall,
        bare_wall=bare_wall,
        bare_ms=bare_cpu / TRIALS * 1000,
        extra_ms=(cpu - bare_cpu) / TRIALS * 1000,
    )


def _bare_loop(home: Home, count: int) -> tuple[float, float]:
    """Wall and CPU seconds of the same command, two at a time, spawned by a loop without a shell; outside an
    experiment's protocol but with its files: each run has a folder of its own."""
    base = Path(tempfile.mkdtemp(dir=home.path))
    start, cpu = time.perf_counter(), children_cpu()
    running: list[subprocess.Popen[bytes]] = []
    for number in range(count):
        folder = base / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "parameter.cfg").write_text(PARAMETERS)
        (folder / ".nni").mkdir(exist_ok=True)
        own = {"NNI_PLATFORM": "local", "NNI_SYS_DIR": str(folder), "NNI_TRIAL_JOB_ID": "bare"}
        if len(running) == 2:
            _wait_for_one(running)
        command = [sys.executable, "trial.py"]
        environment = {**home.environment, **own}
        running.append(subprocess.Popen(command, cwd=home.path, env=environment, stdin=subprocess.DEVNULL))
    for process in running:
        process.wait()
    return time.perf_counter() - start, children_cpu() - cpu


def _wait_for_one(running: list[subprocess.Popen[bytes]]) -> None:
    while True:
        for process in running:
            if process.poll() is not None:
                running.remove(process)
                return
        time.sleep(0.0005)


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
