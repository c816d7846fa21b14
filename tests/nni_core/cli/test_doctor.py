"""``nnictl doctor``: what is wrong is found, named and given its fix."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from nni_core.cli.main import run
from nni_core.client import diagnosis
from nni_core.client.diagnosis import Finding, Health

from .conftest import Ended


def only(findings: object) -> Finding:
    [one] = list(findings)  # type: ignore[call-overload]
    return one


def test_it_says_what_it_looked_at(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each check; nothing of a healthy machine fails."""
    assert run(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    looked_at = "python user nni plugins directory disk file_system clock ports limits gpus experiments"
    assert {one["check"].replace(" ", "_") for one in findings} == set(looked_at.split())
    assert {one["status"] for one in findings} <= {"ok", "warn"}
    assert all(one["fix"] for one in findings if one["status"] != "ok")
    run(["doctor"])
    assert capsys.readouterr().out.startswith("ok    python       Python 3.")


def test_something_that_fails_is_exit_code_1(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """An experiment that cannot be read, say."""
    ended("abcd1234").database.write_bytes(b"no database" * 100)
    assert run(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "fail  experiments  abcd1234 cannot be read" in shown
    assert "fix: nnictl experiment show abcd1234" in shown


def test_a_broken_plugin_fails_and_one_switched_off_does_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A registered file that nobody can read is one, too."""
    (home / "registered.json").write_text("[")
    monkeypatch.setenv("NNI_CONFIG_DIR", str(home))
    assert run(["doctor"]) == 1
    assert "cannot be read" in capsys.readouterr().out
    monkeypatch.setenv("NNI_DISABLED_PLUGINS", "registered")
    run(["doctor"])
    assert "switched off: registered" in capsys.readouterr().out


def test_without_a_tuner_nothing_can_be_tuned(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to install is said."""
    monkeypatch.setattr("importlib.metadata.distributions", lambda **_: iter(()))
    assert run(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "no tuner can be used" in shown
    assert "fix: pip install nni-tuner-tpe" in shown


def test_a_dead_managers_trials_are_found(ended: Ended) -> None:
    """Both ways out are named."""
    ended("abcd1234", unfinished=2)
    finding = only(diagnosis.experiments())
    assert finding.status is Health.WARN
    assert finding.fix == "nnictl resume abcd1234 goes on, nnictl stop abcd1234 ends them"


def test_a_manager_that_does_not_answer_is_found(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds its lock and its port, and says nothing."""
    monkeypatch.setattr(diagnosis, "PATIENCE", 0.1)
    folder = ended("abcd1234")
    with socket.create_server(("127.0.0.1", 0)) as silent, folder.lock.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        port = silent.getsockname()[1]
        folder.manager_file.write_text(json.dumps({"pid": 1, "port": port, "urls": [f"http://127.0.0.1:{port}"]}))
        finding = only(diagnosis.experiments())
    assert finding.status is Health.FAIL
    assert "does not answer" in finding.message


def test_leftovers_are_found(home: Path) -> None:
    """A link to nowhere, and a folder without a log; what is not of ours is not touched."""
    root = home / "nni-experiments"
    (root / "half1234" / "log").mkdir(parents=True)
    (root / "notes").mkdir()
    (root / "link1234").symlink_to("/nowhere")
    found = [finding.fix for finding in diagnosis.experiments()]
    assert found == [f"look into it; rm -r '{root}/half1234'", f"rm '{root}/link1234'"]


@pytest.mark.parametrize(("free", "status"), [(10**7, "fail"), (10**9, "warn"), (10**11, "ok")])
def test_a_full_disk_is_told_before_it_is_full(
    home: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: str
) -> None:
    """New experiments fail below a tenth of a gigabyte."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    [disk] = [one for one in diagnosis.working_directory() if one.check == "disk"]
    assert disk.status == status


def test_a_network_file_system_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, and a local disk is better."""
    monkeypatch.setattr("nni_core.store.filesystem.is_network_file_system", lambda _: True)
    [found] = [one for one in diagnosis.working_directory() if one.check == "file system"]
    assert found.status is Health.WARN
    assert "experiment_working_directory" in found.fix


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_fails(home: Path) -> None:
    """Nothing else is looked at there."""
    home.chmod(0o500)
    finding = only(diagnosis.working_directory())
    home.chmod(0o700)
    assert finding.status is Health.FAIL


def test_a_clock_that_went_back_is_noticed(ended: Ended) -> None:
    """Files from the future tell it."""
    folder = ended("abcd1234")
    later = time.time() + 3_600
    os.utime(folder.database, (later, later))
    assert only(diagnosis.clock()).status is Health.WARN


def test_a_clock_that_was_never_set_fails(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates and lists would be wrong."""
    monkeypatch.setattr("time.time", lambda: 86_400.0)
    assert only(diagnosis.clock()).status is Health.FAIL


def test_who_has_the_usual_port_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(diagnosis, "USUAL_PORT", taken.getsockname()[1])
        finding = only(diagnosis.ports())
    assert finding.status is Health.WARN
    assert "--port 0 picks one" in finding.fix


def test_few_open_files_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """And any number is none."""
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 256))
    assert only(diagnosis.limits()).fix == "ulimit -n 1024 before nnictl create"
    monkeypatch.setattr("resource.getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert only(diagnosis.limits()).status is Health.OK


class NVMLError(Exception):
    """As pynvml has it."""


def test_gpus_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a library in place of NVML's: the machine that tests has no GPU."""
    names = ["NVIDIA H100", "NVIDIA A10"]
    library = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda handle: names[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert only(diagnosis.gpus()).message == "0: NVIDIA H100, 1: NVIDIA A10"
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert "comes with nni-service-local" in only(diagnosis.gpus()).message


def test_the_archived_nni_beside_us_does_not_keep_the_doctor_away(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every other command refuses to run beside it."""
    site = tmp_path / "site-packages"
    (site / "nni-3.0.dist-info").mkdir(parents=True)
    (site / "nni-3.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: nni\nVersion: 3.0\n")
    monkeypatch.syspath_prepend(str(site))
    assert run(["plugins", "list"]) == 2
    assert run(["doctor"]) == 1
    assert "fail  nni" in capsys.readouterr().out
