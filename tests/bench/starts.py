"""What starting costs: ``import nni``, ``nnictl --help``, and ``nnictl create`` to prompt and first trial."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import BIN, Home, Row, interleaved, seconds

CONFIG = """
search_space:
  features: {_type: choice, _value: [128, 256, 512, 1024]}
  lr: {_type: loguniform, _value: [0.0001, 0.1]}
  momentum: {_type: uniform, _value: [0, 1]}
trial_command: sleep 30
trial_concurrency: 2
max_trial_number: 10
tuner:
  name: TPE
  class_args: {optimize_mode: maximize}
training_service:
  platform: local
"""


def rows(home: Home) -> Iterator[Row]:
    """The rows of the report."""
    yield _import(home)
    bare, command = interleaved(
        [lambda: home.run(sys.executable, "-c", "pass"), lambda: home.run(str(BIN / "nnictl"), "--help")], 9
    )
    yield Row(
        what="`nnictl --help`",
        measured=f"{command:.2f} s",
        beside=f"{command / bare:.1f} × bare Python ({bare * 1000:.0f} ms)",
        bar="0.25 s",
        met=command <= 0.25,
    )
    yield from _create(home)


def _import(home: Home) -> Row:
    def python(code: str) -> None:
        home.run(sys.executable, "-c", code)

    bare, ours = interleaved([lambda: python("pass"), lambda: python("import nni")], 21)
    extra = (ours - bare) * 1000
    return Row(
        what="`import nni`",
        measured=f"{extra:.1f} ms over bare Python",
        beside=f"{ours / bare:.2f} × bare Python",
        bar="15 ms",
        met=extra <= 15,
    )


def _create(home: Home) -> Iterator[Row]:
    (home.path / "config.yaml").write_text(CONFIG)
    prompts, trials = [], []
    for _ in range(5):
        prompt, trial = _one_create(home)
        prompts.append(prompt)
        trials.append(trial)
    prompt, trial = sorted(prompts)[2], sorted(trials)[2]
    bare = seconds(lambda: home.run(sys.executable, "-c", "pass"), 9)
    beside = f"{prompt / bare:.0f} × bare Python"
    yield Row(
        what="`nnictl create` until the prompt is back",
        measured=f"{prompt:.2f} s",
        beside=beside,
        bar="0.7 s",
        met=prompt <= 0.7,
    )
    yield Row(
        what="`nnictl create` until the first trial runs",
        measured=f"{trial:.2f} s",
        beside=f"{trial / bare:.0f} × bare Python",
        bar="1.0 s",
        met=trial <= 1.0,
    )


def _one_create(home: Home) -> tuple[float, float]:
    """Seconds until the prompt is back, and until the command of the first trial runs (from its start record)."""
    start, clock = time.perf_counter(), time.time()
    home.run(str(BIN / "nnictl"), "create", "--config", "config.yaml", "--port", "0")
    prompt = time.perf_counter() - start
    folder = (home.path / "nni-experiments" / "_latest").resolve()
    first = _first_start(folder)
    subprocess.run([BIN / "nnictl", "stop", "--all"], env=home.environment, capture_output=True, check=True)
    return prompt, first / 1000 - clock


def _first_start(folder: Path) -> float:
    from nni_core.store.events import TrialBegan
    from nni_core.store.reader import open_readonly

    while True:
        with open_readonly(folder / "experiment.sqlite") as reader:
            began = [event.timestamp for event in reader.replay() if isinstance(event.body, TrialBegan)]
        if began:
            return float(min(began))
        time.sleep(0.05)
