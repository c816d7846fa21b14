"""Shares GPUs out among trials. Pure: what there is and what is taken comes in, a placement or a reason goes out.

NNI's rules: a trial takes ``trial_gpu_number / max_trial_number_per_gpu`` of GPUs. From 1 upwards that is a whole
number of GPUs, rounded, which nobody shares; below 1 it is a part of one GPU, and parts add up to one GPU at most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import frozen

#: parts like 1/3 add up to a little more than 1
_FULL = 1.001


@frozen(kw_only=True)
class GpuProcess:
    """A program that uses a GPU."""

    pid: int
    name: str


@frozen(kw_only=True)
class GpuDevice:
    """A GPU as it is now."""

    #: number by which nvidia-smi knows it
    index: int
    #: stays the same when numbers change
    uuid: str
    #: share of time, 0 to 100
    memory_utilization: int = 0
    core_utilization: int = 0
    #: programs that use it, for computing or for a display
    processes: Sequence[GpuProcess] = ()


class GpuProbe(Protocol):
    """Looks at the machine's GPUs. Called in a thread."""

    def devices(self) -> Sequence[GpuDevice]:
        """Every GPU, in the order of indices; empty when there is none, or no driver to ask."""


@frozen(kw_only=True)
class Demand:
    """What one trial takes."""

    #: number of GPUs it sees
    count: int
    #: part of each of them that it takes, above 0, at most 1
    share: float

    @classmethod
    def of(cls, trial_gpu_number: int, max_trial_number_per_gpu: float) -> Demand:
        """NNI's rule. Both arguments are above 0."""
        total = trial_gpu_number / max_trial_number_per_gpu
        return cls(count=math.floor(total + 0.5), share=1.0) if total >= 1 else cls(count=1, share=total)


@frozen(kw_only=True)
class Placement:
    """The GPUs of one trial."""

    indices: tuple[int, ...]
    #: part of each of them that is taken
    share: float


@frozen(kw_only=True)
class Full:
    """There is no room now."""

    #: for the user, with what stands in the way of each GPU
    reason: str


@frozen(kw_only=True)
class GpuPolicy:
    """Which GPUs may be used."""

    #: None: all
    indices: tuple[int, ...] | None = None
    #: also those on which other programs run
    use_active: bool = False

    def candidates(self, devices: Sequence[GpuDevice]) -> Sequence[GpuDevice]:
        """The GPUs that may ever be used."""
        return [device for device in devices if self.indices is None or device.index in self.indices]


def place(
    devices: Sequence[GpuDevice], policy: GpuPolicy, load: Mapping[int, float], demand: Demand
) -> Placement | Full:
    """Find GPUs for one trial: the least loaded first, then idle before busy ones, then by utilization and index.

    :param devices: without the processes of this experiment's own trials.
    :param load: by GPU index, the sum of the parts that trials of this experiment take.
    """
    obstacles: list[str] = []
    free: list[GpuDevice] = []
    for device in policy.candidates(devices):
        obstacle = _obstacle(device, policy, load, demand)
        if obstacle:
            obstacles.append(obstacle)
        else:
            free.append(device)
    if len(free) < demand.count:
        return Full(reason=_shortage(len(free), demand, obstacles))
    free.sort(key=lambda device: _preference(device, load))
    return Placement(indices=tuple(sorted(device.index for device in free[: demand.count])), share=demand.share)


def _obstacle(device: GpuDevice, policy: GpuPolicy, load: Mapping[int, float], demand: Demand) -> str | None:
    if load.get(device.index, 0.0) + demand.share > _FULL:
        return f"GPU {device.index} is in use by trials of this experiment"
    if device.processes and not policy.use_active:
        programs = ", ".join(f"pid {process.pid} ({process.name})" for process in device.processes)
        return f"GPU {device.index} busy: {programs}; set use_active_gpu"
    return None


def _preference(device: GpuDevice, load: Mapping[int, float]) -> tuple[float, bool, int, int, int]:
    return (
        load.get(device.index, 0.0),
        bool(device.processes),
        device.memory_utilization,
        device.core_utilization,
        device.index,
    )


def _shortage(free: int, demand: Demand, obstacles: Sequence[str]) -> str:
    causes = "; ".join(obstacles) or "no GPU may be used"
    return causes if demand.count == 1 else f"needs {demand.count} GPUs, {free} free: {causes}"
