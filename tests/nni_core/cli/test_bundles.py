"""``experiment save`` and ``load``: an experiment goes from one home to another, and nothing private goes with it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from zipfile import ZipFile

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nni_core.cli.main import run
from nni_core.client.bundle import Names
from nni_core.client.bundle_paths import moved
from nni_core.client.bundle_saving import SaveOrder, save_bundle
from nni_core.client.bundle_secrets import hidden_settings, without_secrets
from nni_core.folders import ExperimentFolder, all_experiments
from nni_core.model import ExperimentState, TrialState
from nni_core.store import copying
from nni_core.store import events as ev
from nni_core.store.reader import open_readonly

from .conftest import Ended

SECRET = "hunter2-in-the-clear"
BUNDLE = "nni_experiment_abcd1234.zip"


@pytest.fixture(autouse=True)
def _in_a_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def set_config(folder: ExperimentFolder, **settings: object) -> None:
    """Change the config that an experiment began with."""

    def rewrite(body: ev.ExperimentCreated | ev.SettingsChanged) -> ev.ExperimentCreated | ev.SettingsChanged:
        return evolve(body, config={**body.config, **settings}) if isinstance(body, ev.ExperimentCreated) else body

    copying.seal(folder.database, append=(), timestamp=0, rewrite=rewrite)


@pytest.fixture
def folder(ended: Ended, home: Path) -> ExperimentFolder:
    """An experiment with code, secrets, and everything that a folder may hold."""
    code = home / "code"
    (code / "data").mkdir(parents=True)
    (code / "trial.py").write_text("print('trial')")
    (code / "run.sh").write_text("exec python trial.py")
    (code / "run.sh").chmod(0o755)
    (code / "data" / "large.bin").write_bytes(b"0" * 5000)
    (code / ".nniignore").write_text("# not code\ndata/\n")
    made = ended("abcd1234", (0.5, None))
    set_config(made, trialCodeDirectory=str(code), env={"API_KEY": SECRET, "MODE": "fast"})
    files = {
        "log/nnimanager.log": "manager",
        "trials/trial0/stdout": "out",
        "trials/trial0/model/weights.bin": "w" * 1000,
        "trials/trial0/.nni/metrics": "spool",
        "trials/trial0/supervisor.jsonl": "{}",
        "token": SECRET,
        "manager.json": "{}",
        "manager.lock": "1\n",
        "results.jsonl": "{}\n",
    }
    for name, text in files.items():
        path = made.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (made.path / "trials" / "trial0" / "latest").symlink_to("model")
    return made


def names(bundle: str = BUNDLE) -> list[str]:
    with ZipFile(bundle) as archive:
        return archive.namelist()


def manifest(bundle: str = BUNDLE) -> dict[str, object]:
    with ZipFile(bundle) as archive:
        found: dict[str, object] = json.loads(archive.read("manifest.json"))
        return found


@pytest.mark.usefixtures("folder")
def test_a_bundle_holds_results_logs_and_outputs_and_no_secret() -> None:
    """Not the token, not what managers and services keep for themselves, not a password in the config or the log."""
    assert run(["experiment", "save", "abcd", "-s"]) == 0
    assert names() == [
        "config.json",
        "environment.json",
        "search_space.json",
        "experiment/experiment.sqlite",
        "experiment/log/nnimanager.log",
        "experiment/results.jsonl",
        "experiment/trials/trial0/model/weights.bin",
        "experiment/trials/trial0/stdout",
        "code/.nniignore",
        "code/run.sh",
        "code/trial.py",
        "manifest.json",
    ]
    with ZipFile(BUNDLE) as archive:
        assert not any(SECRET.encode() in archive.read(name) for name in archive.namelist())
        assert json.loads(archive.read("config.json"))["env"] == {"MODE": "fast"}
        assert "pytest" in json.loads(archive.read("environment.json"))["distributions"]
    assert manifest()["hidden"] == ["env.API_KEY"]
    assert [one["name"] for one in manifest()["left_out"]] == ["experiment/trials/trial0/latest"]  # type: ignore[union-attr, index]


def test_saving_changes_nothing_and_twice_gives_the_same_bytes(folder: ExperimentFolder) -> None:
    """So that bundles can be compared."""
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    assert run(["experiment", "save", "-p", "first.zip", "-s"]) == 0
    assert run(["experiment", "save", "-p", "second.zip", "-s"]) == 0
    assert Path("first.zip").read_bytes() == Path("second.zip").read_bytes()
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("folder")
def test_outputs_have_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    """What was printed comes first; what has no room is named."""
    assert run(["experiment", "save", "--max-outputs", "500", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert "experiment/trials/trial0/stdout" in names()
    assert {one["name"] for one in document["left_out"]} == {
        "experiment/trials/trial0/latest",
        "experiment/trials/trial0/model/weights.bin",
    }
    assert document["code"] is False


def load(*options: str) -> ExperimentFolder:
    """Load the bundle into an empty home."""
    shutil.rmtree("nni-experiments", ignore_errors=True)
    assert run(["experiment", "load", "--path", BUNDLE, *options]) == 0
    (found,) = all_experiments()
    return found


def config_of(folder: ExperimentFolder) -> dict[str, object]:
    with open_readonly(folder.database) as reader:
        first = next(reader.replay()).body
        assert isinstance(first, ev.ExperimentCreated)
        return dict(first.config)


@pytest.mark.usefixtures("folder")
def test_what_is_loaded_is_what_was_saved(capsys: pytest.CaptureFixture[str]) -> None:
    """Its trials, its logs, its outputs; the code is beside it, and the config says so."""
    run(["experiment", "export", "-f", "before.jsonl"])
    run(["experiment", "save", "-s"])
    shutil.rmtree("code")
    loaded = load()
    told = capsys.readouterr().out
    assert "set API_KEY in the environment before it is resumed" in told
    assert "its trials run: 'python trial.py'" in told
    run(["experiment", "export", "-f", "after.jsonl"])
    assert Path("after.jsonl").read_text() == Path("before.jsonl").read_text()
    assert (loaded.path / "trials/trial0/model/weights.bin").read_text() == "w" * 1000
    assert config_of(loaded)["trialCodeDirectory"] == str(loaded.path / "code")
    assert os.access(loaded.path / "code" / "run.sh", os.X_OK)
    assert not (Path("nni-experiments") / "_latest").exists()


@pytest.mark.usefixtures("folder")
def test_code_and_folder_go_where_they_are_wanted(home: Path) -> None:
    """As in NNI; the search space can be had as a file of its own."""
    run(["experiment", "save", "-s"])
    shutil.rmtree("code")
    loaded = load("--codeDir", "mine", "--logDir", "disk2", "--searchSpacePath", "space.json")
    assert loaded.path == home / "disk2" / "abcd1234"
    assert (home / "nni-experiments" / "abcd1234").resolve() == loaded.path
    assert (home / "mine" / "trial.py").read_text() == "print('trial')"
    assert config_of(loaded)["trialCodeDirectory"] == str(home / "mine")
    assert json.loads(Path("space.json").read_text()) == {"x": {"_type": "uniform", "_value": [0, 1]}}


@pytest.mark.usefixtures("folder")
def test_an_id_is_never_taken_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """--new-id gives another one, to the log, too."""
    run(["experiment", "save"])
    assert run(["experiment", "load", "-p", BUNDLE]) == 2
    assert "NNI598" in capsys.readouterr().err
    assert run(["experiment", "load", "-p", BUNDLE, "--new-id", "--json"]) == 0
    new = json.loads(capsys.readouterr().out)["id"]
    assert sorted(folder.id for folder in all_experiments()) == sorted(["abcd1234", new])
    assert run(["experiment", "show", new]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == new


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--codeDir", "code"], "holds 'run.sh' already, and 1 more"),
        (["--codeDir", "before"], "is no directory"),
        (["--logDir", "before"], "cannot make a folder"),
        (["--path", "nni_experiment_abcd123.zip"], f"did you mean '{BUNDLE}'?"),
        (["--max-size", "1k"], "--max-size allows more"),
    ],
)
def test_what_cannot_be_loaded_leaves_nothing(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is written over."""
    run(["experiment", "save", "-s"])
    shutil.rmtree("nni-experiments")
    Path("code/.nniignore").unlink()
    Path("before").write_text("a file")
    assert run(["experiment", "load", "--path", BUNDLE, *options]) in {2, 3}
    assert told in capsys.readouterr().err
    assert list(all_experiments()) == []
    assert [path.name for path in Path("nni-experiments").glob("*")] == []


def test_what_was_not_over_is_ended_in_the_bundle(ended: Ended) -> None:
    """A killed manager's experiment is a stopped one where it is loaded: nothing of it can run there."""
    ended("abcd1234", (0.5,), unfinished=1)
    run(["experiment", "save"])
    assert manifest()["state"] == "RUNNING"
    loaded = load()
    assert run(["experiment", "delete", "abcd1234", "--yes"]) == 0, "nothing may run any more"
    assert not loaded.path.exists()


def test_what_a_killed_manager_had_not_folded_in_is_saved(folder: ExperimentFolder) -> None:
    """The last events are in the write-ahead log only."""
    writer = sqlite3.connect(folder.database, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    body = '{"message":"last words","trial_id":null,"level":"warning"}'
    writer.execute("INSERT INTO event SELECT max(number) + 1, 0, 'Note', ? FROM event", (body,))
    left = folder.path.with_name("left")
    shutil.copytree(folder.path, left, symlinks=True)
    writer.close()
    assert (left / "experiment.sqlite-wal").stat().st_size > 0
    saved = save_bundle(ExperimentFolder(left), SaveOrder(path=Path("saved.zip")))
    shutil.copy("saved.zip", BUNDLE)
    assert saved.manifest.experiment_id == "abcd1234"
    with open_readonly(load().database) as reader:
        assert [event.body.message for event in reader.replay() if isinstance(event.body, ev.Note)] == ["last words"]


def test_zeros_are_kept_and_taken_for_no_bomb(folder: ExperimentFolder) -> None:
    """A reader refuses what unpacks to hundreds of times its size, so a writer does not pack it."""
    (folder.path / "trials" / "trial0" / "zeros").write_bytes(bytes(3 * 1024**2))
    run(["experiment", "save"])
    assert (load().path / "trials" / "trial0" / "zeros").stat().st_size == 3 * 1024**2


def test_no_more_files_are_saved_than_can_be_loaded(folder: ExperimentFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code goes first, then logs, then what was printed."""
    for module in ("bundle_saving", "bundle_reading"):
        monkeypatch.setattr(f"nni_core.client.{module}.MOST_ENTRIES", 10)
    (folder.path / "trials" / "trial0" / "stderr").write_text("err")
    run(["experiment", "save", "-s"])
    assert len(names()) == 10
    assert [name for name in names() if "trials" in name] == ["experiment/trials/trial0/stderr"]
    assert (load().path / "code" / "trial.py").exists()


def test_names_that_clash_elsewhere_are_left_out(folder: ExperimentFolder) -> None:
    """Whatever is saved can be loaded."""
    for name in ("Stdout", "a:b", "line\nbreak", "b\\c"):
        (folder.path / "trials" / "trial0" / name).write_text("x")
    run(["experiment", "save"])
    assert len(manifest()["left_out"]) == 5  # type: ignore[arg-type]
    load()


def test_a_damaged_experiment_is_not_saved(folder: ExperimentFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """What to do is said, of the user's file and not of a copy."""
    folder.database.write_bytes(b"no database" * 100)
    assert run(["experiment", "save"]) == 3
    assert f"{folder.database} is damaged" in capsys.readouterr().err
    assert not Path(BUNDLE).exists()
    assert list(Path().glob(".nni-save*")) == []


def test_missing_code_is_told(folder: ExperimentFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is written."""
    shutil.rmtree("code")
    assert run(["experiment", "save", "-s"]) == 2
    assert "NNI599" in capsys.readouterr().err
    assert not Path(BUNDLE).exists()


@given(st.recursive(st.text(max_size=5) | st.integers(), lambda inner: st.dictionaries(st.text(max_size=8), inner)))
def test_what_was_taken_out_is_not_there_any_more(value: object) -> None:
    """Whatever stands below a key that looks like a password's."""
    config = {"sinks": [{"access_token": value}], "env": {"TOKEN": "x", "A": "b"}, "searchSpace": {"token": "kept"}}
    cleaned = without_secrets(config)
    assert hidden_settings(cleaned) == [one for one in hidden_settings(config) if one != "env.TOKEN"]
    assert (cleaned["env"], cleaned["searchSpace"]) == ({"A": "b"}, {"token": "kept"})


def test_paths_below_the_code_directory_move_with_it() -> None:
    """Those of tuners and plugins too; what is the user's own does not."""
    config = {
        "trialCodeDirectory": "/old",
        "tuner": {"codeDirectory": "/old/tuners", "classArgs": {"codeDirectory": "/old"}},
        "plugins": ["/old/p.py", "/older/q.py"],
        "experimentWorkingDirectory": "/data",
    }
    assert moved(config, "/old", "/new", working="/home") == {
        "trialCodeDirectory": "/new",
        "tuner": {"codeDirectory": "/new/tuners", "classArgs": {"codeDirectory": "/old"}},
        "plugins": ["/new/p.py", "/older/q.py"],
        "experimentWorkingDirectory": "/home",
    }


@given(st.lists(st.text(alphabet="aAßſ/.-é\u0301", min_size=1, max_size=6), max_size=6))
def test_names_that_are_taken_lie_in_one_folder(candidates: list[str]) -> None:
    """And none of them is another, nor a folder of another, on any file system."""
    known = Names()
    taken = [name for name in candidates if known.fault(name) is None]
    paths = [os.path.normpath(f"/root/{name}") for name in taken]
    assert all(path == f"/root/{name}" for path, name in zip(paths, taken, strict=True))
    folded = [path.casefold() for path in paths]
    assert len(set(folded)) == len(folded)
    assert not any(other.startswith(f"{path}/") for path in folded for other in folded)


def test_states_in_a_bundle_can_be_resumed_from(ended: Ended) -> None:
    """A trial that was not over is one that a stop has ended."""
    ended("abcd1234", (), unfinished=1)
    run(["experiment", "save"])
    with open_readonly(load().database) as reader:
        last = [event.body for event in reader.replay()][-3:]
    assert [type(body) for body in last] == [ev.ExperimentStateChanged, ev.TrialFinished, ev.ExperimentStateChanged]
    assert isinstance(last[1], ev.TrialFinished)
    assert last[1].state is TrialState.SYS_CANCELED
    assert isinstance(last[2], ev.ExperimentStateChanged)
    assert last[2].state is ExperimentState.STOPPED
