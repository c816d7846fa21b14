"""Sharing GPUs out: NNI's rules, on machines that exist only here."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nni_service_local.gpu import Demand, Full, GpuDevice, GpuPolicy, GpuProcess, Placement, place

_DESKTOP = GpuProcess(pid=2950, name="gnome-shell")


def machine(count: int) -> list[GpuDevice]:
    """Idle GPUs."""
    return [GpuDevice(index=index, uuid=f"GPU-{index}") for index in range(count)]


@pytest.mark.parametrize(
    ("wanted", "per_gpu", "count", "share"),
    [
        (1, 1, 1, 1.0),
        (2, 1, 2, 1.0),
        (1, 2, 1, 0.5),
        (1, 3, 1, 1 / 3),
        (2, 2, 1, 1.0),
        (3, 2, 2, 1.0),
        (1, 0.5, 2, 1.0),
    ],
)
def test_demand_is_nnis_quotient(wanted: int, per_gpu: float, count: int, share: float) -> None:
    """A trial takes trial_gpu_number / max_trial_number_per_gpu: a part of one GPU, or whole ones, rounded."""
    assert Demand.of(wanted, per_gpu) == Demand(count=count, share=share)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_trial_may_take_every_gpu_of_the_machine(count: int) -> None:
    """One GPU on a machine with one is enough, and so on (NNI never places such a trial)."""
    assert place(machine(count), GpuPolicy(), {}, Demand.of(count, 1)) == Placement(
        indices=tuple(range(count)), share=1.0
    )


def test_least_loaded_gpu_comes_first() -> None:
    """Own trials are spread out: an empty GPU before one in use, and a full one never."""
    half = Demand.of(1, 2)
    assert place(machine(3), GpuPolicy(), {0: 1.0, 1: 0.5}, half) == Placement(indices=(2,), share=0.5)
    assert place(machine(2), GpuPolicy(), {0: 1.0, 1: 0.5}, half) == Placement(indices=(1,), share=0.5)


def test_idle_gpu_comes_before_a_busy_one() -> None:
    """Of equally loaded GPUs the one without other programs comes first, then the less used, then the lower index."""
    busy, used, idle, other = machine(4)
    devices = [evolve(busy, processes=[_DESKTOP]), evolve(used, memory_utilization=5), idle, other]
    policy = GpuPolicy(use_active=True)
    load: dict[int, float] = {}
    order = []
    for _ in devices:
        placement = place(devices, policy, load, Demand.of(1, 1))
        assert isinstance(placement, Placement)
        order += placement.indices
        load[placement.indices[0]] = 1.0
    assert order == [2, 3, 1, 0]


def test_reason_names_what_stands_in_the_way() -> None:
    """A trial that waits is told for what: each GPU with the program or the trials on it, and the setting to change."""
    first, second = machine(2)
    devices = [evolve(first, processes=[_DESKTOP]), second]
    assert place(devices[:1], GpuPolicy(), {}, Demand.of(1, 1)) == Full(
        reason="GPU 0 busy: pid 2950 (gnome-shell); set use_active_gpu"
    )
    assert place(devices, GpuPolicy(), {1: 0.4}, Demand.of(2, 1)) == Full(
        reason="needs 2 GPUs, 0 free: GPU 0 busy: pid 2950 (gnome-shell); set use_active_gpu; "
        "GPU 1 is in use by trials of this experiment"
    )


def test_only_named_gpus_are_used() -> None:
    """With gpu_indices, other GPUs do not exist."""
    policy = GpuPolicy(indices=(1,))
    assert place(machine(3), policy, {}, Demand.of(1, 1)) == Placement(indices=(1,), share=1.0)
    assert isinstance(place(machine(3), policy, {1: 1.0}, Demand.of(1, 1)), Full)


@given(
    count=st.integers(1, 4),
    per_gpu=st.integers(1, 5) | st.sampled_from([0.25, 0.5, 1.5]),
    wanted=st.integers(1, 4),
    departures=st.lists(st.integers(0, 20), max_size=20),
)
def test_no_gpu_is_ever_overfull(count: int, per_gpu: float, wanted: int, departures: list[int]) -> None:
    """However trials come and go, the parts on a GPU add up to one, and a free GPU is never withheld."""
    running: list[Placement] = []
    demand = Demand.of(wanted, per_gpu)
    for departure in [None, *departures, None]:
        if departure is not None and running:
            running.pop(departure % len(running))
        while isinstance(placement := place(machine(count), GpuPolicy(), load_of(running), demand), Placement):
            running.append(placement)
        load = load_of(running)
        assert all(part <= 1.001 for part in load.values())
        assert sum(load.get(index, 0.0) + demand.share <= 1.001 for index in range(count)) < demand.count


def load_of(placements: list[Placement]) -> Mapping[int, float]:
    """What placements take of each GPU."""
    load: dict[int, float] = {}
    for placement in placements:
        for index in placement.indices:
            load[index] = load.get(index, 0.0) + placement.share
    return load
