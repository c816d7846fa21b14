"""Names: what they mean, and what a user is told when they mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nni_core.api import TunerSpec, WebAppSpec
from nni_core.errors import PluginError
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry, PluginStatus

Install = Callable[..., str]

MY_TUNER = """
from attrs import frozen
from nni_core.api import Tuner, TunerSpec
from nni_core.hookspecs import hookimpl

class Mine(Tuner):
    def update_search_space(self, search_space): ...
    def generate_parameters(self, parameter_id, **kwargs): return {}

@hookimpl
def nni_tuners():
    return [TunerSpec(name="Mine", summary="made for a test", implementation="my_plugin:Mine")]
"""


def complaint(kind: PluginKind, name: str, **options: object) -> str:
    """What a user is told who asks a fresh registry for a name that does not work."""
    with pytest.raises(PluginError) as caught:
        PluginRegistry.discover(**options).resolve(kind, name)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize("name", ["Acme", "ACME", "acme", "Other", "other", "acme-tuner:Acme", "Acme_Tuner:OTHER"])
def test_names_and_aliases_in_any_case(install_tuner: Install, name: str) -> None:
    """With the distribution before them or without."""
    install_tuner("acme-tuner", "Acme", aliases=("Other",))
    assert PluginRegistry.discover().resolve(PluginKind.TUNER, name).name == "Acme"


def test_a_name_claimed_twice_is_an_error_of_who_asks(install_tuner: Install) -> None:
    """Both distributions are named, with what to write; each can be picked, and other names are not disturbed."""
    install_tuner("one", "Same", version="1.1")
    install_tuner("two", "SAME", version="2.2", aliases=("Free",))
    told = complaint(PluginKind.TUNER, "same")
    assert told == (
        "error[NNI417]: tuner 'same' is offered more than once: by one 1.1 (entry point it = one_plugin) "
        "and two 2.2 (entry point it = two_plugin)\n"
        "    help: write one:same or two:same, or uninstall one of them"
    )
    registry = PluginRegistry.discover()
    assert registry.resolve(PluginKind.TUNER, "one:same").name == "Same"
    assert registry.resolve(PluginKind.TUNER, "two:same").name == "SAME"
    assert registry.resolve(PluginKind.TUNER, "free").name == "SAME"


def test_a_clash_is_listed_with_the_other_side(install_tuner: Install) -> None:
    """Both sides are shown; neither is used unasked."""
    install_tuner("one", "Same", version="1.1")
    install_tuner("two", "Same", version="2.2")
    registry = PluginRegistry.discover()
    clashes = {entry.distribution: entry for entry in registry.listing() if entry.status is PluginStatus.CLASH}
    assert clashes["one"].reason == "'same' is also claimed by two 2.2"
    assert clashes["two"].reason == "'same' is also claimed by one 1.1"
    assert {"one:Same", "two:Same"} <= set(registry.names(PluginKind.TUNER))
    assert "Same" not in {spec.name for spec in registry.specs(PluginKind.TUNER)}


def test_our_own_names_have_no_privilege(install_tuner: Install) -> None:
    """Who else claims ``TPE`` makes it a clash, and can be picked."""
    install_tuner("acme-tuner", "TPE")
    told = complaint(PluginKind.TUNER, "TPE")
    assert "acme-tuner 1.0" in told
    assert "nni-tuner-tpe" in told
    assert PluginRegistry.discover().resolve(PluginKind.TUNER, "acme-tuner:tpe").summary == "made for a test"


def test_one_distribution_offering_a_name_twice_is_its_own_fault(install: Install) -> None:
    """The first offer works, the second is broken."""
    code = """
        from nni_core.api import TunerSpec
        from nni_core.hookspecs import hookimpl

        @hookimpl
        def nni_tuners():
            return [TunerSpec(name=name, summary=name, implementation="a.b:C") for name in ("Dup", "DUP")]
        """
    install("double", code)
    registry = PluginRegistry.discover()
    assert registry.resolve(PluginKind.TUNER, "dup").summary == "Dup"
    assert "the plugin offers 'dup' twice" in {entry.reason for entry in registry.listing(PluginKind.TUNER)}


def test_a_misspelt_name_gets_the_nearest(install_tuner: Install) -> None:
    """And the names that are installed."""
    install_tuner("acme-tuner", "Bayesian")
    told = complaint(PluginKind.TUNER, "Baysian")
    assert "error[NNI402]: no tuner 'Baysian' is offered by any installed plugin" in told
    assert "did you mean 'Bayesian'?" in told
    assert "installed: " in told


@pytest.mark.parametrize(
    ("kind", "name", "distribution"),
    [
        (PluginKind.TUNER, "tpe", "nni-tuner-tpe"),
        (PluginKind.TUNER, "SMAC", "nni-tuner-smac"),
        (PluginKind.TRAINING_SERVICE, "local", "nni-service-local"),
        (PluginKind.METRIC_SINK, "jsonl", "nni-sink-jsonl"),
        (PluginKind.WEB_APP, "portal", "nni-web-portal"),
    ],
)
def test_our_own_distributions_are_known(kind: PluginKind, name: str, distribution: str) -> None:
    """An empty registry, as in an environment with nni-core alone, knows what to install."""
    with pytest.raises(PluginError, match=f"run: pip install {distribution}$"):
        PluginRegistry().resolve(kind, name)


def test_without_any_plugin_of_a_kind_one_is_proposed() -> None:
    """Even when the name is nobody's."""
    with pytest.raises(PluginError, match="no tuner is installed; run: pip install nni-tuner-tpe") as caught:
        PluginRegistry().resolve(PluginKind.TUNER, "DNGO")
    assert caught.value.problems[0].code == "NNI403"


def test_a_wrong_distribution_is_told() -> None:
    """``dist:name`` means that distribution alone."""
    assert "no tuner 'TPE' is offered by distribution 'elsewhere'" in complaint(PluginKind.TUNER, "elsewhere:TPE")


def test_who_asks_for_a_broken_plugin_gets_its_reason(install: Install) -> None:
    """By the name of its entry point or its distribution, which is all that is known of it."""
    install("acme", "import no_such_module_anywhere", name="Fancy")
    for name in ("fancy", "acme:anything"):
        told = complaint(PluginKind.TUNER, name)
        assert "cannot be used: plugin 'Fancy = acme_plugin' of acme 1.0 cannot be imported: " in told
        assert "No module named 'no_such_module_anywhere'" in told


def test_a_broken_spec_gives_its_reason_by_name(install: Install) -> None:
    """The name can be read, so it is enough."""
    code = """
        from nni_core.api import TunerSpec
        from nni_core.hookspecs import hookimpl

        @hookimpl
        def nni_tuners():
            return [TunerSpec(name="Half", summary="s", implementation="half.Tuner")]
        """
    install("half", code)
    assert "is broken: implementation must be written 'package.module:attribute'" in complaint(PluginKind.TUNER, "half")


def test_broken_plugins_are_mentioned_to_who_finds_nothing(install: Install) -> None:
    """What is missing may be in them."""
    install("acme", "raise RuntimeError")
    assert "broken plugins: acme 1.0" in complaint(PluginKind.TUNER, "NoSuchTuner")


def test_a_disabled_plugin_says_so(install_tuner: Install) -> None:
    """To who asks for it by distribution."""
    install_tuner("acme", "Acme")
    assert "is switched off" in complaint(PluginKind.TUNER, "acme:Acme", disabled=["acme"])


def test_listing_by_kind_keeps_what_may_be_of_that_kind(install: Install, install_tuner: Install) -> None:
    """Other kinds are left out, broken plugins of no known kind are not."""
    install("acme", "raise RuntimeError")
    install_tuner("sound", "Sound")
    listed = {entry.distribution for entry in PluginRegistry.discover().listing(PluginKind.ASSESSOR)}
    assert "acme" in listed
    assert "sound" not in listed


def test_a_plugin_file_offers_by_name(tmp_path: Path, site: Path) -> None:
    """And may name itself by its stem; a second time changes nothing."""
    (tmp_path / "my_plugin.py").write_text(MY_TUNER)
    registry = PluginRegistry()
    registry.load_file(tmp_path / "my_plugin.py")
    registry.load_file(str(tmp_path / "my_plugin.py"))
    spec = registry.resolve(PluginKind.TUNER, "mine")
    assert registry.implementation(spec).__name__ == "Mine"
    [entry] = registry.listing()
    assert (entry.distribution, entry.value) == ("file", str(tmp_path / "my_plugin.py"))


def test_a_plugin_file_can_import_its_neighbours(tmp_path: Path, site: Path) -> None:
    """They lie where the research lies."""
    (tmp_path / "neighbour_of_mine.py").write_text("NAME = 'Mine'")
    code = MY_TUNER.replace('"Mine"', "neighbour_of_mine.NAME")
    (tmp_path / "my_plugin.py").write_text(f"import neighbour_of_mine\n{code}")
    registry = PluginRegistry()
    registry.load_file(tmp_path / "my_plugin.py")
    assert registry.names(PluginKind.TUNER) == ["Mine"]


def test_files_of_one_name_are_two_plugins(tmp_path: Path, site: Path) -> None:
    """Each has a module of its own; their names may clash."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "my_plugin.py").write_text(MY_TUNER)
    registry = PluginRegistry()
    registry.load_file(tmp_path / "a" / "my_plugin.py")
    registry.load_file(tmp_path / "b" / "my_plugin.py")
    with pytest.raises(PluginError, match="tuner 'Mine' is offered more than once: by file"):
        registry.resolve(PluginKind.TUNER, "Mine")


FILES = {
    "absent": ("absent.py", None, "plugin file '.*absent.py' does not exist"),
    "not python": ("plugin.yaml", "", "is not a Python file"),
    "too long": ("a" * 5000, None, "plugin file '.*' cannot be read: File name too long"),
    "raises what cannot be shown": (
        "mute.py",
        "class Mute(Exception):\n    def __str__(self): return 1 / 0\nraise Mute",
        "Mute: its message cannot be shown, for that raises ZeroDivisionError",
    ),
    "raises": ("raising.py", "\n1 / 0", "raising.py:2: ZeroDivisionError"),
    "unknown hook": (
        "odd.py",
        "from nni_core.hookspecs import hookimpl\n@hookimpl\ndef nni_assessor(): ...",
        "'nni_assessor', which is no hook of nni-core\n    help: did you mean 'nni_assessors'?",
    ),
    "bad spec": ("bad.py", MY_TUNER.replace("my_plugin:Mine", "Mine"), "implementation must be written"),
}


@pytest.mark.parametrize(("name", "code", "reason"), FILES.values(), ids=FILES)
def test_a_broken_plugin_file_is_refused(tmp_path: Path, site: Path, name: str, code: str | None, reason: str) -> None:
    """At once: the config asked for it."""
    if code is not None:
        (tmp_path / name).write_text(code)
    registry = PluginRegistry()
    with pytest.raises(PluginError, match=reason):
        registry.load_file(tmp_path / name)
    assert registry.listing() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(name=st.text(max_size=40))
def test_any_name_is_a_spec_or_a_plugin_error(name: str) -> None:
    """Whatever a config holds: never another exception, and always something to do about it."""
    registry = PluginRegistry()
    for kind in PluginKind:
        with pytest.raises(PluginError) as caught:
            registry.resolve(kind, name)
        assert caught.value.problems[0].help


def test_a_callable_implementation_is_itself(site: Path) -> None:
    """Web apps may give a factory instead of a dotted path."""

    def factory() -> None: ...

    spec = WebAppSpec(name="mine", summary="made for a test", mount="/mine", implementation=factory)
    assert PluginRegistry().implementation(spec) is factory


def test_two_web_apps_cannot_have_one_path(install: Install) -> None:
    """Under two names, too: neither is mounted unasked."""
    code = """
        from nni_core.api import WebAppSpec
        from nni_core.hookspecs import hookimpl

        @hookimpl
        def nni_web_apps():
            return [WebAppSpec(name="{module}", summary="s", mount="/here", implementation=lambda: None)]
        """
    install("one", code)
    install("two", code)
    registry = PluginRegistry.discover()
    reasons = {entry.reason for entry in registry.listing(PluginKind.WEB_APP)}
    assert "'/here' is also claimed by two 1.0" in reasons
    assert "/here" not in {spec.mount for spec in registry.specs(PluginKind.WEB_APP) if isinstance(spec, WebAppSpec)}


def test_specs_are_what_can_be_used(install_tuner: Install) -> None:
    """In order of names."""
    install_tuner("b", "Beta")
    install_tuner("a", "Alpha")
    specs = [spec for spec in PluginRegistry.discover().specs(PluginKind.TUNER) if isinstance(spec, TunerSpec)]
    assert [spec.name for spec in specs if spec.summary == "made for a test"] == ["Alpha", "Beta"]


BY_PATH = """
from attrs import frozen
from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

@frozen(kw_only=True)
class Arguments:
    pace: int = 3

class Plain: ...

@hookimpl
def nni_tuners():
    return [TunerSpec(name="Late", summary="s", implementation="{module}:Plain", arguments="{module}:%s")]
"""


def test_the_class_of_arguments_may_be_named_by_its_path(install: Install) -> None:
    """It is imported when somebody asks for the tuner, once."""
    install("late", BY_PATH % "Arguments")
    registry = PluginRegistry.discover()
    found = registry.resolve(PluginKind.TUNER, "late")
    assert isinstance(found, TunerSpec)
    assert found.arguments(pace=4).pace == 4
    assert registry.resolve(PluginKind.TUNER, "LATE") is found
    assert found in registry.specs(PluginKind.TUNER)


@pytest.mark.parametrize(
    ("path", "told"), [("Plain", "are no attrs class"), ("Missing", "has no 'Missing'")], ids=["no-attrs", "missing"]
)
def test_arguments_that_are_not_there_are_told_to_who_asks(path: str, told: str, install: Install) -> None:
    """Others are not disturbed."""
    install("late", BY_PATH % path)
    assert told in complaint(PluginKind.TUNER, "Late")
    assert "Late" not in [spec.name for spec in PluginRegistry.discover().specs(PluginKind.TUNER)]
