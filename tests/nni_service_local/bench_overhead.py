"""What the local service adds to a trial: ``python bench_overhead.py [trials] [command]``. Not a test.

Runs the command bare and through the service, two at a time, in turns, and prints wall time and CPU for each trial. The
first trials of a service, which start its processes, are not counted.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from nni_core.api import TrialExited
from nni_core.testing.service_driver import ServiceDriver, service_context
from nni_service_local.service import LocalService

CONCURRENCY = 2
ROUNDS = 5


def run_bare(command: str, count: int) -> tuple[float, float]:
    """Seconds of wall time and of CPU."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    started = running = 0
    while started < count or running:
        while started < count and running < CONCURRENCY:
            os.posix_spawn("/bin/sh", ["/bin/sh", "-c", command], os.environ)
            started, running = started + 1, running + 1
        os.wait()
        running -= 1
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def run_through_service(command: str, count: int) -> tuple[float, dict[str, float]]:
    """Seconds of wall time, and of CPU by process."""
    with tempfile.TemporaryDirectory() as folder:
        context = service_context(Path(folder))
        async with ServiceDriver(LocalService(context), context) as driver:
            await in_pairs(driver, "warm", command, 2 * CONCURRENCY)
            before, began = cpu_times(), time.perf_counter()
            await in_pairs(driver, "t", command, count)
            wall, after = time.perf_counter() - began, cpu_times()
    return wall, {part: after[part] - before[part] for part in after}


async def in_pairs(driver: ServiceDriver, prefix: str, command: str, count: int) -> None:
    """Run trials, as many at a time as bare ones."""
    numbers = iter(range(count))

    async def lane() -> None:
        for number in numbers:
            end: TrialExited = await driver.run(driver.spec(f"{prefix}{number}", command))
            assert end.exit_code == 0

    await asyncio.gather(*(lane() for _ in range(CONCURRENCY)))


def cpu_times() -> dict[str, float]:
    """CPU seconds so far of the manager, the warden, its supervisors, and what these ran."""
    (warden,) = psutil.Process().children()
    supervisors = [process.cpu_times() for process in warden.children()]
    return {
        "manager": time.process_time(),
        "warden": warden.cpu_times().user + warden.cpu_times().system,
        "supervisors": sum(times.user + times.system for times in supervisors),
        "commands": sum(times.children_user + times.children_system for times in supervisors),
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    command = sys.argv[2] if len(sys.argv) > 2 else f"{sys.executable} -c 'import json'"
    ratios = []
    for _ in range(ROUNDS):
        bare, bare_cpu = run_bare(command, count)
        wall, cpu = asyncio.run(run_through_service(command, count))
        ratios.append(wall / bare)
        parts = ", ".join(f"{part} {seconds / count * 1e3:.2f}" for part, seconds in cpu.items())
        added = (sum(cpu.values()) - bare_cpu) / count * 1e3
        print(
            f"wall {bare / count * 1e3:.2f} -> {wall / count * 1e3:.2f} ms, ratio {ratios[-1]:.3f};"
            f" CPU {bare_cpu / count * 1e3:.2f} ms bare, {parts} ms: {added:.2f} ms added"
        )
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
