"""Experiments are found by their folders, and alive while their manager holds its lock."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from nni_core.errors import NotFoundError
from nni_core.folders import ExperimentFolder, all_experiments, find, new_folder, only_one, remove_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def made(parent: Path) -> ExperimentFolder:
    folder = new_folder(parent)
    folder.database.touch()
    return folder


def test_an_experiment_elsewhere_is_found_too(home: Path) -> None:
    """Its folder is where the config says; a link leads there."""
    here, there = made(home / "nni-experiments"), made(home / "disk2")
    assert {folder.path for folder in all_experiments()} == {here.path, there.path}
    assert find(there.id).path == there.path


def test_latest_leads_to_the_last_one_and_is_no_experiment_of_its_own(home: Path) -> None:
    """As in NNI."""
    made(home / "nni-experiments")
    last = made(home / "nni-experiments")
    assert (home / "nni-experiments" / "_latest").resolve() == last.path
    assert len(list(all_experiments())) == 2


def test_the_lock_tells_life_and_nothing_else_does(home: Path) -> None:
    """A process id could belong to anybody."""
    folder = made(home / "nni-experiments")
    folder.manager_file.write_text('{"pid": 1, "port": 8080}')
    assert not folder.is_live()
    with folder.lock.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert folder.is_live()
    assert not folder.is_live()


def test_a_beginning_is_enough_when_it_is_the_only_one(home: Path) -> None:
    """Otherwise both are named."""
    for name in ("abc1", "abd2"):
        folder = ExperimentFolder(home / "nni-experiments" / name)
        folder.path.mkdir(parents=True)
        folder.database.touch()
    assert find("abc").id == "abc1"
    with pytest.raises(NotFoundError, match="'ab' is ambiguous"):
        find("ab")
    with pytest.raises(NotFoundError, match="did you mean 'abd2'"):
        find("abd3")


def test_without_a_name_there_must_be_one(home: Path) -> None:
    """None and several are different messages."""
    with pytest.raises(NotFoundError, match="there is no experiment running"):
        only_one([])
    with pytest.raises(NotFoundError, match="several experiments run"):
        only_one([made(home / "nni-experiments"), made(home / "nni-experiments")])


def test_what_never_began_leaves_nothing(home: Path) -> None:
    """Folder, link and _latest are gone."""
    folder = new_folder(home / "elsewhere")
    remove_folder(folder)
    assert list((home / "elsewhere").iterdir()) == []
    assert list((home / "nni-experiments").iterdir()) == []


def test_everything_is_its_owners_alone(home: Path) -> None:
    """Whatever the umask."""
    folder = new_folder(home / "nni-experiments")
    assert folder.path.stat().st_mode & 0o077 == 0
    assert folder.logs.stat().st_mode & 0o077 == 0


def test_no_name_is_no_experiment(home: Path) -> None:
    """``nnictl stop "$ID"`` with an unset variable does not stop the only experiment there is."""
    made(home / "nni-experiments")
    with pytest.raises(NotFoundError, match="there is no experiment ''"):
        find("")


def test_a_folder_that_cannot_be_linked_from_home_is_not_left_behind(home: Path) -> None:
    """What is made elsewhere is found by its link at home: without it there is no experiment."""
    (home / "nni-experiments").touch()
    with pytest.raises(OSError, match="nni-experiments"):
        new_folder(home / "disk2")
    assert list((home / "disk2").iterdir()) == []


def test_a_folder_that_cannot_be_looked_into_hides_no_other(home: Path) -> None:
    """A link that the system refuses to follow stands for whatever else it refuses."""
    folder = made(home / "nni-experiments")
    closed = home / "nni-experiments" / "closed00"
    closed.mkdir()
    (closed / "experiment.sqlite").symlink_to("x" * 300)
    assert [found.id for found in all_experiments()] == [folder.id]
