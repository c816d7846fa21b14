"""Save, load, view and export: an experiment that others look at and go on with."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import NNICTL, Experiment, User, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

#: prints, leaves a file of its own, and waits for GO from the third trial on
TRIAL = """
import nni, os, pathlib, time
parameters = nni.get_next_parameter()
print("training", nni.get_trial_id())
pathlib.Path(os.environ["NNI_OUTPUT_DIR"], "model.txt").write_text("weights")
while nni.get_sequence_id() >= 2 and not os.path.exists("GO"):
    time.sleep(0.05)
nni.report_intermediate_result(0.5)
nni.report_final_result(parameters["x"])
"""


@pytest.fixture
def friend(tmp_path: Path) -> Iterator[User]:
    """Somebody else, with a home of their own."""
    home = tmp_path / "friend"
    home.mkdir()
    someone = User(home)
    yield someone
    someone.nnictl("stop", "--all")


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def listed(user: User) -> list[tuple[str, str]]:
    document = json.loads(user.nnictl("experiment", "list", "--json").stdout)
    return [(one["id"], one["status"]) for one in document]


def viewed(user: User, what: str) -> Experiment:
    """The view of something, as an experiment that answers."""
    done = user.nnictl("view", what, "--port", "0")
    assert done.returncode == 0, done.stderr
    (view,) = (user.home / "nni-experiments" / ".views").iterdir()
    return user.experiment_in(view)


def is_gone(pid: int) -> bool:
    """One that has ended and that nobody has asked for its exit code has no command line any more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() == b""
    except OSError:
        return True


def refused(view: Experiment, method: str, path: str) -> int:
    url = f"http://127.0.0.1:{view.manager['port']}{path}"
    request = urllib.request.Request(url, b"{}", {"content-type": "application/json"}, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    with caught.value as answer:
        return answer.code


def test_a_running_experiment_is_saved_and_a_friend_goes_on_with_it(user: Any, friend: User, tmp_path: Path) -> None:
    """What ran is run again; what was done stays done, and the code comes along."""
    experiment = user.create(user.config(trial=TRIAL, trials=4, concurrency=1))
    until(lambda: [one["status"] for one in experiment.trials()][2:] == ["RUNNING"], what="the third trial")
    saved = user.nnictl("experiment", "save", "--saveCodeDir", "--path", str(tmp_path / "b.zip"))
    assert saved.returncode == 0, saved.stderr
    assert experiment.state == "RUNNING"
    loaded = friend.nnictl("experiment", "load", "--path", str(tmp_path / "b.zip"), "--json")
    assert loaded.returncode == 0, loaded.stderr
    document = json.loads(loaded.stdout)
    (Path(document["code_directory"]) / "GO").touch()
    theirs = friend.resume(friend.experiment_in(Path(document["directory"])))
    theirs.wait("DONE")
    mine = {one["trialJobId"]: one for one in experiment.trials()}
    trials = theirs.trials()
    assert [one["status"] for one in trials] == ["SUCCEEDED"] * 4
    assert [one["trialJobId"] for one in trials][:3] == list(mine)
    assert [one["endTime"] for one in trials[:2]] == [one["endTime"] for one in list(mine.values())[:2]]
    assert (theirs.folder / "trials" / trials[0]["trialJobId"] / "model.txt").read_text() == "weights"


@pytest.mark.browser
def test_a_stopped_experiment_is_viewed_and_stays_as_it_is(user: Any) -> None:
    """In the portal, read-only, listed as VIEWED; not a byte of its folder changes; stop ends it."""
    from playwright.sync_api import expect, sync_playwright

    experiment = user.create(user.config(trials=2))
    experiment.wait("DONE")
    user.nnictl("stop")
    before = digests(experiment.folder)
    view = viewed(user, experiment.id)
    assert listed(user) == [(experiment.id, "VIEWED")]
    assert user.nnictl("view", experiment.id, "--port", "0").returncode == 2
    assert refused(view, "POST", "/api/v1/experiment/stop") == 409
    assert refused(view, "POST", "/api/v1/nni/trial-jobs") == 409
    assert view.get("/api/v1/experiment")["directory"] == str(experiment.folder)
    best = view.get("/api/v1/experiment")["best"]
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://localhost:{view.manager['port']}/trials/{best['trial_id']}")
        expect(page.get_by_role("heading", name=f"Trial #{best['sequence_id']}")).to_be_visible()
        browser.close()
    assert complaints == []
    pid = view.manager["pid"]
    assert user.nnictl("stop").returncode == 0
    assert (listed(user), view.folder.exists(), is_gone(pid)) == ([], False, True)
    assert digests(experiment.folder) == before


def test_a_bundle_is_viewed_where_there_is_nothing_else(user: Any, friend: User) -> None:
    """Its logs and outputs too; what was unpacked is gone afterwards, however the view ended."""
    experiment = user.create(user.config(trial=TRIAL, trials=2))
    experiment.wait("DONE")
    user.nnictl("stop")
    assert user.nnictl("experiment", "save").returncode == 0
    bundle = str(user.work / f"nni_experiment_{experiment.id}.zip")
    view = viewed(friend, bundle)
    assert listed(friend) == [(experiment.id, "VIEWED")]
    trial = view.trials()[0]["trialJobId"]
    assert f"training {trial}" in friend.nnictl("log", "trial", experiment.id, "--trial_id", trial).stdout
    assert str(view.manager["port"]) in friend.nnictl("webui", "url", experiment.id).stdout
    exported = friend.nnictl("experiment", "export", "-f", "-", "-t", "jsonl")
    assert json.loads(exported.stdout.splitlines()[0])["trialJobId"] == trial
    assert friend.nnictl("resume", experiment.id).returncode == 2
    os.kill(view.manager["pid"], signal.SIGKILL)
    until(lambda: listed(friend) == [] and not view.folder.exists(), what="the view to be forgotten")
    view = viewed(friend, bundle)
    pid = view.manager["pid"]
    assert friend.nnictl("stop", "--all").returncode == 0
    assert (view.folder.exists(), is_gone(pid)) == (False, True)


def test_a_view_does_not_stand_in_the_way(user: Any) -> None:
    """Its experiment can be resumed, is listed as what it is then, and one stop ends both."""
    experiment = user.create(user.config(trials=2))
    experiment.wait("DONE")
    user.nnictl("stop")
    view = viewed(user, experiment.id)
    resumed = user.resume(experiment)
    assert sorted(state for _, state in listed(user)) == ["DONE", "VIEWED"]
    assert user.nnictl("view", experiment.id, "--port", "0").returncode == 2
    pid = view.manager["pid"]
    assert user.nnictl("stop", experiment.id).returncode == 0
    assert (resumed.processes(), is_gone(pid), view.folder.exists(), listed(user)) == ([], True, False, [])


def test_ctrl_c_ends_a_view_in_the_foreground(user: Any) -> None:
    """Nothing is left of it."""
    experiment = user.create(user.config(trials=1))
    experiment.wait("DONE")
    user.nnictl("stop")
    command = [str(NNICTL), "view", experiment.id, "--port", "0", "--foreground"]
    with subprocess.Popen(command, env=user.environment, stdout=subprocess.PIPE, text=True) as view:
        assert view.stdout is not None
        assert any("Reference" in line for line in view.stdout)
        (folder,) = (user.home / "nni-experiments" / ".views").iterdir()
        pid = json.loads((folder / "manager.json").read_text())["pid"]
        view.send_signal(signal.SIGINT)
        assert view.wait(20) == 130
    assert is_gone(pid)
    assert list((user.home / "nni-experiments" / ".views").iterdir()) == []


def test_every_format_is_exported_from_one_that_runs_and_one_that_does_not(user: Any) -> None:
    """And both say the same."""
    experiment = user.create(user.config(trials=2))
    experiment.wait("DONE")
    formats = ("json", "csv", "jsonl", "parquet")
    for kind in formats:
        done = user.nnictl("experiment", "export", "-f", f"live.{kind}", "--all-trials", "-i")
        assert done.returncode == 0, done.stderr
    user.nnictl("stop")
    for kind in formats:
        user.nnictl("experiment", "export", experiment.id, "-f", f"dead.{kind}", "--all-trials", "-i")
        assert (user.work / f"dead.{kind}").read_bytes() == (user.work / f"live.{kind}").read_bytes()
