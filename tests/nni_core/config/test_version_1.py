"""Files of NNI's first schema mean what they mean to NNI, and can be written down in the second."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nni_core.config import converted_text, load_config_data
from nni_core.config.read import parse
from nni_core.config.source_text import decode
from nni_core.config.version_1 import convert
from nni_core.config.yaml_writing import yaml_of
from nni_core.errors import ConfigError

LOCAL = """\
authorName: me
experimentName: naive
trialConcurrency: 3
maxExecDuration: 1h
maxTrialNum: 10
trainingServicePlatform: local
searchSpacePath: space.json
useAnnotation: false
multiPhase: false
multiThread: false
nniManagerIp: 10.0.0.1
logLevel: debug
logDir: logs
tuner:
  builtinTunerName: TPE
  classArgs: {optimize_mode: maximize, seed: 3}
  gpuIndices: "0,1"
assessor:
  codeDir: .
  classFileName: mine.py
  className: Mine
  classArgs: {epoch_num: 20}
  includeIntermediateResults: true
trial:
  command: python model.py
  codeDir: .
  gpuNum: 0
localConfig:
  gpuIndices: [0, 1]
  maxTrialNumPerGpu: 2
  useActiveGpu: true
"""

SECOND = {
    "experiment_name": "naive",
    "search_space_file": "space.json",
    "trial_command": "python model.py",
    "trial_code_directory": ".",
    "trial_concurrency": 3,
    "trial_gpu_number": 0,
    "max_experiment_duration": "1h",
    "max_trial_number": 10,
    "nni_manager_ip": "10.0.0.1",
    "use_annotation": False,
    "log_level": "debug",
    "experiment_working_directory": "logs",
    "tuner_gpu_indices": "0,1",
    "tuner": {"name": "TPE", "class_args": {"optimize_mode": "maximize", "seed": 3}},
    "assessor": {"class_name": "mine.Mine", "code_directory": ".", "class_args": {"epoch_num": 20}},
    "training_service": {
        "platform": "local",
        "gpu_indices": [0, 1],
        "max_trial_number_per_gpu": 2,
        "use_active_gpu": True,
    },
}

REMOTE = """\
trainingServicePlatform: remote
remoteConfig: {reuse: true}
machineList:
  - {ip: one, username: me, passwd: x, port: 23, gpuIndices: 0, maxTrialNumPerGpu: 2, useActiveGpu: true}
  - {ip: two, username: me, sshKeyPath: ~/key, passphrase: y, pythonPath: /bin}
sharedStorage: {storageType: NFS, nfsServer: nas, exportedDirectory: /e, localMountPoint: /m, localMounted: nomount}
"""

KUBEFLOW = """\
trainingServicePlatform: kubeflow
kubeflowConfig: {operator: o, storage: nfs, nfs: {server: s, path: p}}
trial: {codeDir: ., worker: {replicas: 1, command: c, memoryMB: 8, image: i, gpuNum: 0}}
"""

CONTROLLER = """\
trainingServicePlatform: frameworkcontroller
trial:
  taskRoles:
    - name: w
      taskNum: 1
      command: c
      frameworkAttemptCompletionPolicy: {minFailedTaskCount: 1, minSucceededTaskCount: 2}
frameworkcontrollerConfig: {azureStorage: {accountName: a}, keyVault: {name: k}, uploadRetryCount: 1}
"""

CLUSTERS = [
    (
        REMOTE,
        {
            "platform": "remote",
            "reuse_mode": True,
            "machine_list": [
                {
                    "host": "one",
                    "user": "me",
                    "password": "x",
                    "port": 23,
                    "gpu_indices": 0,
                    "max_trial_number_per_gpu": 2,
                    "use_active_gpu": True,
                },
                {"host": "two", "user": "me", "ssh_key_file": "~/key", "ssh_passphrase": "y", "python_path": "/bin"},
            ],
        },
    ),
    (
        "trainingServicePlatform: pai\ntrial: {cpuNum: 1, memoryMB: 8, image: i}\npaiConfig: {userName: u, token: t}\n",
        {
            "platform": "openpai",
            "trial_cpu_number": 1,
            "trial_memory_size": 8,
            "docker_image": "i",
            "username": "u",
            "token": "t",
        },
    ),
    (
        "trainingServicePlatform: aml\ntrial: {image: i}\namlConfig: {subscriptionId: s, useActiveGpu: true}\n",
        {"platform": "aml", "docker_image": "i", "subscription_id": "s"},
    ),
    (
        KUBEFLOW,
        {
            "platform": "kubeflow",
            "operator": "o",
            "storage": {"storage_type": "nfs", "server": "s", "path": "p"},
            "worker": {
                "replicas": 1,
                "command": "c",
                "memory_size": 8,
                "docker_image": "i",
                "gpu_number": 0,
                "code_directory": ".",
            },
        },
    ),
    (
        CONTROLLER,
        {
            "platform": "frameworkcontroller",
            "task_roles": [
                {
                    "name": "w",
                    "task_number": 1,
                    "command": "c",
                    "framework_attempt_completion_policy": {"min_failed_task_count": 1, "min_succeed_task_count": 2},
                }
            ],
            "storage": {"storage_type": "azureStorage", "azure_account": "a", "key_vault_key": "k"},
        },
    ),
]


@pytest.fixture
def old(folder: Path) -> Path:
    """A file of the first schema in the code directory."""
    (folder / "space.json").write_text('{"x": {"_type": "uniform", "_value": [0, 1]}}')
    (folder / "mine.py").write_text("from nni.assessor import Assessor\n\n\nclass Mine(Assessor):\n    pass\n")
    path = folder / "old.yml"
    path.write_text(LOCAL)
    return path


def test_every_key_is_converted(old: Path) -> None:
    """The text is the whole experiment in the second schema, keys in the order of the documentation."""
    text = converted_text(old)
    assert yaml.safe_load(text or "") == SECOND
    assert list(yaml.safe_load(text or "")) == list(SECOND)


def test_converted_text_is_the_same_experiment(old: Path, bench: Any) -> None:
    """Copied into a file beside the old one, it loads to the same config, and without a word about the first schema."""
    first = bench.load(LOCAL)
    second = bench.load(converted_text(old) or "")
    assert second.config == first.config
    assert {problem.code for problem in first.warnings} - {problem.code for problem in second.warnings} == {
        "NNI229",
        "NNI230",
    }


def test_file_of_the_second_schema_is_not_converted(folder: Path, tutorial: str) -> None:
    """There is nothing to show."""
    path = folder / "config.yaml"
    path.write_text(tutorial)
    assert converted_text(path) is None


def test_converted_text_names_what_it_cannot_convert(old: Path) -> None:
    """A text with something missing would be taken for the whole."""
    old.write_text(f"{LOCAL}nonsense: 1\n")
    with pytest.raises(ConfigError, match=r"old\.yml:32:1: error\[NNI231\]: 'nonsense' cannot be converted"):
        converted_text(old)


def test_warning_shows_the_second_schema(old: Path, bench: Any) -> None:
    """What to write instead is printed whole, ready to be copied."""
    [warning] = [problem for problem in bench.load(LOCAL).warnings if problem.code == "NNI229"]
    assert warning.help.endswith(converted_text(old) or "")
    assert not warning.fatal


def test_advisor_becomes_the_tuner(old: Path) -> None:
    """The second schema knows advisors by that name only for old files."""
    section = "advisor:\n  codeDir: src\n  classFileName: mine.py\n  className: Mine\n"
    start, end = LOCAL.index("tuner:\n"), LOCAL.index("assessor:\n")
    old.write_text(LOCAL[:start] + section + LOCAL[end:])
    converted = yaml.safe_load(converted_text(old) or "")
    assert converted["tuner"] == {"class_name": "mine.Mine", "code_directory": "src"}
    assert "advisor" not in converted


@pytest.mark.parametrize(("text", "service"), CLUSTERS, ids=[service["platform"] for _, service in CLUSTERS])
def test_platforms_of_the_first_schema_are_converted(text: str, service: Any) -> None:
    """A plugin that serves one of them gets the keys that NNI's second schema has."""
    conversion = convert(parse(decode(text.encode(), file="old.yml")))
    assert [problem.render() for problem in conversion.problems if problem.fatal] == []
    assert conversion.document.data["training_service"] == service


def test_data_in_memory_is_converted_too(old: Path, lookup: Any) -> None:
    """The Python interface and the HTTP interface take the same configs, without places."""
    loaded = load_config_data(yaml.safe_load(LOCAL), old.parent, lookup)
    assert loaded.config.trial_concurrency == 3
    assert all(problem.location is None for problem in loaded.warnings)


def test_conversion_leaves_its_input_alone(old: Path) -> None:
    """What was read is still there."""
    document = parse(decode(LOCAL.encode(), file="old.yml"))
    before = copy.deepcopy(document.data)
    convert(document)
    assert document.data == before


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40) | st.sampled_from(
    ["yes", "1e-4", "010", "0o7", "null", "~", "12:30", "- a", "a: b", "#", "", " x ", "9" * 400, "1e999", "a\nb\n"]
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words.filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.dictionaries(st.text("abc_", min_size=1), plain, min_size=1, max_size=4))
def test_written_yaml_reads_back_as_it_was(data: dict[str, Any]) -> None:
    """Types included: text that looks like a number stays text."""
    again = parse(decode(yaml_of(data).encode(), file="c.yaml")).data
    assert again == data
    assert repr(again) == repr(data)
