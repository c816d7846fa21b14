"""Twenty experiments at once: they keep apart, and one command ends them all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

MANY = 20


def test_stop_all_leaves_nothing_of_twenty_experiments(user) -> None:
    """Twenty experiments run beside each other, with ports and trials of their own; stop --all ends every process."""
    config = user.config(trial="import nni, time\nnni.get_next_parameter()\ntime.sleep(300)\n", trials=100)
    with ThreadPoolExecutor(2) as pool:
        starts = list(pool.map(lambda _: user.nnictl("create", "-c", str(config), "--port", "0"), range(MANY)))
    assert [start.returncode for start in starts] == [0] * MANY, [start.stderr for start in starts]
    experiments = [user.experiment_in(folder) for folder in _folders(user.home)]
    assert len({experiment.manager["port"] for experiment in experiments}) == MANY
    assert user.nnictl("experiment", "list").stdout.count("RUNNING") == MANY
    assert user.nnictl("stop", "--all", timeout=120).returncode == 0
    assert [pid for experiment in experiments for pid in experiment.processes()] == []
    assert "RUNNING" not in user.nnictl("experiment", "list", "--all").stdout


def _folders(home: Path) -> list[Path]:
    return [folder for folder in (home / "nni-experiments").iterdir() if not folder.is_symlink()]
