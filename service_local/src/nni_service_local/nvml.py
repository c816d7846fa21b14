"""Asks NVIDIA's driver about the machine's GPUs. Imported only when trials use GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psutil
import pynvml

from nni_service_local.gpu import GpuDevice, GpuProcess


class NvmlProbe:
    """The GPUs that NVML shows. A machine without a driver has none."""

    def devices(self) -> Sequence[GpuDevice]:
        """See :class:`~nni_service_local.gpu.GpuProbe`."""
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            return []
        try:
            return [_device(index) for index in range(pynvml.nvmlDeviceGetCount())]
        finally:
            pynvml.nvmlShutdown()


def _device(index: int) -> GpuDevice:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory, core = _utilization(handle)
    return GpuDevice(
        index=index,
        uuid=str(pynvml.nvmlDeviceGetUUID(handle)),
        memory_utilization=memory,
        core_utilization=core,
        processes=_processes(handle),
    )


def _utilization(handle: Any) -> tuple[int, int]:
    try:
        rates = pynvml.nvmlDeviceGetUtilizationRates(handle)
    except pynvml.NVMLError_NotSupported:
        # MIG and some older cards do not tell; only the order of preference depends on it.
        return 0, 0
    return int(rates.memory), int(rates.gpu)


def _processes(handle: Any) -> Sequence[GpuProcess]:
    pids: set[int] = set()
    for ask in (pynvml.nvmlDeviceGetComputeRunningProcesses, pynvml.nvmlDeviceGetGraphicsRunningProcesses):
        try:
            pids.update(int(process.pid) for process in ask(handle))
        except pynvml.NVMLError_NotSupported:
            continue
    return [GpuProcess(pid=pid, name=_name(pid)) for pid in sorted(pids)]


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "unknown"
