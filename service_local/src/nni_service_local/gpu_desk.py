"""Gives GPUs to the trials of one service: looks at the machine, keeps account, sets the trial's variables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from nni_core.errors import Problem
from nni_core.model import AttemptId
from nni_core.wire import TrialVariable
from nni_service_local import marked
from nni_service_local.arguments import LocalArguments
from nni_service_local.gpu import Demand, Full, GpuDevice, GpuPolicy, GpuProbe, GpuProcess, Placement, place
from nni_service_local.gpu_check import machine_problems, setting_problems


class GpuDesk:
    """Knows the settings and the probe; what is taken is asked of the caller each time."""

    def __init__(self, arguments: LocalArguments, probe: GpuProbe | None = None) -> None:
        """``probe``: None for NVML, which is then imported when trials use GPUs, and only then."""
        self._arguments = arguments
        self._probe = probe

    async def check(self, wanted: int | None) -> Sequence[Problem]:
        """Everything that could never work; ``wanted`` is ``trial_gpu_number``."""
        problems = list(setting_problems(self._arguments, wanted))
        if wanted and not problems:
            devices = await asyncio.to_thread(self._devices)
            problems += machine_problems(self._arguments, wanted, devices)
        return problems

    async def look(self, own: Iterable[AttemptId]) -> Sequence[GpuDevice]:
        """The GPUs as they are now, without the processes of our own attempts."""
        return await asyncio.to_thread(self._devices_without, frozenset(own))

    def place(self, devices: Sequence[GpuDevice], wanted: int, placements: Iterable[Placement]) -> Placement | Full:
        """GPUs for one trial; ``placements`` are those of the trials that run."""
        arguments = self._arguments
        policy = GpuPolicy(indices=arguments.indices, use_active=bool(arguments.use_active_gpu))
        demand = Demand.of(wanted, arguments.max_trial_number_per_gpu)
        return place(devices, policy, _load(placements), demand)

    def _devices_without(self, own: frozenset[AttemptId]) -> Sequence[GpuDevice]:
        def foreign(device: GpuDevice) -> Sequence[GpuProcess]:
            return [program for program in device.processes if marked.attempt_of(program.pid) not in own]

        return [evolve(device, processes=foreign(device)) for device in self._devices()]

    def _devices(self) -> Sequence[GpuDevice]:
        if self._probe is None:
            from nni_service_local.nvml import NvmlProbe

            self._probe = NvmlProbe()
        return self._probe.devices()


def variables(wanted: int | None, placement: Placement | None) -> Mapping[str, str]:
    """What a trial is told of its GPUs: None leaves it as it is, 0 hides them all."""
    if wanted is None:
        return {}
    if placement is None:
        return {TrialVariable.GPUS: ""}
    # CUDA numbers GPUs by speed unless told otherwise; our indices are nvidia-smi's.
    return {
        TrialVariable.GPUS: ",".join(str(index) for index in placement.indices),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    }


def _load(placements: Iterable[Placement]) -> Mapping[int, float]:
    load: dict[int, float] = {}
    for placement in placements:
        for index in placement.indices:
            load[index] = load.get(index, 0.0) + placement.share
    return load
