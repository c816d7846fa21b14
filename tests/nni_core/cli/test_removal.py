"""``experiment delete`` and ``prune``: what was meant goes wholly, and nothing else does."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_core.cli.main import run
from nni_core.cli.removal import bytes_of, prune
from nni_core.folders import ExperimentFolder, all_experiments, new_folder

from .conftest import DAY, NEW_YEAR, Ended


def ids() -> list[str]:
    return sorted(folder.id for folder in all_experiments())


def test_nothing_is_left_of_a_deleted_experiment(ended: Ended, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not of folders that a trial has made read-only either, nor links to it; others stay."""
    gone, _ = ended("abcd1234"), ended("efgh5678")
    inner = gone.path / "trials" / "A" / "frozen"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    inner.chmod(0o500)
    (home / "nni-experiments" / "_latest").symlink_to("abcd1234")
    assert run(["experiment", "delete", "abcd", "--yes"]) == 0
    assert "deleted experiment abcd1234" in capsys.readouterr().out
    assert [path.name for path in (home / "nni-experiments").iterdir()] == ["efgh5678"]


def test_an_experiment_elsewhere_goes_with_its_link(home: Path) -> None:
    """The folder is where its config has put it."""
    folder = new_folder(home / "disk2")
    folder.database.touch()
    assert run(["experiment", "delete", folder.id, "-y"]) == 0
    assert list((home / "disk2").iterdir()) == []
    assert list((home / "nni-experiments").iterdir()) == []


@pytest.mark.parametrize(("answer", "left"), [("y\n", []), ("yes\n", []), ("n\n", ["abcd1234"]), ("\n", ["abcd1234"])])
def test_it_asks_and_no_answer_means_no(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, answer: str, left: list[str]
) -> None:
    """As in NNI; saying no is no failure."""
    ended("abcd1234")
    monkeypatch.setattr("builtins.input", lambda: answer.strip())
    assert run(["experiment", "delete"]) == 0
    assert ids() == left


def test_where_nobody_can_answer_nothing_is_deleted(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script has to say --yes."""
    ended("abcd1234")
    monkeypatch.setattr("builtins.input", lambda: (_ for _ in ()).throw(EOFError))
    assert run(["experiment", "delete"]) == 2
    assert "--yes does without asking" in capsys.readouterr().err
    assert ids() == ["abcd1234"]


@contextmanager
def held(folder: ExperimentFolder) -> Iterator[None]:
    """Its lock, as a living manager holds it."""
    with folder.lock.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_what_runs_or_may_run_is_refused(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do first; --all deletes the others and says that it had to leave some."""
    ended("dead1234", unfinished=2)
    ended("done1234")
    with held(ended("runs1234")):
        assert run(["experiment", "delete", "runs1234", "-y"]) == 2
        assert "nnictl stop runs1234" in capsys.readouterr().err
        assert run(["experiment", "delete", "dead1234", "-y"]) == 2
        assert "its trials may still run" in capsys.readouterr().err
        assert run(["experiment", "delete", "--all", "-y"]) == 1
    assert ids() == ["dead1234", "runs1234"]


def test_a_damaged_experiment_can_be_deleted(ended: Ended) -> None:
    """It is of no use to anybody."""
    ended("abcd1234").database.write_bytes(b"no database" * 100)
    assert run(["experiment", "delete", "-y"]) == 0
    assert ids() == []


def test_json_says_what_was_deleted(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """And how much that freed."""
    ended("abcd1234")
    run(["experiment", "delete", "-y", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["deleted"] == ["abcd1234"]
    assert document["bytes"] > 4_000


@pytest.fixture
def three(ended: Ended) -> None:
    """One a day: the first failed, the second is large."""
    ended("first111", (None, None), started_at=NEW_YEAR)
    large = ended("second22", started_at=NEW_YEAR + DAY)
    (large.path / "model.bin").write_bytes(b"x" * 3_000_000)
    ended("third333", started_at=NEW_YEAR + 2 * DAY)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--failed"], ["second22", "third333"]),
        (["--larger-than", "2MB"], ["first111", "third333"]),
        (["--keep", "1"], ["third333"]),
        (["--keep", "0"], []),
        (["--older-than", "1d"], []),
        (["--older-than", "1000d"], ["first111", "second22", "third333"]),
        (["--older-than", "1d", "--keep", "2"], ["second22", "third333"]),
        (["--failed", "--larger-than", "2MB"], ["first111", "second22", "third333"]),
    ],
)
def test_conditions_must_all_be_met(options: list[str], left: list[str]) -> None:
    """Together they let fewer go."""
    assert run(["experiment", "prune", *options, "--yes"]) == 0
    assert ids() == left


@pytest.mark.usefixtures("three")
def test_a_dry_run_deletes_nothing_and_says_what_it_would_free(capsys: pytest.CaptureFixture[str]) -> None:
    """As a table for people, as numbers for scripts."""
    run(["experiment", "prune", "--larger-than", "2M", "--dry-run"])
    shown = capsys.readouterr().out
    assert "second22" in shown
    assert "1 experiment would be deleted, which frees 3.1 MB" in shown
    run(["experiment", "prune", "--keep", "1", "--dry-run", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in document["would_delete"]] == ["first111", "second22"]
    assert ids() == ["first111", "second22", "third333"]


def test_pruning_touches_nothing_that_may_run(ended: Ended) -> None:
    """A dead manager's trials may."""
    ended("dead1234", unfinished=1)
    with held(ended("runs1234")):
        assert run(["experiment", "prune", "--keep", "0", "--yes"]) == 0
    assert ids() == ["dead1234", "runs1234"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "say what to delete"),
        (["--older-than", "soon"], "must be a duration"),
        (["--larger-than", "lots"], "'lots' is not a size"),
    ],
)
def test_what_is_not_understood_deletes_nothing(
    ended: Ended, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    """Exit code 2, and the fix."""
    ended("abcd1234")
    assert run(["experiment", "prune", "--yes", *options]) == 2
    assert told in capsys.readouterr().err
    assert ids() == ["abcd1234"]


def size(text: str) -> int | None:
    """As the option reads it."""
    return bytes_of(click.Context(prune), prune.params[1], text)


@given(
    number=st.integers(0, 10**6), unit=st.sampled_from(["", "k", "M", "G", "T"]), end=st.sampled_from(["", "B", "iB"])
)
def test_sizes_grow_by_thousands(number: int, unit: str, end: str) -> None:
    """Whatever their case."""
    factor = 1_000 ** ["", "k", "M", "G", "T"].index(unit)
    assert size(f"{number}{unit}{end}") == number * factor
    assert size(f"{number}{unit}{end}".lower()) == number * factor
