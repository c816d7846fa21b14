"""An experiment in memory, filled from a seed: what the fake API serves and tests change while a page watches."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from nni_core.model import named_number

#: an afternoon in 2026, milliseconds since the epoch
BEGIN = 1_780_000_000_000

STATES = (
    "WAITING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "USER_CANCELED",
    "SYS_CANCELED",
    "EARLY_STOPPED",
    "UNKNOWN",
)
LIVE = {"WAITING", "RUNNING", "UNKNOWN"}

DIGITS_SPACE = {
    "features": {"_type": "choice", "_value": [128, 256, 512, 1024]},
    "lr": {"_type": "loguniform", "_value": [0.0001, 0.1]},
    "momentum": {"_type": "uniform", "_value": [0, 1]},
}


@define(kw_only=True)
class FakeTrial:
    """One trial; tests change its fields and then call :meth:`FakeExperiment.touch`."""

    id: str
    sequence_id: int
    parameters: Mapping[str, Any]
    state: str = "SUCCEEDED"
    created_at: int = BEGIN
    started_at: int | None = None
    ended_at: int | None = None
    #: the final report as the protocol has it, non-finite floats tagged
    final: Any = None
    intermediates: list[float | None] = field(factory=list)
    message: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    attempt: int = 1
    stdout: bytes = b""
    stderr: bytes = b""

    @property
    def value(self) -> float | None:
        value = self.final.get("default") if isinstance(self.final, dict) else self.final
        return value if isinstance(value, int | float) and math.isfinite(value) else None

    @property
    def metrics(self) -> dict[str, float | None]:
        if not isinstance(self.final, dict):
            return {}
        return {key: named_number(self.final, key) for key in self.final if key != "default"}


@define(kw_only=True)
class FakeExperiment:
    """The experiment, its event log and the commands that arrived."""

    space: Mapping[str, Any] = field(factory=dict)
    optimize_mode: str = "maximize"
    name: str | None = "digits"
    state: str = "RUNNING"
    reason: str = ""
    duration: float = 754.0
    limits: dict[str, Any] = field(
        factory=lambda: {"trial_concurrency": 4, "max_trial_number": 100, "max_experiment_duration": 3600}
    )
    notes: list[dict[str, Any]] = field(factory=list)
    role: str = "owner"
    tuner_remark: str = ""
    #: several; empty when there is one
    objectives: list[dict[str, str]] = field(factory=list)
    trials: list[FakeTrial] = field(factory=list)
    epoch: str = "e1"
    cursor: int = 0
    #: (cursor, event name, payload)
    log: list[tuple[int, str, Any]] = field(factory=list)
    #: (method, path, body) of every request that changes something
    commands: list[tuple[str, str, Any]] = field(factory=list)
    listeners: list[Callable[[], None]] = field(factory=list)
    lock: threading.RLock = field(factory=threading.RLock)

    def trial(self, trial_id: str) -> FakeTrial | None:
        return next((trial for trial in self.trials if trial.id == trial_id), None)

    def add(self, parameters: Mapping[str, Any], **fields: Any) -> FakeTrial:
        """Add a trial; watchers hear of it."""
        number = len(self.trials)
        trial = FakeTrial(id=trial_name(number), sequence_id=number, parameters=parameters, **fields)
        with self.lock:
            self.trials.append(trial)
        self.touch(trial)
        return trial

    def touch(self, trial: FakeTrial | None = None) -> None:
        """Tell watchers that a trial, or the experiment itself, has changed."""
        if trial is None:
            self._happen("experiment", None)
        else:
            self._happen("trials", trial)

    def report(self, trial: FakeTrial, value: float | None) -> None:
        """Let a trial report an intermediate result."""
        sequence = len(trial.intermediates)
        trial.intermediates.append(value)
        self._happen("metrics", {"trial_id": trial.id, "sequence": sequence, "value": value, "timestamp": BEGIN})

    def restart(self, epoch: str) -> None:
        """Forget the log, as a new manager does."""
        with self.lock:
            self.epoch, self.log = epoch, []
        self._tell()

    def _happen(self, event: str, payload: Any) -> None:
        with self.lock:
            self.cursor += 1
            self.log.append((self.cursor, event, payload))
        self._tell()

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


def trial_name(number: int) -> str:
    """Five letters, as NNI's ids."""
    return "".join(random.Random(f"trial {number}").choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ", k=5))


def digits_experiment(amount: int = 60, running: int = 4, *, seed: int = 133, now: int | None = None) -> FakeExperiment:
    """Tuning of a small network on handwritten digits, as it looks after a while."""
    draw = random.Random(seed)
    experiment = FakeExperiment(space=DIGITS_SPACE)
    begin = BEGIN if now is None else now - int(experiment.duration * 1000)
    step = int(experiment.duration * 1000 / max(1, amount + running))
    for number in range(amount):
        _finished(experiment, draw, number / max(1, amount), begin + number * step)
    for number in range(running):
        began = begin + (amount + number) * step
        trial = experiment.add(_parameters(draw, 1), state="RUNNING", created_at=began, started_at=began + 300)
        trial.intermediates += _course(_accuracy(draw, trial.parameters), draw, 3 + 2 * number)
        trial.stdout = _output(trial)
    experiment.notes.append({"timestamp": begin, "level": "info", "message": "the experiment began", "trial_id": None})
    return experiment


def _finished(experiment: FakeExperiment, draw: random.Random, progress: float, began: int) -> None:
    parameters = _parameters(draw, progress)
    took = int(20_000 + parameters["features"] * 25 + draw.random() * 6000)
    times = {"created_at": began, "started_at": began + draw.randrange(100, 900), "ended_at": began + took}
    luck = draw.random()
    accuracy = _accuracy(draw, parameters)
    if luck < 0.07:
        message = "exit code 1: RuntimeError: CUDA out of memory. Tried to allocate 512.00 MiB"
        trial = experiment.add(parameters, state="FAILED", exit_code=1, message=message, **times)
        trial.stderr = f'Traceback (most recent call last):\n  File "model.py", line 71\n{message}\n'.encode()
        return
    stopped = luck < 0.15 and progress > 0.15
    state = "EARLY_STOPPED" if stopped else "SUCCEEDED"
    note = "stopped by Medianstop after report 4" if stopped else None
    trial = experiment.add(parameters, state=state, exit_code=None if stopped else 0, message=note, **times)
    trial.intermediates += _course(accuracy, draw, 4 if stopped else 10)
    if not stopped:
        trial.final = {"default": trial.intermediates[-1], "loss": round(2.4 * (1 - accuracy) + 0.02, 5)}
    trial.stdout = _output(trial)


def _parameters(draw: random.Random, progress: float) -> dict[str, Any]:
    spread = 1 - 0.75 * progress
    exponent = min(-1.0, max(-4.0, draw.gauss(-1.9, 0.9 * spread)))
    momentum = min(1.0, max(0.0, draw.gauss(0.78, 0.3 * spread)))
    features = draw.choice([128, 256, 512, 1024] if progress < 0.5 else [512, 512, 1024, 256])
    return {"features": features, "lr": 10**exponent, "momentum": momentum}


def _accuracy(draw: random.Random, parameters: Mapping[str, Any]) -> float:
    rate = math.log10(parameters["lr"]) + 1.9
    size = math.log2(parameters["features"] / 512)
    lost = 0.075 * rate * rate + 0.1 * (parameters["momentum"] - 0.8) ** 2 + 0.006 * size * size
    return max(0.098, 0.985 - float(lost) - abs(draw.gauss(0, 0.006)))


def _course(final: float, draw: random.Random, reports: int) -> list[float | None]:
    return [round(final * (1 - 0.55 * math.exp(-(at + 1) / 2.2)) + draw.gauss(0, 0.004), 5) for at in range(reports)]


def _output(trial: FakeTrial) -> bytes:
    lines = ["\x1b[1mUsing cpu device\x1b[0m"]
    for epoch, accuracy in enumerate(trial.intermediates, 1):
        lines.append(
            f"epoch {epoch:>2}  loss {2.3 * (1 - (accuracy or 0)):.4f}  \x1b[32maccuracy {accuracy:.4f}\x1b[0m"
        )
    return ("\n".join(lines) + "\n").encode()
