"""What supervisors write down, and what is made of it when something has happened to the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nni_service_local import records


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> records.SupervisorFile:
    """Of an attempt that has begun."""
    monkeypatch.chdir(tmp_path)
    file = records.SupervisorFile()
    file.add(records.START, {"attempt_id": "x", "pid": 7})
    return file


def read(folder: Path, kind: str = records.EXIT) -> dict[str, object] | None:
    """Of the attempt ``x``."""
    return records.read_record(str(folder), kind, "x")


def test_each_kind_is_read_by_itself(file: records.SupervisorFile, tmp_path: Path) -> None:
    """The start stays what it was when the end is added."""
    assert read(tmp_path) is None
    file.add(records.EXIT, {"attempt_id": "x", "exit_code": 0})
    start, end = read(tmp_path, records.START), read(tmp_path)
    assert start is not None
    assert end is not None
    assert (start["pid"], end["exit_code"]) == (7, 0)


def test_records_of_another_attempt_say_nothing(file: records.SupervisorFile, tmp_path: Path) -> None:
    """A folder may have been used before."""
    file.add(records.EXIT, {"attempt_id": "y", "exit_code": 0})
    assert read(tmp_path) is None


def test_an_attempt_is_started_once(file: records.SupervisorFile, tmp_path: Path) -> None:
    """Unless what was said of it was taken back."""
    file.empty()
    assert read(tmp_path, records.START) is None
    file.add(records.START, {"attempt_id": "x"})
    assert read(tmp_path, records.START) is not None
    file.release()
    with pytest.raises(FileExistsError, match="started before"):
        records.SupervisorFile()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"record": "exit", "attempt_id": "x"}',
        b'{"record": "exit", "attempt_id": "x"\n',
        b"\0" * 4096,
        b"\xff\xfe\n",
        b'["exit", "x"]\n"exit"\nnull\n12\n',
        b'{"record": ["exit"], "attempt_id": "x"}\n',
    ],
    ids=["nothing", "no end of line", "half a line", "zeros", "no text", "no objects", "no kind"],
)
def test_what_is_no_whole_record_is_none(content: bytes, tmp_path: Path) -> None:
    """A power cut, or a trial that writes into it."""
    (tmp_path / records.SUPERVISOR_FILE).write_bytes(content)
    assert read(tmp_path) is None


def _filled(path: Path) -> None:
    path.write_bytes(b"rubbish\n" * 10_000)


def _begun(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"half a line")


def _overwritten(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


def _linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _copied(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("spoil", [Path.unlink, _filled, _begun, _overwritten, _linked, _piped, _copied])
def test_how_it_ended_is_known_whatever_the_trial_did(
    spoil: Callable[[Path], None], file: records.SupervisorFile, tmp_path: Path
) -> None:
    """To the file of records."""
    spoil(tmp_path / records.SUPERVISOR_FILE)
    file.add(records.EXIT, {"attempt_id": "x", "exit_code": 3})
    start, end = read(tmp_path, records.START), read(tmp_path)
    assert start is not None
    assert end is not None
    assert (start["pid"], end["exit_code"]) == (7, 3)


@pytest.mark.parametrize("spoil", [_linked, _piped])
def test_nobody_waits_for_a_spoilt_file(
    spoil: Callable[[Path], None], file: records.SupervisorFile, tmp_path: Path
) -> None:
    """It says nothing as long as the trial runs."""
    spoil(tmp_path / records.SUPERVISOR_FILE)
    assert read(tmp_path, records.START) is None


def test_a_pipe_where_the_new_file_is_to_be_is_an_error(file: records.SupervisorFile, tmp_path: Path) -> None:
    """And not a supervisor that waits for ever."""
    (tmp_path / records.SUPERVISOR_FILE).unlink()
    os.mkfifo(tmp_path / f"{records.SUPERVISOR_FILE}.tmp")
    with pytest.raises(OSError, match="No such device"):
        file.add(records.EXIT, {"attempt_id": "x", "exit_code": 3})


def test_a_folder_that_is_gone_has_no_records(tmp_path: Path) -> None:
    """Nor has one that never was."""
    assert read(tmp_path / "nowhere") is None
    (tmp_path / "file").touch()
    assert read(tmp_path / "file") is None
