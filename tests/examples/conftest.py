"""The examples, run as their users run them."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from nni_core.model import TrialId
from nni_core.wire import SpoolReader, SpoolRecord, TrialVariable, parameter_file

RunTrial = Callable[..., list[SpoolRecord]]


@pytest.fixture
def examples() -> Path:
    """The folder of the examples."""
    return Path(__file__).parents[2] / "examples"


@pytest.fixture
def run_trial(tmp_path: Path) -> RunTrial:
    """Runs a script as a trial, in its own folder; returns its results."""

    def run(script: Path, parameters: Mapping[str, Any], arguments: Sequence[str] = ()) -> list[SpoolRecord]:
        content = parameter_file(trial_id=TrialId("AbCdE"), parameter_id=0, parameters=parameters)
        (tmp_path / "parameter.cfg").write_bytes(content)
        trial: dict[str, str] = {TrialVariable.SYSTEM_DIRECTORY: str(tmp_path), TrialVariable.TRIAL_ID: "AbCdE"}
        command = [sys.executable, "-W", "error::RuntimeWarning", script.name, *arguments]
        subprocess.run(command, cwd=script.parent, env=os.environ | trial, check=True)
        return SpoolReader().feed(0, (tmp_path / ".nni" / "metrics").read_bytes())

    return run
