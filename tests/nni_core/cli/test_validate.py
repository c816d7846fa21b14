"""``nnictl validate`` and ``nnictl schema``: nothing starts, and everything is said."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from nni_core.cli.main import run

CONFIG = """\
search_space:
  batch: {_type: choice, _value: [16, 32]}
  layers: {_type: randint, _value: [1, 4]}
trial_command: env true
trial_concurrency: 2
max_trial_number: 6
tuner: {name: tpe}
assessor: {class_name: mine.Early, class_args: {patience: 3}}
training_service: {platform: local}
"""
ASSESSOR = """\
from nni.assessor import Assessor, AssessResult

class Early(Assessor):
    def __init__(self, patience):
        self.patience = patience

    def assess_trial(self, trial_job_id, trial_history):
        return AssessResult.Good
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A config that can be used, in a directory of its own, whose module is forgotten after the test."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.path", [*sys.path])
    (folder / "mine.py").write_text(ASSESSOR)
    (folder / "config.yaml").write_text(CONFIG)
    yield folder / "config.yaml"
    sys.modules.pop("mine", None)


def test_a_right_config_is_described(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it stands for: plugins with their versions, size of the space, trials, program."""
    assert run(["validate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "config.yaml is valid"
    assert lines[1].startswith("  tuner             TPE (nni-tuner-tpe ")
    assert lines[2] == "  assessor          mine.Early (your own)"
    assert lines[3].startswith("  training service  local (nni-service-local ")
    assert lines[4:6] == ["  search space      2 parameters, 6 points", "  trials            6, 2 at a time"]
    assert lines[6].endswith("/env")
    assert sorted(path.name for path in config.parent.iterdir() if path.name != "__pycache__") == [
        "config.yaml",
        "mine.py",
    ]


def test_the_file_alone_will_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As people type it."""
    assert run(["validate", config.name]) == 0
    assert f"{config.name} is valid" in capsys.readouterr().out
    assert run(["validate", config.name, "--config", "other.yaml"]) == 2
    assert f"one config at a time: 'other.yaml' and '{config.name}' were given" in capsys.readouterr().err
    assert run(["create"]) == 2
    assert "Missing option '--config' / '-c'" in capsys.readouterr().err


def test_every_mistake_is_said_at_once(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its place; exit 2."""
    config.write_text(CONFIG.replace("concurrency: 2", "concurrency: two").replace("tpe", "tpf"))
    assert run(["validate", "-c", str(config)]) == 2
    shown = capsys.readouterr()
    assert f"{config}:5:20: error[NNI203]" in shown.err
    assert f"{config}:7:15: error[NNI402]" in shown.err
    assert shown.out == f"{config}: 2 mistakes to mend\n"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("mine.Early", "mine.Erly", "NNI408"),
        ("{patience: 3}", "{patence: 3}", "NNI410"),
        ("mine.Early", "absent.Early", "NNI407"),
    ],
)
def test_a_class_of_ones_own_is_looked_at(
    old: str, new: str, code: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is imported, and its constructor compared with class_args; the line in the config is named."""
    config.write_text(CONFIG.replace(old, new))
    assert run(["validate", "--json"]) == 2
    (verdict,) = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["line"], one["key_path"][0]) for one in verdict["problems"]] == [(code, 8, "assessor")]


def test_the_training_service_is_asked(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it says of this machine has its place in the config, too."""
    config.write_text(CONFIG.replace("platform: local", "platform: local, max_trial_number_per_gpu: 2"))
    run(["validate", "--json"])
    (verdict,) = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["line"]) for one in verdict["problems"]] == [("NNI548", 9)]


def test_a_search_space_is_no_config(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, and not all that is missing."""
    (config.parent / "space.yaml").write_text("batch: {_type: choice, _value: [16, 32]}\n")
    assert run(["validate", "space.yaml"]) == 2
    told = capsys.readouterr().err
    assert told.count("error[") == 1
    assert "space.yaml:1:1: error[NNI210]: this is a search space, of 'batch', and no config" in told
    assert "nnictl validate --space FILE" in told


def test_a_search_space_can_be_checked_alone(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its size, or its mistakes with their places."""
    space = config.with_name("space.json")
    space.write_text('{"x": {"_type": "choice", "_value": [1, 2, 3]}}')
    assert run(["validate", "--space", str(space)]) == 0
    assert capsys.readouterr().out == f"{space} is valid\n  search space      1 parameter, 3 points\n"
    space.write_text('{"x": {"_type": "choice"}}')
    assert run(["validate", "--space", str(space), "--json"]) == 2
    (verdict,) = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["line"]) for one in verdict["problems"]] == [("NNI305", 1)]


def test_a_config_of_the_first_schema_is_shown_in_the_second(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shown is a config itself."""
    config.with_name("space.json").write_text('{"x": {"_type": "choice", "_value": [1, 2, 3]}}')
    old = {
        "authorName": "me",
        "trialConcurrency": 1,
        "maxTrialNum": 3,
        "trainingServicePlatform": "local",
        "searchSpacePath": "space.json",
        "tuner": {"builtinTunerName": "TPE", "classArgs": {"optimize_mode": "maximize"}},
        "trial": {"command": "true", "codeDir": ".", "gpuNum": 0},
    }
    config.write_text(json.dumps(old))
    assert run(["validate", "--json"]) == 0
    (verdict,) = json.loads(capsys.readouterr().out)
    config.write_text(verdict["converted"])
    assert run(["validate", "--json"]) == 0
    (again,) = json.loads(capsys.readouterr().out)
    assert again["converted"] is None
    assert (again["plugins"], again["search_space"]) == (verdict["plugins"], verdict["search_space"])


def test_the_schema_is_written_for_editors(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To standard output or a file, with the plugins of one's own files when they are named."""
    plugin = config.with_name("plugin.py")
    plugin.write_text(
        "from nni_core.api import TunerSpec\nfrom nni_core.hookspecs import hookimpl\n\n"
        "@hookimpl\ndef nni_tuners():\n    return [TunerSpec(name='Mine', summary='mine', implementation='plugin:T')]\n"
    )
    assert run(["schema"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert run(["schema", "--plugin", str(plugin), "-o", "schema.json"]) == 0
    own = json.loads(config.with_name("schema.json").read_text())
    Draft202012Validator.check_schema(own)
    assert "Mine" in json.dumps(own)
    assert "Mine" not in json.dumps(plain)
    assert run(["schema", "--space"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "NNI search space"
