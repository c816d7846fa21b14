"""Looks at the tutorial's experiment, which the command of README has started: ten plausible trials, then stop."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

BASE = "http://localhost:8080"


def get(path: str) -> Any:
    """A JSON document of the experiment on port 8080."""
    with urllib.request.urlopen(f"{BASE}{path}", timeout=30) as answer:
        return json.loads(answer.read())


def wait_until_done(limit: float) -> None:
    """Until the experiment is DONE, or ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while get("/api/v1/nni/check-status")["status"] != "DONE":
        if time.monotonic() > deadline:
            sys.exit(f"not done in {limit} s: {get('/api/v1/nni/check-status')}")
        time.sleep(0.5)


def check_trials() -> None:
    """Ten trials SUCCEEDED with accuracies that digits allow, and the best one's parameters are those it ran with."""
    trials = get("/api/v1/nni/trial-jobs")
    states = [trial["status"] for trial in trials]
    if states != ["SUCCEEDED"] * 10:
        sys.exit(f"states: {states}")
    accuracies = {one["trialJobId"]: json.loads(json.loads(one["finalMetricData"][0]["data"])) for one in trials}
    if not all(0 <= value <= 1 for value in accuracies.values()) or max(accuracies.values()) < 0.8:
        sys.exit(f"implausible accuracies: {accuracies}")
    best = max(trials, key=lambda one: accuracies[one["trialJobId"]])
    ran_with = json.loads((Path(best["logPath"]) / "parameter.cfg").read_text())["parameters"]
    shown = json.loads(best["hyperParameters"][0])["parameters"]
    if ran_with != shown or get("/api/v1/experiment")["best"]["trial_id"] != best["trialJobId"]:
        sys.exit(f"the best trial ran with {ran_with} and is shown with {shown}")
    curve = get(f"/api/v1/nni/metric-data/{best['trialJobId']}?type=PERIODICAL")
    if not curve:
        sys.exit("the best trial reported no intermediate results")
    print(f"tutorial: 10 trials succeeded, best accuracy {max(accuracies.values()):.4f} with {shown}")


def check_stop() -> None:
    """``nnictl stop`` prints its two lines and leaves no process."""
    experiment = get("/api/v1/experiment")["id"]
    nnictl = str(Path(sys.executable).with_name("nnictl"))
    done = subprocess.run([nnictl, "stop", experiment], capture_output=True, text=True, check=False)
    if done.stdout != f"INFO:  Stopping experiment {experiment}\nINFO:  Stop experiment success.\n":
        sys.exit(f"stop said: {done.stdout}{done.stderr}")
    left = subprocess.run(["pgrep", "-f", experiment], capture_output=True, text=True, check=False).stdout
    if left.strip():
        sys.exit(f"processes are left: {left}")


if __name__ == "__main__":
    with urllib.request.urlopen(f"{BASE}/", timeout=30) as page:
        if page.status != 200:
            sys.exit(f"the portal answered {page.status}")
    wait_until_done(600)
    check_trials()
    check_stop()
    print("3 passed, 0 failed")
