"""The config as Python fills it in."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from nni.experiment import config as offered
from nni.experiment.config import (
    AlgorithmConfig,
    CustomAlgorithmConfig,
    ExperimentConfig,
    LocalConfig,
    RemoteConfig,
    RemoteMachineConfig,
)
from nni_core.config.schema import ExperimentConfig as Schema
from nni_core.errors import ConfigError

SPACE = {"x": {"_type": "uniform", "_value": [0, 1]}}


def a_config(**fields: Any) -> ExperimentConfig:
    given = {"search_space": SPACE, "trial_command": "true", "trial_concurrency": 1, "tuner": AlgorithmConfig("TPE")}
    return ExperimentConfig("local", **{**given, **fields})


def test_every_field_of_the_schema_can_be_set() -> None:
    """The classes are written out for editors and type checkers; what the schema gains they must gain, too."""
    schema = {field.name for field in attrs.fields(Schema) if not field.metadata.get("derived")}
    assert schema - set(ExperimentConfig.field_names()) == set()


def test_placeholders_are_there_to_be_filled_in() -> None:
    """With the name of a platform everything can be reached by attributes."""
    config = ExperimentConfig("local")
    config.tuner.name = "TPE"  # type: ignore[union-attr]
    config.tuner.class_args["optimize_mode"] = "maximize"  # type: ignore[union-attr, index]
    config.training_service.use_active_gpu = True  # type: ignore[union-attr]
    data = config.as_data()
    assert data["tuner"] == {"name": "TPE", "class_args": {"optimize_mode": "maximize"}}
    assert data["training_service"]["use_active_gpu"] is True
    assert "assessor" not in data


def test_both_spellings_and_dicts_are_taken() -> None:
    """Keyword arguments may be what a JSON file has."""
    config = ExperimentConfig(trialConcurrency=2, trainingService={"platform": "local", "maxTrialNumberPerGpu": 2})
    assert config.trial_concurrency == 2
    assert config.training_service == LocalConfig(max_trial_number_per_gpu=2)


def test_unknown_fields_are_refused_at_once() -> None:
    """With the nearest name, by attribute and by keyword."""
    with pytest.raises(AttributeError, match="ExperimentConfig has no field 'trail_command'; did you mean 'trial_com"):
        ExperimentConfig("local").trail_command = "true"
    with pytest.raises(AttributeError, match="LocalConfig has no field 'gpus'"):
        LocalConfig(gpus=1)
    with pytest.raises(AttributeError, match="did you mean 'class_args'"):
        ExperimentConfig(tuner={"name": "TPE", "clasArgs": {}})


def test_json_is_the_canonical_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Camel case, absolute paths, defaults, and the trial's fields repeated in the training service."""
    monkeypatch.chdir(tmp_path)
    config = a_config(trial_code_directory="code", tuner_gpu_indices="0,1", max_experiment_duration="1h")
    canonical = config.json()
    assert canonical["trialCodeDirectory"] == str(tmp_path / "code")
    assert canonical["tunerGpuIndices"] == [0, 1]
    assert canonical["maxExperimentDuration"] == "1h"
    assert canonical["logLevel"] == "info"
    assert canonical["trainingService"] == {
        "platform": "local",
        "trialCommand": "true",
        "trialCodeDirectory": str(tmp_path / "code"),
        "debug": False,
        "maxTrialNumberPerGpu": 1,
        "reuseMode": False,
    }
    assert ExperimentConfig(**canonical).json() == canonical


def test_the_canonical_copy_is_a_copy() -> None:
    """What was written stays as it was written."""
    config = a_config(advisor=AlgorithmConfig("TPE"), tuner=None)
    assert config.canonical_copy().tuner == AlgorithmConfig("TPE")
    assert config.tuner is None


def test_a_file_is_loaded_with_its_own_directory(tmp_path: Path) -> None:
    """Relative paths in it begin there, wherever the program runs."""
    (tmp_path / "space.json").write_text(json.dumps(SPACE))
    (tmp_path / "config.yml").write_text(
        "searchSpaceFile: space.json\ntrialCommand: 'true'\ntrial_concurrency: 1\n"
        "tuner: {className: mine.Mine, codeDirectory: .}\ntrainingService: local\n"
    )
    canonical = ExperimentConfig.load(tmp_path / "config.yml").json()
    assert canonical["searchSpace"] == SPACE
    assert canonical["tuner"] == {"className": "mine.Mine", "codeDirectory": str(tmp_path)}


def test_a_wrong_key_in_a_file_has_its_place(tmp_path: Path) -> None:
    """As nnictl says it."""
    file = tmp_path / "config.yml"
    file.write_text("trialCommand: x\ntuner:\n  name: TPE\n  nmae: TPE\n")
    with pytest.raises(ConfigError, match=r"config\.yml:4:3: error\[NNI202\]: AlgorithmConfig has no field 'nmae'"):
        ExperimentConfig.load(file)


def test_a_file_of_the_first_version_is_converted(tmp_path: Path) -> None:
    """What it loses is said as a warning."""
    file = tmp_path / "config.yml"
    file.write_text(
        "authorName: me\ntrialConcurrency: 1\ntrainingServicePlatform: local\nsearchSpacePath: s.json\n"
        "tuner: {builtinTunerName: TPE}\ntrial: {command: 'true', codeDir: ., gpuNum: 0}\n"
    )
    with pytest.warns(UserWarning, match="NNI"):
        config = ExperimentConfig.load(file)
    assert config.tuner is not None
    assert (config.tuner.name, config.trial_command, config.trial_gpu_number) == ("TPE", "true", 0)


def test_validate_finds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All mistakes at once; a right config passes in silence."""
    monkeypatch.chdir(tmp_path)
    a_config().validate()
    with pytest.raises(ConfigError) as caught:
        a_config(tuner=AlgorithmConfig("TPEE"), trial_concurrency=0).validate()
    assert {"NNI402"} < {problem.code for problem in caught.value.problems}


def test_a_platform_that_is_not_installed_names_its_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The class exists all the same, and its JSON can be looked at."""
    monkeypatch.chdir(tmp_path)
    machine = RemoteMachineConfig(host="10.0.0.1", user="me", ssh_key_file="key")
    config = a_config(training_service=RemoteConfig(machine_list=[machine]), nni_manager_ip="1.2.3.4")
    service = config.json()["trainingService"]
    assert service["machineList"][0]["sshKeyFile"] == str(tmp_path / "key")
    assert service["nniManagerIp"] == "1.2.3.4"
    with pytest.raises(ConfigError, match="nni-service-remote"):
        config.validate()


def test_an_unknown_platform_takes_any_field() -> None:
    """Its plugin judges them."""
    config = ExperimentConfig("mine")
    config.training_service.queue = "long"  # type: ignore[union-attr]
    assert config.training_service.as_data() == {"platform": "mine", "queue": "long"}  # type: ignore[union-attr]
    assert ExperimentConfig(**config.as_data()) == config


def test_every_class_can_be_made_empty() -> None:
    """None of NNI's config classes is missing, and none insists on anything before it is used."""
    for name in offered.__all__:
        section = getattr(offered, name)() if name != "TrainingServiceConfig" else LocalConfig()
        assert section == type(section).from_data(section.as_data()), name
        assert repr(section).startswith(type(section).__name__)


def test_a_custom_algorithm_lies_here_unless_told() -> None:
    """As in NNI, its directory is the current one."""
    assert CustomAlgorithmConfig("mine.Mine").as_data() == {
        "class_name": "mine.Mine",
        "code_directory": ".",
        "class_args": {},
    }
