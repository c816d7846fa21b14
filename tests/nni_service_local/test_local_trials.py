"""What trials of the local service find, and what they cannot do to it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve

from nni_core.api import Rejected
from nni_core.errors import NotFoundError, PermanentError
from nni_core.model import LogStream, TrialId
from nni_core.testing.service_driver import ServiceDriver, service_context
from nni_service_local.service import LocalService


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[ServiceDriver]:
    context = service_context(tmp_path)
    async with ServiceDriver(LocalService(context), context) as driver:
        yield driver


async def test_every_trial_gets_its_own_parameters(driver: ServiceDriver) -> None:
    """A hundred trials, eight at a time: each reports the checksum of its own parameter file."""
    places = asyncio.Semaphore(8)

    async def run(number: int) -> bool:
        content = json.dumps({"parameter_id": number, "parameters": {"x": number / 7}}).encode()
        name = f"t{number}"
        async with places:
            command = 'sha256sum < "$NNI_SYS_DIR/parameter.cfg" >> "$NNI_SYS_DIR/.nni/metrics"'
            await driver.run(driver.spec(name, command, parameter_file=content))
        return driver.spool(driver.attempt(name)).split()[0].decode() == hashlib.sha256(content).hexdigest()

    assert all(await asyncio.gather(*(run(number) for number in range(100))))


async def test_environment_has_nnis_names(driver: ServiceDriver, monkeypatch) -> None:
    """A trial finds the variables of NNI with their values, on top of the manager's own."""
    code = str(driver.context.requirements.code_directory)
    spec = driver.spec("one", "env | grep -E '^(NNI_|CUDA_|HOME=)' | sort", attempt=2)
    await driver.run(spec)
    folder = driver.service.trial_directory(TrialId("one"), 2)
    assert folder.endswith("trials/one/attempt-2")
    assert dict(line.split("=", 1) for line in (await driver.log("one", attempt=2)).decode().splitlines()) == {
        "HOME": os.environ["HOME"],
        "NNI_PLATFORM": "local",
        "NNI_EXP_ID": "Exp1",
        "NNI_TRIAL_JOB_ID": "one",
        "NNI_TRIAL_SEQ_ID": str(spec.sequence_id),
        "NNI_OUTPUT_DIR": folder,
        "NNI_SYS_DIR": folder,
        "NNI_CODE_DIR": code,
        "NNI_CHECKPOINT_DIR": folder.removesuffix("attempt-2") + "checkpoints",
        "NNI_TRIAL_ATTEMPT": "2",
        "NNI_TRIAL_TOKEN": spec.attempt_id,
    }


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


async def test_files_are_the_users_own(driver: ServiceDriver) -> None:
    """Nobody else can read a trial's files; what the trial itself makes has the user's own umask."""
    await driver.run(driver.spec("one", "umask"))
    assert int(await driver.log("one"), 8) == _umask()
    folder = Path(driver.service.trial_directory(TrialId("one"), 1))
    for path in (folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


async def test_signals_are_those_of_a_login(driver: ServiceDriver) -> None:
    """A trial starts with no signal ignored or blocked, whatever Python does with them."""
    await driver.run(driver.spec("one", ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]))
    masks = [int(line.split()[1], 16) for line in (await driver.log("one")).splitlines()]
    # The C library keeps 32 and 33 to itself, and leaves them ignored in what it spawns.
    assert [mask & ~(0b11 << 31) for mask in masks] == [0, 0]


async def test_no_descriptor_leaks_into_a_trial(driver: ServiceDriver) -> None:
    """A trial has its three standard streams and nothing else."""
    await driver.run(driver.spec("one", ["ls", "/proc/self/fd"]))
    # The fourth one is the directory that ls reads.
    assert (await driver.log("one")).split() == [b"0", b"1", b"2", b"3"]


async def test_ids_never_become_paths_unchecked(driver: ServiceDriver) -> None:
    """An id with a path in it is refused, for trials and for logs."""
    spec = driver.spec("../../etc", "true")
    (answer,) = await driver.submit(spec)
    assert answer == Rejected(attempt_id=spec.attempt_id, reason="'../../etc' cannot be the id of a trial")
    with pytest.raises(NotFoundError, match=r"no attempt 1 of a trial '\.\./x'"):
        await driver.service.read_log(TrialId("../x"), 1, LogStream.STDOUT, 0, 10)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"command": "echo \0"}, "NUL"),
        ({"command": []}, "empty"),
        ({"command": "echo \ud800"}, "encoding"),
        ({"environment": {"A=B": "c"}}, "'A=B' cannot be the name"),
        ({"environment": {"A": "\0"}}, "NUL"),
    ],
)
async def test_what_no_process_can_be_made_of_is_refused(driver: ServiceDriver, change, reason: str) -> None:
    """Texts that the system cannot take are named; other trials of the batch start."""
    wrong, sound = evolve(driver.spec("one", "true"), **change), driver.spec("two", "true")
    answers = await driver.submit(wrong, sound)
    assert reason in answers[0].reason
    assert (await driver.exited(sound.attempt_id)).exit_code == 0


async def test_trial_that_cannot_be_prepared_says_why(driver: ServiceDriver) -> None:
    """A trial whose folder cannot be made ends with the system's reason, and the next one starts."""
    (driver.context.directory / "trials" / "one").write_text("in the way")
    end = await driver.run(driver.spec("one", "true"))
    assert (end.exit_code, end.signal) == (None, None)
    assert end.message == "the trial could not be started: its supervisor failed: Not a directory"
    assert (await driver.run(driver.spec("two", "true"))).exit_code == 0


async def test_missing_code_directory_is_told(driver: ServiceDriver) -> None:
    """A code directory that has vanished ends the trial with the reason in its stderr."""
    end = await driver.run(evolve(driver.spec("one", "true"), code="/no/such/folder"))
    assert end.exit_code == 127
    assert b"/no/such/folder" in await driver.log("one", LogStream.STDERR)


@pytest.mark.parametrize("trick", ["mkfifo $F", "ln -s /etc/passwd $F", "mkdir $F"])
async def test_spool_that_is_no_file_is_not_read(driver: ServiceDriver, trick: str) -> None:
    """A trial that puts something else where its results belong ends with a message, and nothing is read."""
    end = await driver.run(driver.spec("one", f"F=$NNI_SYS_DIR/.nni/metrics; {trick}"))
    assert (end.exit_code, driver.spool(end.attempt_id)) == (0, b"")
    assert "its results could not be read" in end.message


async def test_attempt_is_never_run_again(tmp_path: Path) -> None:
    """An attempt that a second service is given once more, by mistake, is answered with what happened to it."""
    context = service_context(tmp_path)
    for _ in range(2):
        async with ServiceDriver(LocalService(context), context) as driver:
            end = await driver.run(driver.spec("one", "printf x >> $NNI_SYS_DIR/.nni/metrics; exit 9"))
            assert (end.exit_code, driver.spool(end.attempt_id)) == (9, b"x")


async def test_service_that_does_not_run_takes_no_trials(tmp_path: Path) -> None:
    """Submitting before the start or after the end is an error of the caller."""
    context = service_context(tmp_path)
    driver = ServiceDriver(LocalService(context), context)
    with pytest.raises(PermanentError, match="does not run"):
        await driver.submit(driver.spec("one", "true"))
    async with driver:
        pass
    with pytest.raises(PermanentError, match="does not run"):
        await driver.submit(driver.spec("one", "true"))


async def test_warden_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    """When the warden fails at once, starting fails instead of waiting."""
    context = service_context(tmp_path)
    (context.directory / "trials" / "warden.lock").mkdir(parents=True)
    service = LocalService(context)
    with pytest.raises(PermanentError, match=r"ended before it was ready: see trials/warden\.log"):
        await service.start()
    await service.stop(1.0)


async def test_command_is_found_on_the_trials_own_path(driver: ServiceDriver, tmp_path: Path) -> None:
    """The first word of a list is looked up as the trial's environment says, not as the manager's does."""
    tool = tmp_path / "tools" / "mytool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho mine\n")
    tool.chmod(0o755)
    await driver.run(driver.spec("one", ["mytool"], environment={"PATH": f"/nowhere:{tool.parent}"}))
    assert await driver.log("one") == b"mine\n"
    end = await driver.run(driver.spec("two", ["mytool"]))
    assert end.exit_code == 127


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf * .nni",
        "rm -rf $NNI_OUTPUT_DIR",
        "rm supervisor.jsonl; mkfifo supervisor.jsonl",
        "echo hi >> supervisor.jsonl",
    ],
)
async def test_a_trial_may_do_anything_to_its_folder(command: str, driver: ServiceDriver) -> None:
    """How it ended is known all the same."""
    ended = await driver.run(driver.spec("one", f"cd $NNI_OUTPUT_DIR && {command}; exit 5"))
    assert ended.exit_code == 5
