"""Summaries are read from a log once, and never believed when the log has changed."""

from __future__ import annotations

import asyncio
import json
import shutil

import attrs
import pytest

from nni_core.client.summaries import summarize
from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentState
from nni_core.store import events as ev
from nni_core.store.sqlite import open_store

from .conftest import Ended, trial


def test_the_second_look_reads_no_log(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of many long experiments would take minutes otherwise."""
    folder = ended("abcd1234")
    first = summarize(folder)
    monkeypatch.setattr("nni_core.store.reader.open_readonly", lambda _: pytest.fail("it read the log"))
    assert summarize(folder) == first


async def append(folder: ExperimentFolder) -> None:
    store = open_store(folder.database, network=False)
    again = ev.ExperimentStateChanged(state=ExperimentState.STOPPED, duration=100.0)
    store.submit([*trial(2, 0.99), again], timestamp=5)
    await store.close()


def test_a_log_that_grew_is_read_again(ended: Ended) -> None:
    """Somebody resumed it."""
    folder = ended("abcd1234")
    assert summarize(folder).best == 0.9
    asyncio.run(append(folder))
    after = summarize(folder)
    assert (after.best, after.status, after.finished) == (0.99, "STOPPED", 3)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"log": 1, "summary": []}', b"\xff"])
def test_rubbish_in_the_kept_summary_costs_time_only(ended: Ended, content: bytes) -> None:
    """It is derived, and derived again."""
    folder = ended("abcd1234")
    right = summarize(folder)
    folder.summary_file.write_bytes(content)
    assert summarize(folder) == right


def test_a_summary_of_another_version_is_not_used(ended: Ended) -> None:
    """It may lack what is asked for now."""
    folder = ended("abcd1234")
    right = summarize(folder)
    kept = json.loads(folder.summary_file.read_text())
    del kept["summary"]["best"]
    folder.summary_file.write_text(json.dumps(kept))
    assert summarize(folder) == right


def test_a_moved_experiment_has_its_new_place(ended: Ended) -> None:
    """The folder is the experiment, whatever was written when it lay elsewhere."""
    folder = ended("abcd1234")
    right = summarize(folder)
    moved = folder.path.with_name("moved123")
    shutil.copytree(folder.path, moved)
    expected = attrs.evolve(right, id="moved123", directory=str(moved))
    assert summarize(ExperimentFolder(moved)) == expected


def test_a_folder_that_cannot_be_written_to_is_read_all_the_same(ended: Ended) -> None:
    """Of another user, or on a medium that is read only: nothing is kept."""
    folder = ended("abcd1234")
    folder.summary_file.mkdir()
    assert summarize(folder).best == 0.9
