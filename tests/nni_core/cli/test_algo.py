"""``nnictl algo`` and ``trainingservice``: what a user registers is a plugin from then on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nni_core.cli.main import run
from nni_core.config.load import load_config_data
from nni_core.errors import ConfigError
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import discover_plugins

CODE = """
from nni import ClassArgsValidator
from nni.assessor import Assessor
from nni.tuner import Tuner

class Mine(Tuner):
    '''Suggests what it was told. And more.'''
    def __init__(self, start, seed=None, modes=("a",), step=0.5):
        self.built = (start, seed, modes, step)
    def update_search_space(self, search_space): pass
    def generate_parameters(self, parameter_id, **_): return {}

class Judge(Assessor):
    def __init__(self, **others): self.others = others
    def assess_trial(self, trial_job_id, trial_history): return True

class Checks(ClassArgsValidator):
    def validate_class_args(self, **arguments):
        if arguments["start"] > 5: raise AssertionError("start must be at most 5")

class Stranger: pass
"""

#: runs nnictl and answers with its exit code, output and complaints
Nnictl = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nnictl(home: Path, capsys: pytest.CaptureFixture[str]) -> Nnictl:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Path]:
    """A folder with a module that nothing else can import; it is forgotten after the test."""
    directory = tmp_path / "code"
    directory.mkdir()
    (directory / "their_algorithms.py").write_text(CODE)
    path, modules = list(sys.path), set(sys.modules)
    yield directory
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def meta(folder: Path, **changes: Any) -> str:
    """A meta file as NNI has them."""
    content = {"algoType": "tuner", "builtinName": "Mine", "className": "their_algorithms.Mine", **changes}
    path = folder / "meta.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_a_registered_tuner_is_one_of_the_plugins(nnictl: Nnictl, code: Path) -> None:
    """In NNI's list, in that of plugins, and by name; a second time updates it."""
    path = meta(code, alias="M")
    assert nnictl("algo", "register", "-m", path) == (0, "Mine registered successfully!\n", "")
    assert ["Mine", "tuner", "registered", "Mine", "their_algorithms"] in [
        line.split() for line in nnictl("algo", "list")[1].splitlines()
    ]
    assert "Mine\ttuner\tregistered\t-\tok\tSuggests what it was told. And more" in nnictl("plugins", "list")[1]
    assert json.loads(nnictl("algo", "show", "m")[1])["className"] == "their_algorithms.Mine"
    assert nnictl("algo", "reg", "--meta_path", path)[1].startswith("Updating existing algorithm")
    assert len([name for name in discover_plugins().names(PluginKind.TUNER) if name == "Mine"]) == 1


def test_unregistered_it_is_gone(nnictl: Nnictl, code: Path) -> None:
    """Its code stays."""
    nnictl("algo", "register", "-m", meta(code))
    assert nnictl("algo", "unregister", "mine") == (0, "Mine unregistered successfully!\n", "")
    assert "Mine" not in discover_plugins().names(PluginKind.TUNER)
    assert (code / "their_algorithms.py").exists()


def test_it_is_built_with_what_the_user_wrote(nnictl: Nnictl, code: Path) -> None:
    """A default that no file can hold stays the class's own."""
    nnictl("algo", "register", "-m", meta(code, classArgs={"step": 0.25}))
    registry = discover_plugins()
    built = registry.build_algorithm(PluginKind.TUNER, name="mine", class_args={"start": 3})
    assert built.built == (3, None, ("a",), 0.25)


CONFIG = {
    "search_space": {"x": {"_type": "uniform", "_value": [0, 1]}},
    "trial_command": "true",
    "trial_concurrency": 1,
    "training_service": {"platform": "local"},
}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "start"),
        ({"strat": 1}, "did you mean 'start'"),
        ({"start": 9}, "start must be at most 5"),
        ({"start": 3}, None),
    ],
    ids=str,
)
def test_arguments_are_checked_before_anything_starts(
    nnictl: Nnictl, code: Path, arguments: dict[str, int], told: str | None
) -> None:
    """By the constructor's names, and by the algorithm's own validator."""
    nnictl("algo", "register", "-m", meta(code, classArgsValidator="their_algorithms.Checks"))
    config = {**CONFIG, "tuner": {"name": "Mine", "class_args": arguments}}
    if told is None:
        load_config_data(config, code, discover_plugins())
    else:
        with pytest.raises(ConfigError, match=told):
            load_config_data(config, code, discover_plugins())


def test_several_can_be_in_one_file(nnictl: Nnictl, code: Path) -> None:
    """A class that takes anything is told to have only its named arguments."""
    tuner = {"algoType": "tuner", "builtinName": "One", "className": "their_algorithms.Mine"}
    assessor = {"algoType": "assessor", "builtinName": "Two", "className": "their_algorithms.Judge"}
    path = code / "meta.yml"
    path.write_text(json.dumps({"algorithms": [tuner, assessor]}))
    done, shown, told = nnictl("algo", "register", "-m", str(path))
    assert (done, shown) == (0, "One registered successfully!\nTwo registered successfully!\n")
    assert "takes arguments that it does not name" in told
    assert "Two" in discover_plugins().names(PluginKind.ASSESSOR)


BAD = {
    "no such class": ({"className": "their_algorithms.Mien"}, "NNI408"),
    "no such module": ({"className": "nowhere_at_all.Mine"}, "NNI407"),
    "no tuner": ({"className": "their_algorithms.Stranger"}, "NNI409"),
    "another kind": ({"className": "their_algorithms.Judge"}, "NNI409"),
    "a name that is taken": ({"builtinName": "tpe"}, "comes with the distribution nni-tuner-tpe"),
    "an alias that is taken": ({"alias": "TPE"}, "comes with the distribution nni-tuner-tpe"),
    "no name": ({"builtinName": "two words"}, "is not a name"),
    "an unknown kind": ({"algoType": "tunr"}, "write tuner"),
    "an unknown key": ({"clasName": "x"}, "did you mean"),
    "no validator": ({"classArgsValidator": "their_algorithms.Stranger"}, "validate_class_args"),
    "arguments it does not take": ({"classArgs": {"stride": 1}}, "does not take"),
    "arguments and none": ({"classArgs": {"step": 1}, "acceptClassArgs": False}, "acceptClassArgs is false"),
}


@pytest.mark.parametrize(("changes", "told"), BAD.values(), ids=BAD)
def test_what_cannot_work_is_not_registered(nnictl: Nnictl, code: Path, changes: dict[str, Any], told: str) -> None:
    """Exit code 2, the reason and no traceback; nothing is kept of it."""
    done, _, complaint = nnictl("algo", "register", "-m", meta(code, **changes))
    assert done == 2
    assert told in complaint
    assert "registered" not in nnictl("plugins", "list")[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["algo", "unregister", "TPE"], "pip uninstall nni-tuner-tpe"),
        (["algo", "unregister", "Mien"], "no algorithm 'Mien' is registered"),
        (["algo", "show", "TEP"], "did you mean 'TPE'"),
        (["algo", "register", "-m", "nowhere.yml"], "there is no meta file"),
        (["trainingservice", "register", "--package", "json"], "has no hook nni_training_services"),
        (["trainingservice", "register", "--package", "no_such_module"], "cannot be imported"),
        (["trainingservice", "unregister", "--package", "json"], "is registered"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_named(nnictl: Nnictl, arguments: list[str], told: str) -> None:
    """And end with 2."""
    done, _, complaint = nnictl(*arguments)
    assert done == 2
    assert told in complaint


def test_one_whose_code_is_gone_is_listed_with_the_reason(nnictl: Nnictl, code: Path) -> None:
    """It troubles nobody who does not ask for it, and can be taken back."""
    nnictl("algo", "register", "-m", meta(code))
    (code / "their_algorithms.py").unlink()
    sys.modules.pop("their_algorithms")
    sys.path_importer_cache.clear()
    assert "there is no module 'their_algorithms'" in nnictl("plugins", "list")[1]
    assert "broken: Mine" in nnictl("algo", "list")[2]
    assert nnictl("algo", "unregister", "Mine")[0] == 0


@pytest.mark.parametrize("content", ["", "[]", '{"algorithms": [1], "modules": []}'])
def test_a_damaged_file_breaks_no_plugin(nnictl: Nnictl, home: Path, content: str) -> None:
    """It is listed as broken, and says where it is."""
    path = home / ".config" / "nni" / "registered.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    shown = nnictl("plugins", "list")[1]
    assert f"'{path}', which keeps what was registered, cannot be read" in shown
    assert "TPE\ttuner" in shown


def test_the_folder_can_be_named(nnictl: Nnictl, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By NNI's variable."""
    monkeypatch.setenv("NNI_CONFIG_DIR", str(tmp_path / "elsewhere"))
    nnictl("algo", "register", "-m", meta(code))
    assert (tmp_path / "elsewhere" / "registered.json").exists()


SERVICE = """
from nni_core.api import TrainingServiceSpec
from nni_core.hookspecs import hookimpl

@hookimpl
def nni_training_services():
    return [TrainingServiceSpec(name="moon", summary="runs trials on the moon", implementation="moon_service:Moon")]
"""


def test_a_package_with_a_training_service_is_registered(
    nnictl: Nnictl, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the hook, and needs no entry point."""
    (code / "moon_service.py").write_text(SERVICE)
    monkeypatch.syspath_prepend(str(code))
    assert nnictl("trainingservice", "register", "--package", "moon_service")[0] == 0
    assert "moon" in nnictl("trainingservice", "list")[1]
    assert nnictl("trainingservice", "unregister", "--package", "moon_service")[0] == 0
    assert "moon" not in nnictl("trainingservice", "list")[1]
