"""Runs contestants, and keeps what came of it."""

from __future__ import annotations

import heapq
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import asdict, frozen
from tests.bench_hpo.line_up import HERE, Contestant
from tests.bench_hpo.problems import Problem, WithEpochs
from tests.bench_hpo.spaces import as_data, problems_of

#: of trials that may end early: the epochs of the first and of the last budget, and the share that goes on
BUDGETS = {"lowest": 2, "highest": 52, "eta": 3}
#: as many epochs as fifty whole trainings take
EPOCHS = 50 * 52
#: one thread each, so that seconds of processor time mean something
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@frozen(kw_only=True)
class Run:
    """A contestant on a problem with a seed."""

    contestant: str
    problem: str
    seed: int
    #: how many values were reported: one for each trial, or with budgets one for each epoch
    count: int
    #: those that were lower than all before them, each with its place among all, from 1
    best: list[tuple[int, float]]
    #: seconds of processor time for a trial, asking and telling: the mean of all, and of the last ten
    cpu: tuple[float, float]

    @classmethod
    def of(cls, contestant: str, problem: str, seed: int, values: Sequence[float], cpu: Sequence[float]) -> Run:
        """``values`` are in the order in which they were told, ``cpu`` are seconds for each trial."""
        best: list[tuple[int, float]] = []
        for place, value in enumerate((float(f"{value:.7g}") for value in values), 1):
            if not best or value < best[-1][1]:
                best.append((place, value))
        means = round(float(np.mean(cpu)), 6), round(float(np.mean(cpu[-10:])), 6)
        return cls(contestant=contestant, problem=problem, seed=seed, count=len(values), best=best, cpu=means)

    @property
    def curve(self) -> npt.NDArray[np.float64]:
        """The lowest so far after each value."""
        ends = [place for place, _ in self.best[1:]] + [self.count + 1]
        lengths = [end - place for (place, _), end in zip(self.best, ends, strict=True)]
        return np.repeat([value for _, value in self.best], lengths)


class Served:
    """A contestant in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def order(self, **order: Any) -> dict[str, Any]:
        """:raises RuntimeError: when the contestant has failed; what it said is on standard error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it is gone, which the answer shows
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"it ended with {self._process.wait()} when it was told {order}")
        found: dict[str, Any] = json.loads(answer)
        return found


@contextmanager
def served(contestant: Contestant, environments: Path) -> Iterator[Served]:
    """The contestant, ready for races."""
    command = [str(contestant.python(environments)), str(HERE / "contestants" / "serve.py"), contestant.served]
    command.append(json.dumps(contestant.settings))
    environment = {**os.environ, **ONE_THREAD, "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        try:
            yield Served(process)
        finally:
            process.kill()


def whole(one: Served, problem: Problem, seed: int, evaluations: int, workers: int) -> tuple[list[float], list[float]]:
    """Whole trials on so many workers.

    How long a trial takes is log-normal (sigma 0.5) and does not depend on its parameters; a worker that is free asks
    at once, so results arrive out of order.
    """
    one.order(race={"space": as_data(problem.space), "seed": 1000 + seed, "evaluations": evaluations})
    random = np.random.default_rng(777 + seed)
    values: list[float] = []
    cpu: list[float] = []
    running: list[tuple[float, int, Mapping[str, Any]]] = []
    now = 0.0
    for number in range(evaluations + workers):
        if number >= workers or number >= evaluations:
            if not running:
                break
            now, ended, point = heapq.heappop(running)
            value = float(problem.values([point])[0])
            cpu[ended] += one.order(tell=ended, value=value)["cpu"]
            values.append(value)
        if number < evaluations:
            asked = one.order(ask=number)
            _check(asked["point"], problem)
            cpu.append(asked["cpu"])
            heapq.heappush(running, (now + float(np.exp(random.normal(0, 0.5))), number, asked["point"]))
    return values, cpu


def epochs(one: Served, problem: Problem, seed: int, budget: int = EPOCHS) -> tuple[list[float], list[float]]:
    """Trainings by epochs, until ``budget`` are spent; one that goes on starts where it was."""
    assert isinstance(problem, WithEpochs)
    one.order(race={"space": as_data(problem.space), "seed": 1000 + seed, "evaluations": 50, "budgets": BUDGETS})
    reached: list[int] = []
    values: list[float] = []
    cpu: list[float] = []
    curves: dict[str, Any] = {}
    while len(values) < budget:
        number = len(reached)
        asked = one.order(ask=number)
        _check(asked["point"], problem)
        begin = 0 if asked["follows"] is None else reached[asked["follows"]]
        key = json.dumps(asked["point"], sort_keys=True)
        if key not in curves:
            curves[key] = problem.curve(asked["point"])
        trained = curves[key][begin : asked["epochs"]]
        reached.append(asked["epochs"])
        values.extend(float(value) for value in trained)
        cpu.append(asked["cpu"] + one.order(tell=number, value=float(trained[-1]))["cpu"])
    return values[:budget], cpu


def _check(point: Mapping[str, Any], problem: Problem) -> None:
    wrong = problems_of(point, problem.space)
    if wrong:
        raise RuntimeError(f"suggested a point outside the space: {'; '.join(wrong)}")


Race = Callable[[Served, Problem, int, int], tuple[list[float], list[float]]]
#: how trials run, by name
MODES: dict[str, Race] = {
    "sequential": lambda one, problem, seed, evaluations: whole(one, problem, seed, evaluations, 1),
    "async8": lambda one, problem, seed, evaluations: whole(one, problem, seed, evaluations, 8),
    "epochs": lambda one, problem, seed, _: epochs(one, problem, seed),
}


@frozen
class Results:
    """Runs in a folder, a file for each mode and contestant and a line for each run; what is there is not run again."""

    folder: Path

    def _file(self, mode: str, contestant: str) -> Path:
        return self.folder / mode / f"{contestant.replace(' ', '_')}.jsonl"

    def runs(self, mode: str) -> list[Run]:
        """All of a mode."""
        return [run for file in sorted((self.folder / mode).glob("*.jsonl")) for run in _read(file)]

    def missing(self, mode: str, contestant: str, problem: str, seeds: int, evaluations: int) -> list[int]:
        """Of seeds 0 to ``seeds``, those that were not run so far."""
        runs = _read(self._file(mode, contestant))
        there = {run.seed for run in runs if run.problem == problem and run.count >= evaluations}
        return [seed for seed in range(seeds) if seed not in there]

    def add(self, mode: str, run: Run) -> None:
        """Keep a run. Others may be kept at the same time."""
        file = self._file(mode, run.contestant)
        file.parent.mkdir(parents=True, exist_ok=True)
        line = {key: value for key, value in asdict(run).items() if key != "contestant"}
        with file.open("ab", buffering=0) as lines:
            lines.write(json.dumps(line).encode() + b"\n")


def _read(file: Path) -> list[Run]:
    name = file.stem.replace("_", " ")
    lines = file.read_text().splitlines() if file.exists() else []
    return [_run(name, json.loads(line)) for line in lines]


def _run(contestant: str, line: dict[str, Any]) -> Run:
    best = [(place, value) for place, value in line.pop("best")]
    return Run(contestant=contestant, best=best, cpu=tuple(line.pop("cpu")), **line)


def run_all(
    mode: str,
    contestant: Contestant,
    problem: Problem,
    seeds: list[int],
    evaluations: int,
    environments: Path,
    results: Results,
) -> None:
    """One after another, each kept as soon as it is over."""
    with served(contestant, environments) as one:
        for seed in seeds:
            values, cpu = MODES[mode](one, problem, seed, evaluations)
            results.add(mode, Run.of(contestant.name, problem.name, seed, values, cpu))
