"""Several processes and threads of one trial report into one spool."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import nni
from nni_core.wire import SpoolReader, SpoolRecord

EnterTrial = Callable[..., Path]
ReadSpool = Callable[[], list[SpoolRecord]]

REPORT_500 = """
import warnings, nni
warnings.simplefilter("ignore")
nni.get_next_parameter()
for step in range(500):
    nni.report_intermediate_result({"default": step, "text": "x" * (step % 300)})
"""


def test_eight_processes_interleave_whole_records(
    trial_environment: Callable[..., dict[str, str]], read_spool: ReadSpool
) -> None:
    """8 x 500 reports: 4000 sound records, numbered without a gap."""
    environment = os.environ | trial_environment()
    processes = [subprocess.Popen([sys.executable, "-c", REPORT_500], env=environment) for _ in range(8)]
    assert [process.wait() for process in processes] == [0] * 8
    records = read_spool()
    assert [record.sequence for record in records] == list(range(4000))
    assert sorted(record.value["default"] for record in records) == sorted(list(range(500)) * 8)


def test_threads(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """Threads of one process number their results together."""
    enter_trial()
    nni.get_next_parameter()

    def report() -> None:
        for step in range(100):
            nni.report_intermediate_result(step)

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [record.sequence for record in read_spool()] == list(range(400))


def test_forked_children_and_their_parent(
    trial_environment: Callable[..., dict[str, str]], read_spool: ReadSpool
) -> None:
    """Children forked in the middle, as data loaders are, go on with the same numbers; who mixes is told so once."""
    script = """
import os, nni
nni.get_next_parameter()
nni.report_intermediate_result(0)
for child in range(2):
    if os.fork() == 0:
        for step in range(50): nni.report_intermediate_result(step)
        os._exit(0)
os.wait(); os.wait()
for step in range(50): nni.report_intermediate_result(step)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | trial_environment(), capture_output=True, text=True, check=True
    )
    assert [record.sequence for record in read_spool()] == list(range(151))
    assert "several processes of this trial report results: report from one, rank 0, only" in done.stderr
    assert done.stderr.count("RuntimeWarning") <= 3


def test_one_process_after_another(
    enter_trial: EnterTrial, trial_environment: Callable[..., dict[str, str]], read_spool: ReadSpool
) -> None:
    """A trial of two commands counts on, and the final result of the first is the trial's."""
    enter_trial()
    first = "import nni; nni.get_next_parameter(); nni.report_intermediate_result(1); nni.report_final_result(2)"
    environment = os.environ | trial_environment()
    subprocess.run([sys.executable, "-W", "error", "-c", first], env=environment, check=True)
    nni.get_next_parameter()
    with pytest.warns(RuntimeWarning, match="second final result is ignored"):
        nni.report_final_result(3)
    assert [record.value for record in read_spool()] == [1, 2]


def test_torn_record_is_closed_by_the_next_writer(
    trial_environment: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    """A record cut short by a full disk costs itself only; its number is given to the next."""
    script = """
import os, resource, warnings, nni
warnings.simplefilter("ignore")
nni.get_next_parameter()
nni.report_intermediate_result(1)
size = os.stat(os.environ["NNI_SYS_DIR"] + "/.nni/metrics").st_size
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, hard))
nni.report_intermediate_result(2)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
nni.report_intermediate_result(3)
"""
    subprocess.run([sys.executable, "-c", script], env=os.environ | trial_environment(), check=True)
    reader = SpoolReader()
    records = reader.feed(0, (tmp_path / ".nni" / "metrics").read_bytes())
    assert [(record.sequence, record.value) for record in records] == [(0, 1), (1, 3)]
    assert reader.skipped == 1
