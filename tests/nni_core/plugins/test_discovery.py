"""Finding plugins: everything installed is listed, and nothing it does while that happens reaches us."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_core.api import TunerSpec
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginEntry, PluginRegistry, PluginStatus, archived_nni_problem, split_names
from nni_core.plugins.discovery import installed_sources

Install = Callable[..., str]
EntriesOf = Callable[[str], list[PluginEntry]]


def test_an_installed_plugin_is_listed(install_tuner: Install, entries_of: EntriesOf) -> None:
    """With everything that a user wants to know of it."""
    install_tuner("acme-tuner", "Acme", version="2.3")
    assert entries_of("acme-tuner") == [
        PluginEntry(
            name="Acme",
            kind=PluginKind.TUNER,
            distribution="acme-tuner",
            version="2.3",
            status=PluginStatus.OK,
            summary="made for a test",
            value="acme_tuner_plugin",
        )
    ]


BROKEN = {
    "import error": ("import no_such_module_anywhere", "broken_plugin.py:1: ModuleNotFoundError: No module named"),
    "syntax error": ("x = 1\ndef f(:\n    pass", "broken_plugin.py:2: SyntaxError: invalid syntax"),
    "raises": ("x = 1\nraise ValueError('of mine')", "broken_plugin.py:2: ValueError: of mine"),
    "exits": ("raise SystemExit(3)", "broken_plugin.py:1: SystemExit: 3"),
    "newer api": ("NNI_API_VERSION = 99", "made for plugin API version 99, and this nni-core has version 1"),
    "odd api": ("NNI_API_VERSION = 'new'", "made for plugin API version 'new', and this nni-core has version 1"),
    "unknown hook": (
        "from nni_core.hookspecs import hookimpl\n@hookimpl\ndef nni_tuner(): pass",
        "implements 'nni_tuner', which is no hook of nni-core",
    ),
    "no marker": ("def nni_tuners(): return []", "defines 'nni_tuners' without @hookimpl"),
    "stray argument": (
        "from nni_core.hookspecs import hookimpl\n@hookimpl\ndef nni_trial_ended(trial, engine): pass",
        "takes an argument 'engine', which is never given",
    ),
    "keyword only": (
        "from nni_core.hookspecs import hookimpl\n@hookimpl\ndef nni_trial_ended(*, trial): pass",
        "takes 'trial' by keyword only",
    ),
    "asynchronous": (
        "from nni_core.hookspecs import hookimpl\n@hookimpl\nasync def nni_tuners(): return []",
        "is asynchronous and must be a plain function",
    ),
    "wrapper": (
        "from nni_core.hookspecs import hookimpl\n@hookimpl(wrapper=True)\ndef nni_tuners(): return (yield)",
        "is a wrapper",
    ),
}


@pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason(
    install: Install, install_tuner: Install, entries_of: EntriesOf, code: str, reason: str
) -> None:
    """By its entry point, and the others are found all the same."""
    install("broken", code)
    install_tuner("sound", "Sound")
    [entry] = entries_of("broken")
    assert (entry.name, entry.kind, entry.status) == ("it", None, PluginStatus.BROKEN)
    assert reason in entry.reason
    assert [other.status for other in entries_of("sound")] == [PluginStatus.OK]


def test_a_missing_module_or_attribute_is_named(install: Install, entries_of: EntriesOf) -> None:
    """With the value of the entry point, which is what its author has to mend."""
    install("no-module", "", value="nowhere.at.all")
    install("no-attribute", "", value="no_attribute_plugin:gone")
    assert "'it = nowhere.at.all' of no-module 1.0" in entries_of("no-module")[0].reason
    assert "has no attribute 'gone'" in entries_of("no-attribute")[0].reason


def test_an_entry_point_may_name_an_object(install: Install, entries_of: EntriesOf) -> None:
    """Any object with hooks will do, as everywhere with pluggy."""
    code = """
        from nni_core.api import AssessorSpec
        from nni_core.hookspecs import hookimpl

        class Hooks:
            @hookimpl
            def nni_assessors(self):
                return [AssessorSpec(name="Slow", summary="made for a test", implementation="a.b:C")]

        hooks = Hooks()
        """
    install("with-object", code, value="with_object_plugin:hooks")
    assert [(entry.name, entry.status) for entry in entries_of("with-object")] == [("Slow", PluginStatus.OK)]


RUBBISH = {
    "raises": ("1 / 0", "raised .*_plugin.py:6: ZeroDivisionError: division by zero"),
    "exits": ("raise SystemExit(0)", "raised .*SystemExit"),
    "nothing": ("return None", "must return a list of specs, got NoneType None"),
    "a text": ("return 'TPE'", "must return a list of specs, got str 'TPE'"),
    "dicts": ("return [{'name': 'TPE'}]", "must return TunerSpec records, got dict"),
    "another kind": ("return [AssessorSpec(name='A', summary='s', implementation='a:b')]", "must return TunerSpec"),
    "raises late": ("return (1 / 0 for _ in 'a')", "raised .*ZeroDivisionError"),
    "bad repr": ("return Odd()", "got Odd an object whose repr raises RuntimeError"),
}


@pytest.mark.parametrize(("body", "reason"), RUBBISH.values(), ids=RUBBISH)
def test_rubbish_from_a_hook_is_told(install: Install, entries_of: EntriesOf, body: str, reason: str) -> None:
    """The hook is named, and what it gave."""
    code = f"""
from nni_core.api import AssessorSpec
from nni_core.hookspecs import hookimpl
@hookimpl
def nni_tuners():
    {body}
class Odd:
    def __repr__(self): raise RuntimeError
"""
    install("rubbish", code)
    [entry] = entries_of("rubbish")
    assert (entry.kind, entry.status) == (PluginKind.TUNER, PluginStatus.BROKEN)
    assert entry.reason.startswith("hook 'nni_tuners' ")
    assert re.search(reason, entry.reason)


BAD_SPECS = {
    "name of blanks": ("name='my tuner'", "str 'my tuner' is not a name"),
    "name with colon": ("name='a:b'", "str 'a:b' is not a name"),
    "no text": ("name=5", "int 5 is not a name"),
    "alias": ("name='A', aliases=['']", "str '' is not a name"),
    "aliases a text": ("name='A', aliases='abc'", "aliases must be a list of names, got str 'abc'"),
    "no attribute": ("name='A', implementation='a.b.C'", "must be written 'package.module:attribute', got str 'a.b.C'"),
    "a class": ("name='A', implementation=int", "must be written 'package.module:attribute'"),
    "no summary": ("name='A', summary=''", "summary must be one line of text"),
    "arguments": ("name='A', arguments=dict", "arguments must be an attrs class or None"),
}


@pytest.mark.parametrize(("fields", "reason"), BAD_SPECS.values(), ids=BAD_SPECS)
def test_a_bad_spec_spoils_itself_only(install: Install, entries_of: EntriesOf, fields: str, reason: str) -> None:
    """What else the plugin offers can be used."""
    code = f"""
from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl
@hookimpl
def nni_tuners():
    sound = dict(name="Sound", summary="made for a test", implementation="a.b:C")
    return [TunerSpec(**sound), TunerSpec(**{{**sound, **dict({fields})}})]
"""
    install("half", code)
    by_status = {entry.status: entry for entry in entries_of("half")}
    assert by_status[PluginStatus.OK].name == "Sound"
    assert reason in by_status[PluginStatus.BROKEN].reason


@pytest.mark.parametrize("mount", ["'portal'", "'/api'", "'/api/v2'", "None"])
def test_a_web_app_must_not_take_the_api(install: Install, entries_of: EntriesOf, mount: str) -> None:
    """The core's own paths are refused, and what is no path."""
    code = f"""
from nni_core.api import WebAppSpec
from nni_core.hookspecs import hookimpl
@hookimpl
def nni_web_apps():
    return [WebAppSpec(name="mine", summary="made for a test", mount={mount}, implementation=lambda: None)]
"""
    install("web", code)
    assert "mount" in entries_of("web")[0].reason


def test_prints_of_a_plugin_do_not_reach_our_output(install: Install, capfd: pytest.CaptureFixture[str]) -> None:
    """``nnictl plugins list --json`` stays JSON, whatever plugins print."""
    install("talker", "print('hello')")
    PluginRegistry.discover()
    assert capfd.readouterr() == ("", "hello\n")


def test_a_disabled_plugin_is_not_imported(install: Install) -> None:
    """By the name of its distribution, spelt in any way, or of its entry point."""
    module = install("to-disable", "")
    for name in ("To_Disable", "IT"):
        listing = PluginRegistry.discover(disabled=[name]).listing()
        [entry] = [entry for entry in listing if entry.distribution == "to-disable"]
        assert (entry.status, entry.reason) == (PluginStatus.DISABLED, "switched off by its user")
    assert module not in sys.modules


def test_the_first_on_the_path_hides_others_of_its_name(
    install_tuner: Install, entries_of: EntriesOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for imports: an older copy further down is not seen, and is no clash."""
    install_tuner("twice", "Twice", version="2.0")
    older = tmp_path / "older" / "twice-1.0.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: Twice\nVersion: 1.0\n")
    (older / "entry_points.txt").write_text("[nni]\nit = twice_plugin\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(older.parent)])
    assert [(entry.version, entry.status) for entry in entries_of("twice")] == [("2.0", PluginStatus.OK)]


def test_two_entry_points_cannot_share_a_module(
    install_tuner: Install, install: Install, entries_of: EntriesOf
) -> None:
    """Its hooks would be heard twice; the second is refused, and the first is named."""
    module = install_tuner("first", "First")
    install("second", "", value=module)
    assert "it names the same module as 'first:it'" in entries_of("second")[0].reason


def test_event_listeners_get_what_they_take(install: Install) -> None:
    """Each event reaches the plugins that implement its hook, with the arguments that they ask for."""
    code = """
        from nni_core.hookspecs import hookimpl
        heard = []

        @hookimpl
        def nni_trial_ended(trial):
            heard.append(trial)

        @hookimpl(specname="nni_experiment_ended")
        def over(state, experiment):
            heard.append((state, experiment))
        """
    module = install("listener", code)
    [relay] = [relay for name, relay in PluginRegistry.discover().event_listeners() if name == "listener:it"]
    assert relay.hears == {"nni_trial_ended", "nni_experiment_ended"}
    relay("nni_trial_created", experiment="e", trial="t")
    relay("nni_trial_ended", experiment="e", trial="t")
    relay("nni_experiment_ended", experiment="e", state="DONE")
    assert importlib.import_module(module).heard == ["t", ("DONE", "e")]


def test_a_listener_that_offers_nothing_is_listed(install: Install, entries_of: EntriesOf) -> None:
    """A plugin need not have a kind."""
    install("listener", "from nni_core.hookspecs import hookimpl\n@hookimpl\ndef nni_trial_ended(): pass")
    [entry] = entries_of("listener")
    assert (entry.kind, entry.status, entry.summary) == (None, PluginStatus.OK, "hears events")


def test_reading_metadata_imports_no_plugin(install: Install) -> None:
    """Which distributions have plugins is known before any of their code runs."""
    module = install("unseen", "raise RuntimeError")
    assert "unseen" in {source.distribution for source in installed_sources()}
    assert module not in sys.modules


def test_discovery_brings_nothing_heavy(tmp_path: Path) -> None:
    """In a Python of its own: our plugins, listed, bring no numpy, no hyperopt and no web server."""
    program = (
        "import json, sys; from nni_core.plugins import PluginRegistry; PluginRegistry.discover().listing();"
        "print(json.dumps(sorted(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    heavy = {"numpy", "scipy", "hyperopt", "starlette", "uvicorn", "httpx", "cattrs", "psutil"}
    assert heavy.isdisjoint(json.loads(run.stdout))


def test_the_archived_distribution_is_noticed(site: Path) -> None:
    """Both carry the package ``nni``: the user is told why that is wrong and what to run."""
    assert archived_nni_problem() is None
    (site / "nni-3.0.dist-info").mkdir()
    (site / "nni-3.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: nni\nVersion: 3.0\n")
    problem = archived_nni_problem()
    assert problem is not None
    assert "'nni' 3.0 is installed beside nni-core" in problem.message
    assert "pip uninstall nni && pip install --force-reinstall --no-deps nni-core" in problem.help


def test_damaged_metadata_is_listed(install: Install, site: Path, entries_of: EntriesOf) -> None:
    """Half an uninstall, or a file that somebody edited, must not stop anyone else."""
    install("torn", "")
    (site / "torn-1.0.dist-info" / "entry_points.txt").write_text("[nni]\nthis is no entry point\n")
    [entry] = entries_of("torn")
    assert "the installation of torn 1.0 is damaged: its entry_points.txt" in entry.reason
    install("gone", "")
    (site / "gone-1.0.dist-info" / "METADATA").unlink()
    assert [other.status for other in entries_of("unnamed-distribution")] == [PluginStatus.OK]


def test_looking_through_an_environment_is_quick(site: Path) -> None:
    """Among sixty more distributions with scripts of their own: less than 30 ms when the machine lets us."""
    for number in range(60):
        metadata = site / f"filler{number}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Name: filler{number}\nVersion: 1.0\n" + "Classifier: Filler\n" * 100)
        (metadata / "entry_points.txt").write_text("[console_scripts]\nfiller = filler:main\n")
    assert min(timeit.repeat(installed_sources, number=1, repeat=10)) < 0.03


def test_names_are_split_at_commas_and_blanks() -> None:
    """As people write lists in environment variables."""
    assert split_names(" a, b,,c\td ") == {"a", "b", "c", "d"}
    assert split_names("") == frozenset()


def test_a_manager_knows_the_sound_plugins(install: Install, install_tuner: Install) -> None:
    """pluggy's own view: broken ones are not in it."""
    install("broken", "raise RuntimeError")
    install_tuner("sound", "Sound")
    manager = PluginRegistry.discover().manager
    assert manager.has_plugin("sound:it")
    assert not manager.has_plugin("broken:it")
    assert any(
        isinstance(spec, TunerSpec) and spec.name == "Sound" for specs in manager.hook.nni_tuners() for spec in specs
    )
