"""GPUs and the service: what is refused before the start, what trials are told, what keeps them waiting."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from nni_core.api import NoCapacity, Submitted
from nni_core.testing.service_driver import ServiceDriver, service_context
from nni_service_local.arguments import LocalArguments
from nni_service_local.gpu import GpuDevice, GpuProcess
from nni_service_local.nvml import NvmlProbe
from nni_service_local.service import LocalService

_INDICES = ("training_service", "gpu_indices")
_PER_GPU = ("training_service", "max_trial_number_per_gpu")


class FakeMachine:
    """GPUs that a test makes up. Programs on them are told by pid."""

    def __init__(self, count: int, *pids: int) -> None:
        self._processes = [GpuProcess(pid=pid, name="program") for pid in pids]
        self.count = count
        self.on_gpu_0 = self._processes

    def devices(self) -> Sequence[GpuDevice]:
        return [
            GpuDevice(index=index, uuid=f"GPU-{index}", processes=self.on_gpu_0 if index == 0 else [])
            for index in range(self.count)
        ]


def service(directory: Path, gpus: int | None, machine: FakeMachine, **arguments: object) -> LocalService:
    """A service whose experiment asks for GPUs."""
    settings = LocalArguments(**{"use_active_gpu": False, **arguments})
    return LocalService(service_context(directory, gpus=gpus), settings, probe=machine)


@pytest.mark.parametrize(
    ("gpus", "count", "arguments", "code", "path", "text"),
    [
        (1, 2, {"gpu_indices": "0,one"}, "NNI547", _INDICES, "must be numbers, got '0,one'"),
        (1, 2, {"gpu_indices": [0, 0]}, "NNI544", _INDICES, "GPU 0 more than once"),
        (1, 2, {"gpu_indices": [-1]}, "NNI545", _INDICES, "must be ≥ 0, got -1"),
        (1, 2, {"gpu_indices": [99]}, "NNI541", _INDICES, "no GPU 99: found 2 GPUs, numbered 0, 1"),
        (1, 0, {}, "NNI540", ("trial_gpu_number",), "no GPU was found"),
        (2, 2, {"gpu_indices": 1}, "NNI542", ("trial_gpu_number",), "takes 2 GPUs, and only 1 may be used"),
        (1, 2, {"max_trial_number_per_gpu": 0}, "NNI546", _PER_GPU, "must be above 0, got 0"),
        (0, 2, {"max_trial_number_per_gpu": 2}, "NNI548", _PER_GPU, "trials use no GPU"),
        (1, 2, {"use_active_gpu": None}, "NNI543", ("training_service",), "use_active_gpu must be set"),
    ],
)
async def test_what_can_never_work_is_refused(
    tmp_path: Path, gpus: int, count: int, arguments: dict[str, object], code: str, path: tuple[str, ...], text: str
) -> None:
    """Each mistake is found before anything starts, with its code, its place in the config and a way out."""
    problems = await service(tmp_path, gpus, FakeMachine(count), **arguments).check()
    assert [(problem.code, problem.key_path) for problem in problems] == [(code, path)]
    assert text in problems[0].message
    assert problems[0].help


@pytest.mark.parametrize("indices", [None, 1, [0, 1], "0,1", "1"])
async def test_sound_settings_pass(tmp_path: Path, indices: object) -> None:
    """All the forms in which GPUs can be named are understood."""
    assert await service(tmp_path, 1, FakeMachine(2), gpu_indices=indices).check() == []


async def test_machine_without_gpus_is_not_looked_at_unless_asked(tmp_path: Path) -> None:
    """An experiment that asks for no GPU never touches the driver."""

    class Untouchable:
        def devices(self) -> Sequence[GpuDevice]:
            raise AssertionError("nobody asked for GPUs")

    for gpus in (None, 0):
        subject = LocalService(service_context(tmp_path, gpus=gpus), LocalArguments(), probe=Untouchable())
        assert await subject.check() == []


async def test_trials_see_their_own_gpus(tmp_path: Path) -> None:
    """A number is a list of indices, 0 hides every GPU, and nothing said leaves the variable as it is."""
    subject = service(tmp_path, 1, FakeMachine(2))
    async with ServiceDriver(subject, service_context(tmp_path)) as driver:
        command = 'echo "${CUDA_VISIBLE_DEVICES-unset}"'
        for gpus, shown in ((2, b"0,1\n"), (0, b"\n"), (None, b"unset\n")):
            await driver.run(driver.spec(f"t{gpus}", command, gpus=gpus))
            assert await driver.log(f"t{gpus}") == shown


async def test_trial_waits_for_a_gpu_and_then_gets_it(tmp_path: Path) -> None:
    """With every GPU taken a trial is answered with the reason; when one is free again it is taken."""
    async with ServiceDriver(service(tmp_path, 1, FakeMachine(1)), service_context(tmp_path)) as driver:
        first, second = driver.spec("one", "exec sleep 600", gpus=1), driver.spec("two", "true", gpus=1)
        reason = "GPU 0 is in use by trials of this experiment"
        assert await driver.submit(first, second) == [
            Submitted(attempt_id=first.attempt_id),
            NoCapacity(attempt_id=second.attempt_id, reason=reason),
        ]
        await driver.service.cancel(first.attempt_id, 5.0)
        await driver.exited(first.attempt_id)
        assert (await driver.run(second)).exit_code == 0


async def test_adopted_trial_keeps_its_gpu(tmp_path: Path) -> None:
    """A new manager knows which GPUs are taken by the trials that it adopts."""
    async with ServiceDriver(service(tmp_path, 1, FakeMachine(1)), service_context(tmp_path)) as driver:
        await driver.run(driver.spec("zero", "true", gpus=1))
        await driver.submit(driver.spec("one", "echo here >> $NNI_SYS_DIR/.nni/metrics; exec sleep 600", gpus=1))
        await driver.output(driver.attempt("one"), b"here")
    async with ServiceDriver(service(tmp_path, 1, FakeMachine(1)), service_context(tmp_path)) as driver:
        await driver.reattach("one")
        assert isinstance((await driver.submit(driver.spec("two", "true", gpus=1)))[0], NoCapacity)
        await driver.service.cancel(driver.attempt("one"), 5.0)
        await driver.exited(driver.attempt("one"))
        assert (await driver.run(driver.spec("two", "true", gpus=1))).exit_code == 0


async def test_programs_of_own_trials_do_not_count_as_foreign(tmp_path: Path) -> None:
    """Two trials that share a GPU do not stand in each other's way; a foreign program does."""
    machine = FakeMachine(1)
    subject = service(tmp_path, 1, machine, max_trial_number_per_gpu=3)
    async with ServiceDriver(subject, service_context(tmp_path)) as driver:
        await driver.submit(driver.spec("one", "echo $$ >> $NNI_SYS_DIR/.nni/metrics; exec sleep 600", gpus=1))
        await driver.output(driver.attempt("one"), b"\n")
        machine.on_gpu_0 = [GpuProcess(pid=int(driver.spool(driver.attempt("one"))), name="trial")]
        assert (await driver.run(driver.spec("two", "true", gpus=1))).exit_code == 0
        machine.on_gpu_0 = [GpuProcess(pid=os.getpid(), name="pytest")]
        (answer,) = await driver.submit(driver.spec("three", "true", gpus=1))
        assert answer.reason == f"GPU 0 busy: pid {os.getpid()} (pytest); set use_active_gpu"
        await driver.service.cancel(driver.attempt("one"), 5.0)
        await driver.exited(driver.attempt("one"))


def test_probe_works_on_this_machine() -> None:
    """NVML is asked for real: a machine without a driver has no GPUs, another one has them in order."""
    devices = NvmlProbe().devices()
    assert [device.index for device in devices] == list(range(len(devices)))
