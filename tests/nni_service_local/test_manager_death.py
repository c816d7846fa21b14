"""Trials do not depend on the manager being alive, and are never started twice."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from nni_core.api import AttemptStatus, TrialLost
from nni_core.model import AttemptId
from nni_core.testing.service_driver import ServiceDriver, service_context
from nni_service_local import marked, records
from nni_service_local.link import WardenLink
from nni_service_local.service import LocalService
from nni_service_local.supervisor import Origin, Trial

#: a manager that starts three trials, says so, and waits to be killed
_MANAGER = """
import asyncio, pathlib, sys
from nni_core.testing.service_driver import ServiceDriver, service_context
from nni_service_local.service import LocalService

async def main():
    context = service_context(pathlib.Path(sys.argv[1]))
    async with ServiceDriver(LocalService(context), context) as driver:
        report = ">> $NNI_SYS_DIR/.nni/metrics"
        for name in "abc":
            wait = f"printf 12 {report}; until test -e go-{name}; do sleep 0.02; done; printf {name} {report}; exit 7"
            await driver.submit(driver.spec(name, wait, time_limit=60.0))
        for name in "abc":
            await driver.output(driver.attempt(name), b"12")
        print("running", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def killed_manager(directory: Path) -> None:
    """Run a manager until its trials do, then kill it."""
    command = [sys.executable, "-c", _MANAGER, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as manager:
        assert manager.stdout
        assert manager.stdout.readline() == b"running\n"
        manager.kill()


def is_warden(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "nni_service_local" in " ".join(process.cmdline())
    return False


def warden() -> psutil.Process:
    (found,) = filter(is_warden, psutil.Process().children())
    return found


async def test_trials_of_a_killed_manager_are_adopted(tmp_path: Path) -> None:
    """After a kill -9 of the manager a new one finds every trial, loses no byte and no result, and can end trials."""
    killed_manager(tmp_path)
    context = service_context(tmp_path)
    (context.requirements.code_directory / "go-a").touch()
    async with ServiceDriver(LocalService(context), context) as driver:
        found = await driver.reattach("a", "b", "c", "d", known=1)
        assert found[driver.attempt("a")] in {AttemptStatus.RUNNING, AttemptStatus.EXITED}
        assert [found[driver.attempt(name)] for name in "bcd"] == ["running", "running", "absent"]
        (context.requirements.code_directory / "go-b").touch()
        await driver.service.cancel(driver.attempt("c"), 5.0)
        ends = [await driver.exited(driver.attempt(name)) for name in "abc"]
        assert [end.exit_code for end in ends] == [7, 7, None]
        assert [driver.spool(driver.attempt(name)) for name in "abc"] == [b"2a", b"2b", b"2"]


async def test_trial_whose_supervisor_died_too_is_lost(tmp_path: Path) -> None:
    """With manager and supervisor both killed, the trial is found, ended, and told as lost."""
    killed_manager(tmp_path)
    context = service_context(tmp_path)
    driver = ServiceDriver(LocalService(context), context)
    record = records.read_record(f"{context.directory}/trials/a", records.START, driver.attempt("a"))
    assert record
    os.kill(record["pid"], signal.SIGKILL)
    async with driver:
        # The kernel may not be done with the killed one yet.
        assert (await driver.reattach("a"))[driver.attempt("a")] in {AttemptStatus.UNKNOWN, AttemptStatus.RUNNING}
        assert "ended without a record" in (await driver.lost(driver.attempt("a"))).message
        await driver.reattach("b", "c")
        for name in "bc":
            await driver.service.cancel(driver.attempt(name), 0.0)
            await driver.exited(driver.attempt(name))


async def test_killed_warden_is_replaced(tmp_path: Path) -> None:
    """A killed warden costs nothing: trials that run are watched on, new ones start."""
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        spec = driver.spec(
            "one", "echo here >> $NNI_SYS_DIR/.nni/metrics; until test -e go; do sleep 0.02; done; exit 4"
        )
        await driver.submit(spec)
        await driver.output(spec.attempt_id, b"here")
        warden().kill()
        # On its way to the dead warden, and to its successor.
        second = await driver.run(driver.spec("two", "exit 6"))
        (context.requirements.code_directory / "go").touch()
        assert ((await driver.exited(spec.attempt_id)).exit_code, second.exit_code) == (4, 6)


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.005, 0.02])
async def test_what_is_submitted_while_a_warden_is_replaced_is_started(delay: float, tmp_path: Path) -> None:
    """At whatever moment of the replacement."""
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        lost = asyncio.Event()
        told = driver.service._on_warden_loss

        def on_loss(link: WardenLink) -> None:
            told(link)
            lost.set()

        assert driver.service._link is not None
        driver.service._link._on_loss = on_loss
        warden().kill()
        await lost.wait()
        await asyncio.sleep(delay)
        assert (await driver.run(driver.spec("one", "exit 6"))).exit_code == 6


async def test_a_successor_that_is_killed_has_a_successor(tmp_path: Path) -> None:
    """Before it was ready."""
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        first = warden()
        with (context.directory / "trials" / "warden.lock").open() as lock:
            # Who waits longest gets it: the successor waits for us, and is not ready.
            held = asyncio.create_task(asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX))
            await asyncio.sleep(0.1)
            first.kill()
            await held
            while not (successors := [one for one in psutil.Process().children() if one != first and is_warden(one)]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            successors[0].kill()
            await asyncio.sleep(0.05)
        assert (await driver.run(driver.spec("one", "exit 6"))).exit_code == 6


@pytest.fixture
def slow_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed supervisor left takes its time to end: long enough to do something in the meantime."""
    end_all = marked.end_all

    def slowly(attempt_id: AttemptId) -> int:
        time.sleep(0.5)  # the time that it takes
        return end_all(attempt_id)

    monkeypatch.setattr(marked, "end_all", slowly)


async def kill_amid_the_sweep(driver: ServiceDriver, trial: str) -> None:
    """Kill a trial's supervisor, and the warden while what is left of the trial is being ended. Return when all that
    follows from it is over."""
    record = records.read_record(f"{driver.context.directory}/trials/{trial}", records.START, driver.attempt(trial))
    assert record
    os.kill(record["pid"], signal.SIGKILL)
    await asyncio.sleep(0.2)  # it is noticed, and not over yet: the sweep is slow
    warden().kill()
    await driver.lost(driver.attempt(trial))
    # Longer than a second sweep, if there is one.
    assert (await driver.run(driver.spec("two", "sleep 1; exit 6"))).exit_code == 6


@pytest.mark.usefixtures("slow_sweep")
async def test_the_end_of_an_adopted_trial_is_told_once(tmp_path: Path) -> None:
    """Its supervisor is killed, and the warden while what is left is being ended."""
    killed_manager(tmp_path)
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        await driver.reattach("a", "b", "c")
        await kill_amid_the_sweep(driver, "a")
        for name in "bc":
            await driver.service.cancel(driver.attempt(name), 0.0)
            await driver.exited(driver.attempt(name))
        assert [type(event) for event in driver.about(driver.attempt("a"))].count(TrialLost) == 1


@pytest.mark.usefixtures("slow_sweep")
async def test_the_end_of_a_killed_supervisor_is_told_once(tmp_path: Path) -> None:
    """Its warden is killed while what is left is being ended."""
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        spec = driver.spec("one", "echo here >> $NNI_SYS_DIR/.nni/metrics; exec sleep 600")
        await driver.submit(spec)
        await driver.output(spec.attempt_id, b"here")
        await kill_amid_the_sweep(driver, "one")
        assert [type(event) for event in driver.about(spec.attempt_id)].count(TrialLost) == 1


async def test_trial_of_a_replaced_warden_can_be_cancelled(tmp_path: Path) -> None:
    """A cancellation reaches a trial whose warden was killed, even in the moment in which it is replaced."""
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        spec = driver.spec("one", "echo here >> $NNI_SYS_DIR/.nni/metrics; exec sleep 600")
        await driver.submit(spec)
        await driver.output(spec.attempt_id, b"here")
        warden().kill()
        await driver.service.cancel(spec.attempt_id, 5.0)
        assert (await driver.exited(spec.attempt_id)).signal == signal.SIGTERM


class _Alarm:
    cancelled = False


def test_supervisor_of_an_earlier_warden_starts_nothing(tmp_path: Path, monkeypatch) -> None:
    """An order that was still on its way when a new warden took over is dropped, and leaves no sign of a start."""
    monkeypatch.chdir(tmp_path)
    lock = tmp_path / "warden.lock"
    lock.write_bytes(b"new mark")
    order = {"directory": f"{tmp_path}/one", "attempt_id": "x", "parameter_file": "", "gpus": [], "gpu_share": 0.0}
    with lock.open("rb") as held:
        for mark, runs in ((b"old mark", False), (b"new mark", True)):
            trial = Trial(order, Origin(str(lock), mark, 0o022, ""), _Alarm())
            assert trial.prepare(held.fileno()) is runs
            assert (records.read_record(f"{tmp_path}/one", records.START, "x") is not None) is runs
            trial.release()
