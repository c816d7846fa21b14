"""Nothing of a trial stays behind, whatever it starts and whoever is killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from nni_core.testing.service_driver import ServiceDriver, service_context
from nni_service_local import records
from nni_service_local.service import LocalService

#: leaves three processes that nothing connects with the trial any more: forked twice, in sessions of their own, and
#: deaf to SIGTERM
_DAEMONS = """
import os, signal, sys, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open(os.environ["NNI_SYS_DIR"] + "/.nni/metrics", "a") as spool:
            spool.write("daemon\\n")
        time.sleep(600)
"""


def processes_of(attempt: str) -> list[psutil.Process]:
    """Everything alive that carries an attempt's token."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("NNI_TRIAL_TOKEN") == attempt and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def supervisor_of(driver: ServiceDriver, name: str) -> int:
    """The pid in a trial's start record."""
    record = records.read_record(driver.service.trial_directory(name, 1), records.START, driver.attempt(name))
    assert record
    return int(record["pid"])


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[ServiceDriver]:
    context = service_context(tmp_path)
    (context.requirements.code_directory / "daemons.py").write_text(_DAEMONS)
    async with ServiceDriver(LocalService(context), context) as driver:
        yield driver


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps orphans in the tree")
async def test_daemons_are_ended_with_the_trial(driver: ServiceDriver) -> None:
    """Daemons that ignore SIGTERM are killed before the trial's end is told, and the user is told of them."""
    end = await driver.run(driver.spec("one", [sys.executable, "daemons.py"]))
    assert (end.exit_code, end.message) == (0, "ended processes that the command left behind")
    assert processes_of(driver.attempt("one")) == []


async def test_cancel_ends_daemons_as_well(driver: ServiceDriver) -> None:
    """Cancelling reaches what the command started, wherever it hides."""
    spec = driver.spec("one", f"{sys.executable} daemons.py; sleep 600")
    await driver.submit(spec)
    await driver.output(spec.attempt_id, b"daemon\ndaemon\ndaemon\n")
    await driver.service.cancel(spec.attempt_id, 0.1)
    await driver.exited(spec.attempt_id)
    assert processes_of(spec.attempt_id) == []


async def test_trial_of_a_killed_supervisor_is_lost_and_swept(driver: ServiceDriver) -> None:
    """A supervisor that is killed takes its trial along, which is lost."""
    spec = driver.spec("one", f"{sys.executable} daemons.py; sleep 600")
    await driver.submit(spec)
    await driver.output(spec.attempt_id, b"daemon\ndaemon\ndaemon\n")
    os.kill(supervisor_of(driver, "one"), signal.SIGKILL)
    assert "killed by signal 9" in (await driver.lost(spec.attempt_id)).message
    assert processes_of(spec.attempt_id) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the trial is found by its token only")
async def test_trial_without_a_token_ends_with_its_supervisor(driver: ServiceDriver) -> None:
    """The warden inherits the tree of a killed supervisor, so that nothing has to be found by its environment."""
    spec = driver.spec(
        "one", "setsid env -i sleep 7531 & echo here >> $NNI_SYS_DIR/.nni/metrics; exec env -i sleep 7531"
    )
    other = driver.spec("two", "sleep 0.5; echo fine")
    await driver.submit(spec)
    await driver.submit(other)
    await driver.output(spec.attempt_id, b"here")
    os.kill(supervisor_of(driver, "one"), signal.SIGKILL)
    await driver.lost(spec.attempt_id)
    # They have been killed, and a busy machine takes a moment to bury them.
    psutil.wait_procs(
        [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "7531"]], timeout=0.3
    )
    assert [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "7531"]] == []
    assert (await driver.exited(other.attempt_id)).exit_code == 0


async def test_program_that_ends_well_when_asked_has_its_whole_grace(driver: ServiceDriver) -> None:
    """The shell dies of SIGTERM at once; what it started is asked once, and may take its time to tidy up."""
    tidy = (
        'trap "sleep 0.3; echo tidy; exit 0" TERM; echo here >> $NNI_SYS_DIR/.nni/metrics; while :; do sleep 0.05; done'
    )
    spec = driver.spec("one", f"sh -c '{tidy}'; true")
    await driver.submit(spec)
    await driver.output(spec.attempt_id, b"here")
    await driver.service.cancel(spec.attempt_id, 30.0)
    assert (await driver.exited(spec.attempt_id)).signal == signal.SIGTERM
    assert await driver.log("one") == b"tidy\n"


async def test_stopped_trial_can_be_cancelled(driver: ServiceDriver) -> None:
    """A trial that was stopped (Ctrl-Z, a debugger) hears SIGTERM all the same."""
    spec = driver.spec("one", "echo here >> $NNI_SYS_DIR/.nni/metrics; kill -STOP $$; exec sleep 600")
    await driver.submit(spec)
    await driver.output(spec.attempt_id, b"here")
    await driver.service.cancel(spec.attempt_id, 30.0)
    assert (await driver.exited(spec.attempt_id)).signal == signal.SIGTERM


async def test_supervisors_are_used_again_and_go_with_the_service(tmp_path: Path) -> None:
    """Trials one after the other have the same supervisor; when the service stops, no process of it is left."""
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        pids = set()
        for number in range(5):
            await driver.run(driver.spec(f"t{number}", "true"))
            pids.add(supervisor_of(driver, f"t{number}"))
        assert len(pids) == 1
    gone, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=10)
    assert (alive, len(gone) <= 1) == ([], True)
