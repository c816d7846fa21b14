"""Time that passes when a test says so."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count


class VirtualClock:
    """:class:`nni_core.experiment.clock.Clock` whose time stands still until :meth:`advance`."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self._elapsed = 0.0
        self._start = now
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self._elapsed

    def now(self) -> int:
        return self._start + round(self._elapsed * 1000)

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), wake))
        await wake

    async def advance(self, seconds: float) -> None:
        """Let time pass: sleepers wake in order, each at its moment, and do what they do before the next one."""
        until = self._elapsed + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._elapsed, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)
            await settle()
        self._elapsed = until


async def settle(turns: int = 50) -> None:
    """Let every task that can go on do so."""
    for _ in range(turns):
        await asyncio.sleep(0)
