"""Finds requests for GPUs that this machine can never meet, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nni_core.errors import Problem
from nni_service_local.arguments import LocalArguments
from nni_service_local.gpu import Demand, GpuDevice, GpuPolicy

_WANTED = ("trial_gpu_number",)


def setting_problems(arguments: LocalArguments, wanted: int | None) -> Iterator[Problem]:
    """What is wrong with the settings on any machine."""
    yield from _share_problems(arguments, wanted)
    yield from _index_problems(arguments)
    if wanted and arguments.use_active_gpu is None:
        yield Problem(
            code="NNI543",
            message="use_active_gpu must be set when trials use GPUs",
            help="false: wait for a GPU on which nothing else runs; true: share it with other programs, for example"
            " when it draws your desktop",
            key_path=("training_service",),
        )


def machine_problems(arguments: LocalArguments, wanted: int, devices: Sequence[GpuDevice]) -> Iterator[Problem]:
    """What sound settings ask for and this machine does not have."""
    if not devices:
        yield Problem(
            code="NNI540",
            message=f"trial_gpu_number is {wanted}, and no GPU was found on this machine (NVML finds none)",
            help="install NVIDIA's driver, or set trial_gpu_number: 0",
            key_path=_WANTED,
        )
        return
    known = {device.index for device in devices}
    for index in arguments.indices or ():
        if index not in known:
            found = f"found {_counted(len(known))}, numbered {_listed(known)}"
            yield _index_problem("NNI541", f"there is no GPU {index}: {found}")
    usable = len(GpuPolicy(indices=arguments.indices).candidates(devices))
    needed = Demand.of(wanted, arguments.max_trial_number_per_gpu).count
    if 0 < usable < needed:
        yield Problem(
            code="NNI542",
            message=f"a trial takes {_counted(needed)}, and only {usable} may be used",
            help="lower trial_gpu_number" + (", or add to gpu_indices" if arguments.indices else ""),
            key_path=_WANTED,
        )


def _share_problems(arguments: LocalArguments, wanted: int | None) -> Iterator[Problem]:
    number = arguments.max_trial_number_per_gpu
    path = ("training_service", "max_trial_number_per_gpu")
    if isinstance(number, bool) or not 0 < number < float("inf"):
        message = f"max_trial_number_per_gpu must be above 0, got {number}"
        fix = "1: one trial on each GPU; 2: two trials share one"
        yield Problem(code="NNI546", message=message, help=fix, key_path=path)
    elif number != 1 and not wanted:
        message = "max_trial_number_per_gpu is set, and trials use no GPU"
        yield Problem(code="NNI548", message=message, help="set trial_gpu_number, or leave it out", key_path=path)


def _index_problems(arguments: LocalArguments) -> Iterator[Problem]:
    try:
        indices = arguments.indices or ()
    except ValueError:
        yield _index_problem("NNI547", f"gpu_indices must be numbers, got {arguments.gpu_indices!r}")
        return
    for index in sorted({index for index in indices if indices.count(index) > 1}):
        yield _index_problem("NNI544", f"gpu_indices names GPU {index} more than once: duplicate")
    for index in indices:
        if index < 0:
            yield _index_problem("NNI545", f"gpu_indices must be ≥ 0, got {index}")


def _index_problem(code: str, message: str) -> Problem:
    return Problem(
        code=code,
        message=message,
        help="write a list such as [0, 1], or leave it out to use all GPUs",
        key_path=("training_service", "gpu_indices"),
    )


def _counted(number: int) -> str:
    return f"{number} GPU" + ("" if number == 1 else "s")


def _listed(indices: set[int]) -> str:
    return ", ".join(str(index) for index in sorted(indices))
