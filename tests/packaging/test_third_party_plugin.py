"""A stranger's tuner, built as a wheel and installed: usable with no other step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.packaging

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin_tuner"
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]

#: runs Python with these arguments where the tuner is installed
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built."""
    directory = tmp_path_factory.mktemp("wheels")
    build = [*PIP, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(directory), str(EXAMPLE)]
    subprocess.run(build, check=True)
    [built] = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """See :data:`Run`. The tuner is installed to a folder of its own, beside what this environment has."""
    target = tmp_path_factory.mktemp("installed")
    subprocess.run([*PIP, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)], check=True)
    # An editable install of the example must not stand in for the wheel, nor must the checkout.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(target), "NNI_DISABLED_PLUGINS": ""}

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, cwd=target, capture_output=True, text=True, check=False)

    return start


def answer(run: Run, program: str) -> Any:
    """What a program prints, as JSON."""
    done = run("-c", program)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_wheel_is_found_and_listed(run: Run) -> None:
    """With nothing written anywhere but the package itself."""
    listed = answer(run, "from nni_core.cli.plugins import plugins; plugins(['list', '--kind', 'tuner', '--json'])")
    [entry] = [entry for entry in listed if entry["distribution"] == "hillclimb-tuner"]
    assert (entry["name"], entry["status"], entry["version"]) == ("HillClimb", "ok", "1.0.0")


def test_nnictl_lists_it(run: Run) -> None:
    """Through the command that a user types."""
    listed = answer(
        run, "import sys; from nni_core.cli.main import main; sys.exit(main(['plugins', 'list', '--json']))"
    )
    assert "HillClimb" in {entry["name"] for entry in listed}


def test_its_name_resolves_and_builds(run: Run) -> None:
    """From the wheel, not from the checkout; it suggests at once."""
    program = """
import json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry

registry = PluginRegistry.discover()
class_args = {"seed": 1, "optimize_mode": "maximize"}
tuner = registry.build_algorithm(PluginKind.TUNER, name="hillclimb", class_args=class_args)
tuner.update_search_space({"x": {"_type": "uniform", "_value": [0, 1]}})
print(json.dumps([type(tuner).__name__, tuner.generate_parameters(0)]))
"""
    name, parameters = answer(run, program)
    assert name == "HillClimbTuner"
    assert 0 <= parameters["x"] <= 1


def test_an_experiment_runs_with_it(run: Run, tmp_path: Path) -> None:
    """The example's own config, through nnictl, to the end: every trial succeeds."""
    for name in ("config.yaml", "trial.py"):
        (tmp_path / name).write_text((EXAMPLE / name).read_text())
    program = (
        "import os, sys; os.environ['HOME'] = sys.argv.pop(1); from nni_core.cli.main import main; sys.exit(main())"
    )
    config = str(tmp_path / "config.yaml")
    done = run("-c", program, str(tmp_path), "create", "--config", config, "--port", "0", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DONE: 60/60 trials, best" in done.stdout


def test_it_comes_from_the_wheel(run: Run) -> None:
    """What was tested here is what a user installs."""
    files = answer(run, "import json, hillclimb_tuner as it; print(json.dumps(it.__file__))")
    assert not Path(files).is_relative_to(EXAMPLE)


def test_its_own_tests_pass_against_the_wheel(run: Run, tmp_path: Path) -> None:
    """As the README tells a reader to run them."""
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", f"--rootdir={tmp_path}", "-c", os.devnull]
    done = run("-m", "pytest", *options, str(EXAMPLE / "tests"))
    assert done.returncode == 0, done.stdout


def test_without_it_the_name_is_unknown() -> None:
    """And the message tells which tuners there are."""
    program = """
from nni_core.errors import PluginError
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry

try:
    PluginRegistry.discover(disabled=["hillclimb-tuner"]).resolve(PluginKind.TUNER, "NoSuchTuner")
except PluginError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "no tuner 'NoSuchTuner' is offered by any installed plugin" in done.stdout
    assert "installed: " in done.stdout
