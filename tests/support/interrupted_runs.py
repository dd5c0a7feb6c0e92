"""Runs of migrations that are cut at a message, or killed: the next run ends as if nothing had happened."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio

from asyncmig.errors import AsyncmigError
from support.fault_proxy import fault_proxy
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

PROGRAM = ROOT / "tests" / "support" / "run_migration.py"
LONGEST_RUN = 60


@dataclass(frozen=True, kw_only=True)
class InterruptedRuns:
    """Runs in one direction, each in a database of its own.

    Attributes:
        direction: ``upgrade`` or ``downgrade``.
        database: makes a database as it is before the run, and gives its URL.
        run: runs the migration to its end.
        contents: everything in which two databases may not differ.
    """

    direction: str
    database: Callable[[], Awaitable[str]]
    run: Callable[[str], Awaitable[None]]
    contents: Callable[[str], Awaitable[Any]]

    async def points(self, calm: str, *chosen_by: str, sample: int) -> tuple[Sequence[int], int]:
        """The messages at which runs are cut, and the number of all; ``calm`` is run to its end."""
        async with fault_proxy(calm) as proxy:
            await self.run(proxy.url)
            total = proxy.seen
        points: Sequence[int] = range(1, total + 1)
        if total > sample:
            points = sorted(random.Random("".join(chosen_by)).sample(points, sample))
        return points, total

    async def cut(self, url: str, point: int, when: str) -> None:
        """Run until the connection is cut ``before`` or ``after`` a message."""
        async with fault_proxy(url, point, when) as proxy:
            try:
                with anyio.fail_after(LONGEST_RUN):
                    await self.run(proxy.url)
            except AsyncmigError:
                pass
            assert proxy.broken or proxy.seen < point

    async def check_cuts(self, when: str, *, sample: int) -> str:
        """Cut runs at messages, continue each, and compare; what was tried."""
        calm = await self.database()
        points, total = await self.points(calm, self.direction, when, sample=sample)
        expected = await self.contents(calm)
        for point in points:
            url = await self.database()
            await self.cut(url, point, when)
            with anyio.fail_after(LONGEST_RUN):
                await self.run(url)
            found = await self.contents(url)
            assert found == expected, f"{self.direction}: cut {when} message {point} of {total}"
        return f"{self.direction}, cut {when} a message: {len(points)} of {total} points"

    async def check_kills(self, folder: Path, *, kills: int) -> str:
        """Kill the process of runs at random times, continue each, and compare; what was tried."""
        calm = await self.database()
        process = await self._start(calm, folder)
        began = time.monotonic()
        assert await process.wait() == 0
        duration = time.monotonic() - began
        expected = await self.contents(calm)
        chance = random.Random(self.direction)
        killed = 0
        for point in range(kills):
            url = await self.database()
            process = await self._start(url, folder)
            await asyncio.sleep(duration * chance.random())
            if process.returncode is None:
                process.kill()
            killed += await process.wait() < 0
            await self.run(url)
            assert await self.contents(url) == expected, f"{self.direction}: kill {point + 1}"
        return f"{self.direction}: killed {killed} of {kills} times in the middle of a run"

    async def _start(self, url: str, folder: Path) -> asyncio.subprocess.Process:
        """Start a process; its run has begun when this returns."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, url, folder, self.direction, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        while await process.stdout.readline() not in {b"started\n", b""}:
            pass
        return process
