"""A trial that gives up, and what it keeps for its next attempt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import nni
from nni import checkpoints
from nni_core.wire import SpoolError, SpoolReader, TrialVariable

EnterTrial = Callable[..., Path]
TrialEnvironment = Callable[..., Mapping[str, str]]


@pytest.fixture(autouse=True)
def fresh_directory() -> None:
    """No test knows the checkpoint directory of another."""
    checkpoints.get_checkpoint_directory.cache_clear()


def run(script: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own, with variables of a trial or none."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NNI_")}
    options: dict[str, Any] = {"capture_output": True, "text": True, "check": False}
    return subprocess.run([sys.executable, "-c", script], env={**plain, **(environment or {})}, **options)


def error_in(directory: Path) -> SpoolError | None:
    """What the manager reads of it."""
    reader = SpoolReader()
    reader.feed(0, (directory / ".nni" / "metrics").read_bytes())
    assert reader.skipped == 0
    return reader.error


def test_an_error_that_nobody_catches_is_told(trial_environment: TrialEnvironment, tmp_path: Path) -> None:
    """After the results that were there, with a traceback as ever, and the exit code that Python gives."""
    script = "import nni\nnni.report_final_result(1)\nraise nni.TrialError('no such \\ud800 layer', retryable=False)"
    done = run(script, trial_environment())
    assert (done.returncode, "TrialError: no such" in done.stderr) == (1, True)
    error = error_in(tmp_path)
    assert error is not None
    assert (error.message, error.retryable, error.parameter_id) == ("no such ? layer", False, 3)


def test_the_cause_does_not_hide_it(trial_environment: TrialEnvironment, tmp_path: Path) -> None:
    """``raise … from``, a subclass, a hook of the user's own, and no message at all."""
    script = (
        "import nni, sys\n"
        "sys.excepthook = lambda *about: print('mine')\n"
        "class Diverged(nni.TrialError): pass\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise Diverged from error\n"
    )
    assert run(script, trial_environment()).stdout == "mine\n"
    error = error_in(tmp_path)
    assert error is not None
    assert (error.message, error.retryable) == ("Diverged", True)


def test_an_error_that_is_caught_is_nobody_s_business(trial_environment: TrialEnvironment, tmp_path: Path) -> None:
    """Nor is any other exception."""
    script = "import nni\ntry:\n    raise nni.TrialError('x')\nexcept nni.TrialError:\n    pass\nraise ValueError('y')"
    assert run(script, trial_environment()).returncode == 1
    assert not (tmp_path / ".nni" / "metrics").exists()


def test_an_error_that_cannot_be_told_is_shown(trial_environment: TrialEnvironment, tmp_path: Path) -> None:
    """The traceback is printed all the same."""
    environment = trial_environment()
    (tmp_path / "parameter.cfg").unlink()
    done = run("import nni\nraise nni.TrialError('x')", environment)
    assert "the experiment is not told of this error: cannot read the trial's parameters" in done.stderr
    assert "TrialError: x" in done.stderr


def test_outside_an_experiment_it_is_an_exception() -> None:
    """With its traceback, and nothing else."""
    done = run("import nni\nraise nni.TrialError('no data')")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("TrialError: no data\n")


def test_checkpoints_have_a_directory(enter_trial: EnterTrial, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that the training service names, made on the first call."""
    named = enter_trial() / "deep" / "checkpoints"
    monkeypatch.setenv(TrialVariable.CHECKPOINT_DIRECTORY, str(named))
    assert not named.exists()
    assert nni.get_checkpoint_directory() == named
    assert nni.get_checkpoint_directory().is_dir()


def test_a_service_without_checkpoints_is_named(enter_trial: EnterTrial) -> None:
    """A temporary directory would be lost without a word."""
    enter_trial()
    with pytest.raises(RuntimeError, match="NNI_CHECKPOINT_DIR is not set"):
        nni.get_checkpoint_directory()


def test_stand_alone_checkpoints_go_with_the_process() -> None:
    """One directory for the process, gone after it."""
    done = run("import nni\nfirst = nni.get_checkpoint_directory()\nassert first.is_dir()\nprint(first)")
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()


def test_both_need_the_standard_library_only() -> None:
    """A trial carries nothing of the core, and loads neither before it is used."""
    script = (
        "import sys, nni\nbefore = 'nni.trial_error' in sys.modules\nnni.TrialError, nni.get_checkpoint_directory()\n"
        "print(before, sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    assert run(f"import os\n{script}").stdout.startswith("False [")
    assert "nni_core" not in run(script).stdout


def test_the_name_of_the_objective_is_known(
    enter_trial: EnterTrial, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """A dict with its key is a result, and its number is checked at the call."""
    enter_trial()
    monkeypatch.setenv(TrialVariable.OBJECTIVE, "loss")
    nni.get_next_parameter()
    nni.report_intermediate_result({"loss": 0.5})
    assert not recwarn.list
    with pytest.raises(TypeError, match=r"metric\['loss'\] must be a number, got str 'low'"):
        nni.report_intermediate_result({"loss": "low"})
    with pytest.warns(RuntimeWarning, match="a dict without 'loss'"):
        nni.report_final_result({"los": 0.5})
