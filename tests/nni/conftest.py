"""A trial's directory as a training service leaves it, and the trial's environment."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from nni import trial
from nni_core.model import TrialId
from nni_core.wire import SpoolReader, SpoolRecord, TrialVariable, parameter_file

EnterTrial = Callable[..., Path]
ReadSpool = Callable[[], list[SpoolRecord]]


@pytest.fixture(autouse=True)
def fresh_trial(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test is a process of its own, as far as the SDK can tell."""
    for variable in TrialVariable:
        monkeypatch.delenv(variable, raising=False)
    trial._trial.cache_clear()
    yield
    trial._trial.cache_clear()


@pytest.fixture
def trial_environment(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Makes the directory of a trial; returns the variables that its process gets."""

    def make(parameters: Mapping[str, Any] | None = None) -> dict[str, str]:
        content = parameter_file(trial_id=TrialId("AbCdE"), parameter_id=3, parameters=parameters or {"lr": 0.1})
        (tmp_path / "parameter.cfg").write_bytes(content)
        return {
            TrialVariable.PLATFORM: "local",
            TrialVariable.EXPERIMENT_ID: "p43ny6ew",
            TrialVariable.TRIAL_ID: "AbCdE",
            TrialVariable.SEQUENCE_ID: "7",
            TrialVariable.SYSTEM_DIRECTORY: str(tmp_path),
        }

    return make


@pytest.fixture
def enter_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trial_environment: Callable[..., dict[str, str]]
) -> EnterTrial:
    """Makes this process a trial of an experiment; returns the trial's directory."""

    def enter(parameters: Mapping[str, Any] | None = None) -> Path:
        for name, value in trial_environment(parameters).items():
            monkeypatch.setenv(name, value)
        return tmp_path

    return enter


@pytest.fixture
def read_spool(tmp_path: Path) -> ReadSpool:
    """Reads what the trial has reported, as the manager does."""

    def read() -> list[SpoolRecord]:
        reader = SpoolReader()
        records = reader.feed(0, (tmp_path / ".nni" / "metrics").read_bytes())
        assert reader.skipped == 0
        return records

    return read
