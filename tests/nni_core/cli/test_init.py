"""``nnictl init``: what it finds, what it writes, and that it writes over nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from nni_core.cli.init import init
from nni_core.cli.main import run
from nni_core.config import LoadedConfig, load_config
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry

SCRIPT = """\
import nni

params = {"features": 512, "lr": 0.001, "momentum": 0, "nesterov": False, "decay": 0.9, "shift": -2}
params.update(nni.get_next_parameter())
nni.report_final_result(params["lr"] * params["features"] + params["dropout"])
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to stand in, and a home of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder


def loaded(path: Path) -> LoadedConfig:
    return load_config(path, PluginRegistry.discover())


def test_a_script_is_found_and_its_parameters_are_guessed(here: Path) -> None:
    """Ranges lie round the defaults; the config loads without a warning, and agrees with the schema beside it."""
    (here / "helper.py").write_text("def get_next_parameter(): pass\n")
    (here / "model.py").write_text(SCRIPT)
    assert run(["init", "--yes"]) == 0
    found = loaded(here / "config.yaml")
    assert found.warnings == ()
    assert str(found.config.trial_command).endswith(" model.py")
    space = found.config.search_space
    assert space is not None
    assert list(space) == ["features", "lr", "momentum", "nesterov", "decay", "shift", "dropout"]
    assert space["lr"] == {"_type": "loguniform", "_value": [0.0001, 0.01]}
    assert space["nesterov"] == {"_type": "choice", "_value": [True, False]}
    schema = json.loads((here / ".nni.schema.json").read_text())
    Draft202012Validator(schema).validate(yaml.safe_load((here / "config.yaml").read_text()))
    assert (here / "config.yaml").read_text().startswith("# yaml-language-server: $schema=.nni.schema.json\n")


def test_flags_are_taken(here: Path) -> None:
    """Each says what the config then says."""
    (here / "space.json").write_text('{"x": {"_type": "uniform", "_value": [0, 1]}}')
    flags = ["--command", "true", "--space", "space.json", "--tuner", "anneal", "--trials", "7"]
    assert run(["init", "runs.yaml", *flags, "--concurrency", "3", "--minimize", "--name", "a: b", "-y"]) == 0
    config = loaded(here / "runs.yaml").config
    assert (config.trial_command, config.tuner.name, config.experiment_name) == ("true", "Anneal", "a: b")
    assert (config.max_trial_number, config.trial_concurrency) == (7, 3)
    assert config.search_space == {"x": {"_type": "uniform", "_value": [0, 1]}}


@pytest.mark.parametrize("tuner", PluginRegistry.discover().names(PluginKind.TUNER))
def test_every_tuner_can_be_chosen(tuner: str, here: Path) -> None:
    """What it cannot do without is in the config; which results are good, where it asks."""
    (here / "model.py").write_text(SCRIPT)
    assert run(["init", "-y", "--minimize", "--tuner", tuner]) == 0
    text = (here / "config.yaml").read_text()
    loaded(here / "config.yaml")
    assert ("optimize_mode: minimize" in text) == ("optimize_mode" in text)


def test_questions_are_asked(here: Path) -> None:
    """In order: command, tuner, direction, trials, concurrency; an empty line takes what is offered."""
    (here / "search_space.json").write_text('{"x": {"_type": "uniform", "_value": [0, 1]}}')
    done = CliRunner().invoke(init, [], input="true\n\nn\n20\n4\n", standalone_mode=False)
    assert done.exception is None
    config = loaded(here / "config.yaml").config
    assert (config.trial_command, config.tuner.name, config.tuner.class_args["optimize_mode"]) == (
        "true",
        "Auto",
        "minimize",
    )
    assert (config.max_trial_number, config.trial_concurrency) == (20, 4)
    assert "search_space_file: search_space.json" in (here / "config.yaml").read_text()


def test_nothing_is_written_over(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless that is asked for."""
    (here / "config.yaml").write_text("mine: true\n")
    assert run(["init", "-y", "--command", "true"]) == 2
    assert "error[NNI577]: there is 'config.yaml' already" in capsys.readouterr().err
    assert (here / "config.yaml").read_text() == "mine: true\n"
    assert [path.name for path in here.iterdir()] == ["config.yaml"]
    assert run(["init", "-y", "--command", "true", "--force"]) == 0
    assert loaded(here / "config.yaml").config.trial_command == "true"


def test_without_a_script_the_command_must_be_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files that only look like scripts do not count."""
    (here / "broken.py").write_text("nni.get_next_parameter(\n")
    (here / "notes.py").write_text("# nni.get_next_parameter()\n")
    assert run(["init", "-y"]) == 2
    assert "error[NNI576]" in capsys.readouterr().err
    assert not (here / "config.yaml").exists()


def test_a_search_space_with_mistakes_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With their places, before anything is written."""
    (here / "search_space.json").write_text('{"x": {"_type": "unifrom", "_value": [0, 1]}}')
    assert run(["init", "-y", "--command", "true"]) == 2
    assert "search_space.json:1:17: error[NNI307]" in capsys.readouterr().err
    assert not (here / "config.yaml").exists()


def test_a_search_space_alone_is_guessed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By NNI's name, flags and file."""
    (here / "code").mkdir()
    (here / "code" / "model.py").write_text(SCRIPT)
    assert run(["ss_gen", "-t", "python3 model.py", "-d", "code"]) == 0
    assert "a guess by model.py" in capsys.readouterr().out
    space = json.loads((here / "nni_auto_gen_search_space.json").read_text())
    assert space["lr"] == {"_type": "loguniform", "_value": [0.0001, 0.01]}
    assert run(["ss_gen", "-d", "code"]) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert run(["ss_gen", "-t", "python3 other.py", "-d", "code", "-f", "x.json"]) == 2
    assert "error[NNI581]" in capsys.readouterr().err
