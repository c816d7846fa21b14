"""Bundles that somebody made to do harm, or that were damaged: refused with the place, before anything is written."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
import stat
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nni_core.cli.main import run
from nni_core.client import bundle
from nni_core.client.bundle_experiment import checked_ledger
from nni_core.client.bundle_reading import BundleFile
from nni_core.client.bundle_saving import SaveOrder, save_bundle
from nni_core.errors import UserError
from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentId, MetricKind
from nni_core.store import events as ev
from nni_core.store.reader import open_readonly

from .conftest import CONFIG, NEW_YEAR, trial, write

LOG = "experiment/experiment.sqlite"


class Forger:
    """A bundle taken apart, to be put together in another way. The manifest agrees unless it is meant not to."""

    def __init__(self, source: Path) -> None:
        with ZipFile(source) as archive:
            self.entries = [(ZipInfo(info.filename), archive.read(info)) for info in archive.infolist()][:-1]
            self.manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        self.listed = True
        self.tail: Callable[[bytes], bytes] = lambda data: data

    def add(self, name: str, data: bytes = b"x", *, mode: int = 0, packed: int = ZIP_DEFLATED) -> None:
        info = ZipInfo("placeholder")
        info.filename = name
        info.external_attr = mode << 16
        info.compress_type = packed
        self.entries.append((info, data))

    def replace(self, name: str, data: bytes) -> None:
        self.entries = [(info, data if info.filename == name else old) for info, old in self.entries]

    def change_log(self, *statements: str, folder: Path) -> None:
        """The log after some SQL."""
        path = folder / "forged.sqlite"
        path.write_bytes({info.filename: data for info, data in self.entries}[LOG])
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        self.replace(LOG, path.read_bytes())
        path.unlink()

    def write(self, target: Path) -> None:
        if self.listed:
            self.manifest["files"] = [
                {"name": info.filename, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for info, data in self.entries
            ]
        with ZipFile(target, "w") as archive:
            for info, data in self.entries:
                if info.compress_type == 0:
                    info.compress_type = ZIP_DEFLATED
                archive.writestr(info, data)
            archive.writestr("manifest.json", json.dumps(self.manifest))
        target.write_bytes(self.tail(target.read_bytes()))


def name(hostile: str) -> Callable[[Forger, Path], None]:
    return lambda forger, _: forger.add(hostile)


def mode(kind: int) -> Callable[[Forger, Path], None]:
    return lambda forger, _: forger.add("experiment/odd", mode=kind | 0o777)


def sql(*statements: str) -> Callable[[Forger, Path], None]:
    return lambda forger, folder: forger.change_log(*statements, folder=folder)


def manifest(**changes: object) -> Callable[[Forger, Path], None]:
    def change(forger: Forger, _: Path) -> None:
        forger.manifest.update(changes)

    return change


def bytes_changed(change: Callable[[bytes], bytes]) -> Callable[[Forger, Path], None]:
    def tail(forger: Forger, _: Path) -> None:
        forger.tail = change

    return tail


def unlisted(forger: Forger, _: Path) -> None:
    forger.listed = False
    forger.add("experiment/log/extra")


def not_there(forger: Forger, _: Path) -> None:
    forger.listed = False
    forger.entries = [(info, data) for info, data in forger.entries if info.filename != "config.json"]


def wrong_checksum(forger: Forger, _: Path) -> None:
    forger.listed = False
    forger.manifest["files"][0]["sha256"] = "0" * 64


def wrong_size(forger: Forger, _: Path) -> None:
    forger.listed = False
    forger.manifest["files"][0]["size"] += 1


def no_manifest(forger: Forger, _: Path) -> None:
    forger.tail = lambda data: data.replace(b"manifest.json", b"manifesto.jsn")


def no_log(forger: Forger, _: Path) -> None:
    forger.entries = [(info, data) for info, data in forger.entries if info.filename != LOG]


def twice(forger: Forger, _: Path) -> None:
    # The library warns of two of one name: it is made afterwards.
    forger.add("experiment/log/one")
    forger.add("experiment/log/two")
    forger.listed = True
    forger.tail = lambda data: data.replace(b"experiment/log/two", b"experiment/log/one")


def with_nul(forger: Forger, _: Path) -> None:
    forger.add("experiment/log/aXb")
    forger.tail = lambda data: data.replace(b"experiment/log/aXb", b"experiment/log/a\0b")


def encrypted(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 8] + struct.pack("<H", 1) + data[at + 10 :]


def claims_many(data: bytes) -> bytes:
    at = data.rindex(b"PK\x05\x06")
    return data[: at + 12] + struct.pack("<L", 2**31) + data[at + 16 :]


def bomb(forger: Forger, _: Path) -> None:
    forger.add("experiment/zeros", bytes(3 * 1024**2))


def damaged_log(forger: Forger, _: Path) -> None:
    forger.replace(LOG, b"SQLite format 3\0" + b"\xff" * 4096)


def other_trial(trial_id: str) -> Callable[[Forger, Path], None]:
    return sql(f"UPDATE event SET body = replace(body, '\"trial0\"', '\"{trial_id}\"')")


def deep(forger: Forger, _: Path) -> None:
    forger.tail = lambda data: data
    forger.manifest["left_out"] = json.loads("[" * 900 + "]" * 900)


CASES: dict[str, tuple[Callable[[Forger, Path], None], str, str]] = {
    "climbs out": (name("experiment/../../x"), "NNI591", "leads out of its folder"),
    "climbs out at once": (name("../x"), "NNI591", "leads out of its folder"),
    "absolute": (name("/etc/cron.d/x"), "NNI591", "absolute path"),
    "windows": (name("experiment\\..\\x"), "NNI591", "backslash"),
    "drive": (name("C:/x"), "NNI591", "colon"),
    "NUL": (with_nul, "NNI591", "NUL character"),
    "newline": (name("experiment/log/a\nb"), "NNI591", "control character"),
    "long": (name("experiment/" + "x" * 300), "NNI591", "longer than 255"),
    "twice": (twice, "NNI591", "'experiment/log/one': it is there twice"),
    "case": (name("experiment/LOG/other"), "NNI591", "differs from 'experiment/log' in case only"),
    "file and folder": (name("experiment/log"), "NNI591", "a file and a folder"),
    "symbolic link": (mode(stat.S_IFLNK), "NNI592", "it is a link"),
    "device": (mode(stat.S_IFBLK), "NNI592", "a device"),
    "pipe": (mode(stat.S_IFIFO), "NNI592", "a pipe"),
    "encrypted": (bytes_changed(encrypted), "NNI592", "it is encrypted"),
    "compression": (lambda forger, _: forger.add("experiment/x", packed=ZIP_BZIP2), "NNI592", "compression"),
    "bomb": (bomb, "NNI593", "times its size"),
    "many entries": (bytes_changed(claims_many), "NNI593", "are the most"),
    "no manifest": (no_manifest, "NNI594", "without manifest.json"),
    "manifest of something else": (manifest(kind="wheel"), "NNI594", "not that of a bundle"),
    "manifest of another shape": (manifest(name=["x"]), "NNI594", "cannot be read"),
    "manifest too deep": (deep, "NNI594", "cannot be read"),
    "unlisted": (unlisted, "NNI594", "the manifest does not name it"),
    "not there": (not_there, "NNI594", "it is not there"),
    "no log": (no_log, "NNI594", "without it there is no experiment"),
    "stray entry": (name("readme.txt"), "NNI594", "a bundle has no such entry"),
    "write-ahead log": (name("experiment/experiment.sqlite-wal"), "NNI594", "a bundle has no such entry"),
    "token": (name("experiment/token"), "NNI594", "a bundle has no such entry"),
    "lock": (name("experiment/Manager.lock"), "NNI594", "a bundle has no such entry"),
    "bad id": (manifest(experiment_id="../x"), "NNI594", "cannot be the id"),
    "newer": (manifest(format=2), "NNI595", "up to format 1"),
    "checksum": (wrong_checksum, "NNI596", "entry 'config.json': it is not what its checksum says"),
    "size": (wrong_size, "NNI596", "entry 'config.json'"),
    "empty": (bytes_changed(lambda _: b""), "NNI590", "it is empty"),
    "no zip": (bytes_changed(lambda _: b"\x89PNG" * 99), "NNI590", "it is no zip file"),
    "cut short": (bytes_changed(lambda data: data[: len(data) // 2]), "NNI590", "cut short"),
    "damaged log": (damaged_log, "NNI597", "damaged"),
    "no log of ours": (sql("PRAGMA application_id = 1"), "NNI597", "not the log of an experiment"),
    "newer log": (sql("PRAGMA user_version = 99"), "NNI597", "it has format 99"),
    "trigger": (
        sql("CREATE TRIGGER evil AFTER INSERT ON event BEGIN DELETE FROM metric; END"),
        "NNI597",
        "trigger 'evil'",
    ),
    "view": (sql("CREATE VIEW evil AS SELECT load_extension('x')"), "NNI597", "view 'evil'"),
    "table": (sql("CREATE TABLE more (x)"), "NNI597", "table 'more'"),
    "view for a table": (
        sql("DROP TABLE manager", "CREATE VIEW manager AS SELECT 1 AS only_row, 1 AS epoch"),
        "NNI597",
        "view 'manager'",
    ),
    "other column": (sql("ALTER TABLE metric ADD COLUMN more TEXT"), "NNI597", "another shape"),
    "other experiment": (manifest(experiment_id="other"), "NNI597", "it is that of experiment 'abcd1234'"),
    "trial id that climbs": (other_trial("../../etc"), "NNI597", "cannot be the id of a trial"),
    "contradiction": (other_trial("trial1"), "NNI597", "is not new"),
    "missing event": (sql("DELETE FROM event WHERE number = 2"), "NNI597", "1 of its events are missing"),
    "no events": (sql("DELETE FROM metric", "DELETE FROM event"), "NNI597", "it is empty"),
    "odd event": (sql("UPDATE event SET kind = 'Evil' WHERE number = 2"), "NNI597", "cannot be read"),
    "no JSON": (sql("UPDATE metric SET value = '{'"), "NNI597", "is not JSON"),
    "large event": (
        sql("UPDATE event SET body = '[' || hex(randomblob(17000000)) || ']' WHERE number = 1"),
        "NNI597",
        "are allowed",
    ),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that is as it should be."""
    home = tmp_path_factory.mktemp("original")
    folder = ExperimentFolder(home / "abcd1234")
    folder.logs.mkdir(parents=True)
    (folder.logs / "nnimanager.log").write_text("log")
    created = ev.ExperimentCreated(experiment_id=ExperimentId("abcd1234"), config=CONFIG, version="test")
    bodies = [created, ev.ManagerStarted(epoch=1, pid=1), *trial(0, 0.5), *trial(1, 0.9)]
    asyncio.run(write(folder.database, bodies, NEW_YEAR))
    return save_bundle(folder, SaveOrder(path=home / "good.zip")).path


@pytest.fixture
def good(original: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, in a home without experiments."""
    monkeypatch.chdir(home)
    return Path(shutil.copy(original, home / "good.zip"))


#: those that reach what load and view do each in its own way
VIEWED = ["climbs out", "NUL", "bad id", "checksum", "damaged log", "trigger", "trial id that climbs"]
COMMANDS = [
    *((["experiment", "load", "--path"], case) for case in CASES),
    *((["view", "--port", "0"], case) for case in VIEWED),
]


@pytest.mark.parametrize(("command", "case"), COMMANDS, ids=lambda value: value if isinstance(value, str) else value[0])
def test_a_hostile_bundle_is_refused(
    good: Path, home: Path, case: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With what is wrong and where; no experiment, no view and no other file is left by it."""
    forge, code, told = CASES[case]
    forger = Forger(good)
    forge(forger, home)
    forger.write(home / "bad.zip")
    before = sorted(home.rglob("*"))
    capsys.readouterr()
    assert run([*command, "bad.zip"]) == 2
    message = capsys.readouterr().err
    assert f"error[{code}]: 'bad.zip'" in message
    assert told in message
    assert [path for path in sorted(home.rglob("*")) if path not in before and path.is_file()] == []
    assert list((home / "nni-experiments").glob("[!.]*")) == []
    assert list((home / "nni-experiments").glob(".*/*")) == []


def test_too_many_entries_are_refused(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the end of the archive claims."""
    monkeypatch.setattr("nni_core.client.bundle_reading.MOST_ENTRIES", 3)
    assert run(["experiment", "load", "--path", str(good)]) == 2
    assert "NNI593" in capsys.readouterr().err


def test_large_documents_are_refused(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before they are read."""
    monkeypatch.setattr("nni_core.client.bundle_reading.MOST_JSON", 100)
    assert run(["experiment", "load", "--path", str(good)]) == 2
    assert "NNI593" in capsys.readouterr().err


def test_folders_in_the_archive_do_no_harm(good: Path, home: Path) -> None:
    """Somebody unpacked it, looked, and packed it again."""
    shutil.unpack_archive(good, home / "unpacked")
    shutil.make_archive(str(home / "again"), "zip", home / "unpacked")
    assert run(["experiment", "load", "--path", "again.zip"]) == 0


def test_pickles_are_files_and_nothing_more(good: Path, home: Path) -> None:
    """Nothing in a bundle is unpickled: this one would leave a file."""
    forger = Forger(good)
    forger.add("experiment/trials/trial0/model.pkl", b"cposix\nsystem\n(S'touch pwned'\ntR.")
    forger.write(home / "pickle.zip")
    assert run(["experiment", "load", "--path", "pickle.zip"]) == 0
    assert not (home / "pwned").exists()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_is_read_as_something_else(good: Path, data: st.DataObject) -> None:
    """Wherever a byte is changed: the bundle is refused, or all that it holds is what it was."""
    content = bytearray(good.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    damaged = good.with_name("damaged.zip")
    damaged.write_bytes(content)
    codes: set[str] = set()
    try:
        with BundleFile(damaged) as opened, BundleFile(good) as original:
            assert opened.manifest.files == original.manifest.files
    except UserError as error:
        codes = {problem.code[:5] for problem in error.problems}
    assert codes <= {"NNI59"}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_log_is_refused_or_can_be_read(good: Path, home: Path, changes: list[tuple[int, int]]) -> None:
    """Nothing that is let in breaks what reads it later."""
    with BundleFile(good) as opened, ZipFile(good) as archive:
        manifest, content = opened.manifest, bytearray(archive.read(LOG))
    for place, byte in changes:
        content[place % len(content)] = byte
    database = home / "damaged.sqlite"
    database.write_bytes(content)
    with suppress(UserError):
        checked_ledger(database, manifest, good)
        with open_readonly(database) as reader:
            assert {metric.kind for metric in reader.metrics()} <= set(MetricKind)
            assert len(list(reader.replay())) == reader.last


def test_the_limits_leave_room_for_large_experiments() -> None:
    """Ten thousand trials with stdout, stderr and four more files each."""
    assert bundle.MOST_ENTRIES >= 10_000 * 6
