"""The tutorial's config, as it is printed, and the other ways of writing it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nni_core.config import load_config, load_config_data
from nni_core.errors import ConfigError


def test_tutorial_config_is_read_as_printed(bench: Any, tutorial: str, folder: Path, home: Path) -> None:
    """Every value arrives, and every default is filled in."""
    loaded = bench.load(tutorial)
    config = loaded.config
    assert config.trial_command == "python model.py"
    assert config.trial_code_directory == folder
    assert (config.trial_concurrency, config.max_trial_number) == (2, 10)
    assert config.search_space["lr"] == {"_type": "loguniform", "_value": [0.0001, 0.1]}
    assert (config.tuner.name, config.tuner.class_args) == ("TPE", {"optimize_mode": "maximize"})
    assert config.tuner.arguments.optimize_mode == "maximize"
    assert config.experiment_working_directory == home / "nni-experiments"
    assert loaded.source == tutorial
    assert loaded.warnings == ()


def test_canonical_form_is_that_of_nni(bench: Any, tutorial: str, folder: Path, home: Path) -> None:
    """The keys and their order are those that NNI keeps; what is not set is left out."""
    canonical = bench.load(tutorial).canonical()
    assert list(canonical) == [
        *("experimentType", "searchSpace", "trialCommand", "trialCodeDirectory", "trialConcurrency", "maxTrialNumber"),
        *("useAnnotation", "debug", "logLevel", "experimentWorkingDirectory", "tuner", "trainingService"),
    ]
    assert canonical["tuner"] == {"name": "TPE", "classArgs": {"optimize_mode": "maximize"}}
    service = canonical["trainingService"]
    assert service["platform"] == "local"
    assert service["trialCodeDirectory"] == canonical["trialCodeDirectory"] == str(folder)
    assert json.loads(json.dumps(canonical, allow_nan=False)) == canonical


def test_camel_case_and_json_mean_the_same(bench: Any, tutorial: str) -> None:
    """Keys in camelCase, and the canonical form as a JSON file, give the same config."""
    camel = re.sub(
        r"(?m)^( *[a-z]\w*)(?=:)", lambda key: re.sub(r"_(.)", lambda letter: letter[1].upper(), key[1]), tutorial
    )
    camel = camel.replace("optimizeMode", "optimize_mode")
    assert "trialCodeDirectory: ." in camel
    loaded = bench.load(tutorial)
    assert bench.load(camel).config == loaded.config
    assert bench.load(json.dumps(loaded.canonical(), indent=1), "config.json").config == loaded.config


def test_paths_are_relative_to_the_config_file(bench: Any, tutorial: str, folder: Path, home: Path) -> None:
    """B41: not to where the user stands; ``~`` is the home directory."""
    (folder / "src").mkdir()
    text = tutorial.replace("directory: .", "directory: ./src") + "experiment_working_directory: ~/runs\n"
    config = bench.load(text).config
    assert config.trial_code_directory == folder / "src"
    assert config.experiment_working_directory == home / "runs"


@pytest.mark.parametrize("name", ["space.yaml", "space.json"])
def test_search_space_may_have_its_own_file(name: str, bench: Any, tutorial: str, folder: Path) -> None:
    """Its mistakes are placed in that file."""
    space = {"lr": {"_type": "uniform", "_value": [0, 1]}}
    (folder / name).write_text(json.dumps(space, indent=1))
    text = f"search_space_file: {name}\n" + tutorial[tutorial.index("trial_command") :]
    loaded = bench.load(text)
    assert loaded.config.search_space == space
    assert loaded.canonical()["searchSpace"] == space
    (folder / name).write_text(json.dumps({"lr": {"_type": "unifrm", "_value": [0, 1]}}, indent=1))
    [problem] = bench.problems(text)
    assert (Path(problem.location.file).name, problem.location.line) == (name, 3)
    assert problem.key_path == ("search_space", "lr", "_type")


def test_trial_keys_may_stand_in_the_training_service(bench: Any, tutorial: str) -> None:
    """As in NNI; when they are given twice the inner one counts, and the user is told."""
    moved = tutorial.replace("trial_command: python model.py\n", "") + "  trial_command: python -c pass\n"
    assert bench.load(moved).config.trial_command == "python -c pass"
    loaded = bench.load(tutorial + "  trialGpuNumber: 1\n  trial_command: python -c pass\n")
    assert (loaded.config.trial_command, loaded.config.trial_gpu_number) == ("python -c pass", 1)
    assert "NNI227" in {warning.code for warning in loaded.warnings}


def test_advisor_is_an_old_name_of_tuner(bench: Any, tutorial: str) -> None:
    """Alone it is read as the tuner; beside it, it is refused."""
    assert bench.load(tutorial.replace("tuner:", "advisor:")).config.tuner.name == "TPE"
    [problem] = bench.problems(f"{tutorial}advisor: TPE\n")
    assert (problem.code, problem.location.line) == ("NNI204", 25)
    assert "(line 18)" in problem.message


def test_plugin_file_is_known_before_names_are_looked_up(bench: Any, tutorial: str, folder: Path) -> None:
    """A tuner in a file beside the config can be named in it."""
    (folder / "mine.py").touch()
    text = tutorial.replace("  name: TPE\n  class_args:\n    optimize_mode: maximize\n", "  name: mine\n")
    loaded = bench.load(f"plugins: [./mine.py]\n{text}")
    assert loaded.config.tuner.name == "mine"
    assert loaded.config.plugins == (folder / "mine.py",)


def test_own_class_needs_no_plugin(bench: Any, tutorial: str, folder: Path) -> None:
    """Its arguments are passed on as they are; its directory is that of the config unless it is given."""
    text = tutorial.replace("name: TPE", "class_name: mine.Tuner").replace(
        "optimize_mode: maximize", "any: [1, {a: b}]"
    )
    tuner = bench.load(text).config.tuner
    assert (tuner.class_name, tuner.code_directory, tuner.name) == ("mine.Tuner", folder, None)
    assert (tuner.class_args, tuner.arguments) == ({"any": [1, {"a": "b"}]}, None)


def test_distribution_in_front_of_a_name_is_kept(bench: Any, tutorial: str) -> None:
    """So that the canonical form means the same plugin again."""
    assert bench.load(tutorial.replace("name: TPE", "name: dist:tpe")).config.tuner.name == "dist:TPE"


def test_data_in_memory_gets_the_same_checks(folder: Path, lookup: Any) -> None:
    """Without places, and with paths and tuples allowed."""
    data = {
        "search_space": {"lr": {"_type": "uniform", "_value": (0, 1)}},
        "trial_command": "python model.py",
        "trial_code_directory": folder,
        "trial_concurrency": 2,
        "tuner": {"name": "TPE", "class_args": {"optimize_mode": "maximize"}},
        "training_service": {"platform": "local"},
    }
    assert load_config_data(data, Path("/"), lookup).config.trial_code_directory == folder
    with pytest.raises(ConfigError, match=r"NNI203.*'trial_concurrency' must be a whole number ≥ 1, got text '2'"):
        load_config_data({**data, "trial_concurrency": "2"}, folder, lookup)
    with pytest.raises(ConfigError, match=r"NNI209.*plain data, got an object of type object"):
        load_config_data({**data, "debug": object()}, folder, lookup)


def test_config_is_read_quickly(bench: Any, tutorial: str, folder: Path, lookup: Any) -> None:
    """Reading costs less than 30 ms of CPU time; the best of five counts, the machine may be busy."""
    bench.load(tutorial)

    def cost() -> float:
        before = time.process_time()
        load_config(folder / "config.yaml", lookup)
        return time.process_time() - before

    assert min(cost() for _ in range(5)) < 0.030


def test_importing_the_room_brings_nothing_heavy() -> None:
    """``nnictl`` checks a config before anything else is loaded."""
    code = "import sys, nni_core.config, nni_core.config.json_schema; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "starlette", "httpx", "click", "rich", "uvicorn", "asyncio"} & set(loaded)
