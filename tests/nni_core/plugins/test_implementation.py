"""Importing what a spec or a config points to, and building it: errors are told by the author's own line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from nni_core.api import Assessor, Tuner
from nni_core.errors import PluginError
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry, custom_class, load_implementation

MINE = """
from nni_core.api import Assessor, Tuner

class MyTuner(Tuner):
    def __init__(self, depth=3, **rest):
        if depth < 0:
            raise ValueError("depth is negative")
        self.depth, self.rest = depth, rest
    def update_search_space(self, search_space): ...
    def generate_parameters(self, parameter_id, **kwargs): return {}

class Strict(MyTuner):
    def __init__(self, depth): super().__init__(depth)

class Unfinished(Tuner):
    def update_search_space(self, search_space): ...

class MyAssessor(Assessor):
    def assess_trial(self, trial_job_id, trial_history): return True

class Nothing: ...
NUMBER = 3
"""


@pytest.fixture
def code(site: Path, tmp_path: Path) -> Path:
    """A code directory with ``mine.py``, forgotten after the test."""
    directory = tmp_path / "code"
    directory.mkdir()
    (directory / "mine.py").write_text(MINE)
    return directory


def told(call: Callable[[], Any]) -> str:
    """The one problem of a call that fails, as shown to a user."""
    with pytest.raises(PluginError) as caught:
        call()
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_a_class_of_the_users_own(code: Path) -> None:
    """A tuner or an assessor, from a directory that was on no path before."""
    assert issubclass(custom_class("mine.MyTuner", code), Tuner)
    assert issubclass(custom_class("mine.MyAssessor", code, kind=PluginKind.ASSESSOR), Assessor)


def test_a_class_in_a_package(code: Path) -> None:
    """With as many dots as it takes."""
    (code / "deep" / "er").mkdir(parents=True)
    (code / "deep" / "er" / "est.py").write_text(MINE)
    assert custom_class("deep.er.est.MyTuner", code).__module__ == "deep.er.est"


def test_a_class_of_the_installed_environment(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a code directory the path is as it is."""
    monkeypatch.syspath_prepend(str(code))
    assert custom_class("mine.MyTuner").__name__ == "MyTuner"


CUSTOM = {
    "no module": ("MyTuner", "NNI405", "for a class in my_module.py write my_module.MyTuner"),
    "no name": ("mine.", "NNI405", "my_module.MyTuner"),
    "a path": ("./mine.py:MyTuner", "NNI405", "does not name a module"),
    "absent module": ("miine.MyTuner", "NNI407", "there is no module 'miine'\n    help: modules in .*: mine"),
    "absent class": ("mine.MyTunner", "NNI408", "has no 'MyTunner'\n    help: did you mean 'MyTuner'?"),
    "far class": ("mine.Zebra", "NNI408", "it has the classes Assessor, MyAssessor, MyTuner"),
    "no tuner": (
        "mine.Nothing",
        "NNI409",
        "does not subclass nni_core.api.Tuner\n    help: write: class Nothing(nni.tuner",
    ),
    "other kind": ("mine.MyAssessor", "NNI409", "does not subclass nni_core.api.Tuner"),
    "no class": ("mine.NUMBER", "NNI409", "is not a class but a int"),
    "unfinished": ("mine.Unfinished", "NNI409", "does not define generate_parameters"),
}


@pytest.mark.parametrize(("class_name", "expected_code", "text"), CUSTOM.values(), ids=CUSTOM)
def test_a_wrong_class_name_says_what_to_write(code: Path, class_name: str, expected_code: str, text: str) -> None:
    """The nearest name, the names there are, or what is missing."""
    message = told(lambda: custom_class(class_name, code, kind=PluginKind.TUNER))
    assert expected_code in message
    assert all(part in message for part in text.split(".*"))


def test_a_missing_code_directory_is_named(tmp_path: Path, site: Path) -> None:
    """Absent, or not a directory."""
    (tmp_path / "file").touch()
    assert "code_directory '/no/where' does not exist" in told(lambda: custom_class("mine.A", Path("/no/where")))
    assert "is not a directory" in told(lambda: custom_class("mine.A", tmp_path / "file"))


FAILING = {
    "syntax": ("x = 1\nclass A(:\n", "mine.py:2: SyntaxError: "),
    "import": ("\n\nimport no_such_module_anywhere\n", "mine.py:3: ModuleNotFoundError: No module named"),
    "from a library": ("import json\n\njson.loads('{')\n", "mine.py:3: JSONDecodeError: "),
    "in a function": ("def f():\n    return 1 / 0\n\nf()\n", "mine.py:2: ZeroDivisionError: division by zero"),
    "exit": ("import sys\nsys.exit('enough')\n", "mine.py:2: SystemExit: enough (at: sys.exit('enough'))"),
}


@pytest.mark.parametrize(("text", "blame"), FAILING.values(), ids=FAILING)
def test_a_failing_module_is_blamed_by_its_own_line(code: Path, text: str, blame: str) -> None:
    """Not by a line of the library that it called, nor of the importing machinery."""
    (code / "mine.py").write_text(text)
    message = told(lambda: custom_class("mine.MyTuner", code))
    assert f"class_name 'mine.MyTuner' cannot be imported: {code}/{blame}" in message


def test_a_module_named_like_one_of_pythons_is_refused(code: Path) -> None:
    """Python would import its own, and the user would look for a class that is there."""
    (code / "random.py").write_text(MINE)
    message = told(lambda: custom_class("random.MyTuner", code))
    assert "'random' is already the name of another module" in message
    assert "rename 'random.py'" in message


def test_a_dotted_path_is_imported(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Down to attributes of attributes."""
    monkeypatch.syspath_prepend(str(code))
    assert load_implementation("mine:MyTuner.generate_parameters").__name__ == "generate_parameters"


def test_a_wrong_dotted_path_is_told(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nearest attribute, or the module that is missing."""
    monkeypatch.syspath_prepend(str(code))
    assert "did you mean 'MyTuner'?" in told(lambda: load_implementation("mine:MyTuna"))
    assert "there is no module 'mine.deep'" in told(lambda: load_implementation("mine.deep:MyTuner"))


PLUGIN = """
    from attrs import field, frozen
    from attrs.validators import ge
    from nni_core.api import TunerSpec
    from nni_core.hookspecs import hookimpl

    @frozen(kw_only=True)
    class Arguments:
        depth: int = field(default=7, validator=ge(-9))

    @hookimpl
    def nni_tuners():
        named = dict(summary="made for a test", arguments=Arguments)
        return [
            TunerSpec(name="Good", implementation="mine:MyTuner", **named),
            TunerSpec(name="Wrong", implementation="mine:Nothing", summary="made for a test"),
        ]
    """


@pytest.fixture
def registry(code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginRegistry:
    """A registry with one plugin that points to ``mine.py``."""
    monkeypatch.syspath_prepend(str(code))
    (tmp_path / "pointing.py").write_text(dedent(PLUGIN))
    registry = PluginRegistry()
    registry.load_file(tmp_path / "pointing.py")
    return registry


def test_a_registered_tuner_gets_the_fields_of_its_arguments(registry: PluginRegistry) -> None:
    """Defaults included."""
    assert registry.build_algorithm(PluginKind.TUNER, name="good", class_args={}).depth == 7
    assert registry.build_algorithm(PluginKind.TUNER, name="good", class_args={"depth": 2}).depth == 2


def test_a_class_of_the_users_own_gets_what_is_written(registry: PluginRegistry, code: Path) -> None:
    """Word for word, as NNI does."""
    built = registry.build_algorithm(
        PluginKind.TUNER, class_name="mine.MyTuner", code_directory=str(code), class_args={"depth": 1, "odd": [2]}
    )
    assert (built.depth, built.rest) == (1, {"odd": [2]})


BUILDS = {
    "raises": ({"name": "good", "class_args": {"depth": -1}}, "NNI415", "/mine.py:7: ValueError: depth is negative"),
    "unknown": ({"name": "good", "class_args": {"dept": 1}}, "NNI410", "dept"),
    "invalid": ({"name": "good", "class_args": {"depth": -10}}, "NNI410", "'depth' must be >= -9"),
    "takes none": ({"name": "wrong", "class_args": {"a": 1}}, "NNI410", "it takes no arguments, got a"),
    "no tuner": (
        {"name": "wrong", "class_args": {}},
        "NNI409",
        "is a Nothing, which does not subclass nni_core.api.Tuner",
    ),
    "missing": ({"class_name": "mine.Strict", "class_args": {}}, "NNI410", "missing a required argument: 'depth'"),
    "misspelt": ({"class_name": "mine.Strict", "class_args": {"dept": 1}}, "NNI410", "called as Strict(depth)"),
}


@pytest.mark.parametrize(("how", "expected_code", "text"), BUILDS.values(), ids=BUILDS)
def test_what_cannot_be_built_is_told(registry: PluginRegistry, how: Any, expected_code: str, text: str) -> None:
    """With the signature, or the author's line."""
    message = told(lambda: registry.build_algorithm(PluginKind.TUNER, **how))
    assert expected_code in message
    assert text in message
