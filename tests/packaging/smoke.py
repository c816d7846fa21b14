"""A first experiment in an environment that has nothing but the wheels; run from outside the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

NNICTL = str(Path(sys.executable).with_name("nnictl"))
TRIAL = "import nni\np = nni.get_next_parameter()\nnni.report_final_result(p['x'] ** 2)\n"
CONFIG = f"""
search_space:
  x: {{_type: uniform, _value: [-1, 1]}}
trial_command: {sys.executable} trial.py
trial_concurrency: 2
max_trial_number: 6
tuner:
  name: NAME
training_service:
  platform: local
sinks:
  - name: jsonl
"""


def nnictl(*arguments: str) -> str:
    """Run a command; fail with what it said."""
    done = subprocess.run([NNICTL, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"nnictl {' '.join(arguments)} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def run_experiment(tuner: str) -> None:
    """Six trials with a tuner, through create, the portal, stop and export."""
    Path("trial.py").write_text(TRIAL)
    Path("config.yaml").write_text(CONFIG.replace("NAME", tuner))
    nnictl("create", "--config", "config.yaml", "--port", "0")
    folder = (Path.home() / "nni-experiments" / "_latest").resolve()
    base = json.loads((folder / "manager.json").read_text())["urls"][0]
    with urllib.request.urlopen(f"{base}/", timeout=30) as page:
        html = page.read().decode()
    if 'id="app"' not in html:
        sys.exit(f"the portal is not served at {base}:\n{html[:500]}")
    limit = time.monotonic() + 120
    while json.load(urllib.request.urlopen(f"{base}/api/v1/nni/check-status", timeout=30))["status"] != "DONE":
        if time.monotonic() > limit:
            sys.exit(f"{tuner}: not done in two minutes; see {folder}")
        time.sleep(0.2)
    nnictl("stop", "--all")
    nnictl("experiment", "export", folder.name, "--type", "json", "--filename", "results.json")
    rows = json.loads(Path("results.json").read_text())
    if len(rows) != 6 or any(abs(row["parameter"]["x"] ** 2 - json.loads(row["value"])) > 1e-12 for row in rows):
        sys.exit(f"{tuner}: wrong results: {rows}")
    if (folder / "events.jsonl").read_text().count("\n") < 12:
        sys.exit(f"{tuner}: the sink wrote too little")


def run_hello() -> None:
    """The example that nnictl writes runs with nothing but what is installed."""
    shutil.rmtree("nni_hello_hpo", ignore_errors=True)
    nnictl("hello")
    os.chdir("nni_hello_hpo")
    nnictl("create", "--config", "config.yaml", "--port", "0", "--wait")
    os.chdir("..")


def main() -> None:
    """Every tuner that ships, one after the other."""
    import nni_core

    if "site-packages" not in str(nni_core.__file__):
        sys.exit(f"nni_core comes from {nni_core.__file__}, not from the wheel")
    listed = json.loads(nnictl("plugins", "list", "--json"))
    broken = [entry for entry in listed if entry["status"] != "ok"]
    if broken:
        sys.exit(f"broken plugins: {broken}")
    for tuner in ("TPE", "TPE_legacy", "Anneal"):
        run_experiment(tuner)
    run_hello()
    print("smoke: 4 passed, 0 failed")


if __name__ == "__main__":
    main()
