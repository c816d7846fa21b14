"""What supervisors write down, and what is made of it when something has happened to the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from nni_service_local import records


def read(folder: Path, kind: str = records.EXIT) -> dict[str, object] | None:
    """Of the attempt ``x``."""
    return records.read_record(str(folder), kind, "x")


def test_each_kind_is_read_by_itself(tmp_path: Path) -> None:
    """The start stays what it was when the end is added."""
    records.add_record(str(tmp_path), records.START, {"attempt_id": "x", "pid": 7})
    assert read(tmp_path) is None
    records.add_record(str(tmp_path), records.EXIT, {"attempt_id": "x", "exit_code": 0})
    start, end = read(tmp_path, records.START), read(tmp_path)
    assert start is not None
    assert end is not None
    assert (start["pid"], end["exit_code"]) == (7, 0)


def test_records_of_another_attempt_say_nothing(tmp_path: Path) -> None:
    """A folder may have been used before."""
    records.add_record(str(tmp_path), records.EXIT, {"attempt_id": "y", "exit_code": 0})
    assert read(tmp_path) is None


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


def test_a_record_counts_beside_rubbish(tmp_path: Path) -> None:
    """Whatever stands before it, as long as that has an end of line."""
    (tmp_path / records.SUPERVISOR_FILE).write_bytes(b"rubbish\n")
    records.add_record(str(tmp_path), records.EXIT, {"attempt_id": "x", "exit_code": 3})
    assert read(tmp_path) is not None


def test_a_folder_that_is_gone_has_no_records(tmp_path: Path) -> None:
    """Nor has one that never was."""
    assert read(tmp_path / "nowhere") is None
    (tmp_path / "file").touch()
    assert read(tmp_path / "file") is None
