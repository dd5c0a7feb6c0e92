"""The process is killed at a random time; the next run goes on and ends as if undisturbed."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from typing import TYPE_CHECKING

import pytest

from asyncmig import Migrator
from support.crash_history import contents, write_every_kind
from support.depth import depth
from support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

POINTS = depth().kills
PROGRAM = ROOT / "tests" / "support" / "run_migration.py"

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(1800)]


async def start(url: str, folder: Path, direction: str) -> asyncio.subprocess.Process:
    """Start a run; it has begun when this returns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, url, folder, direction, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    while await process.stdout.readline() not in {b"started\n", b""}:
        pass
    return process


async def finish(url: str, folder: Path, direction: str) -> None:
    migrator = Migrator(url, script_location=folder, lock_wait=60)
    await (migrator.upgrade() if direction == "upgrade" else migrator.downgrade("base"))


@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_killed_at_a_random_time(project, make_database, direction, capsys):
    folder = write_every_kind(project).script_location

    async def database() -> str:
        url = make_database()
        if direction == "downgrade":
            await finish(url, folder, "upgrade")
        return url

    calm = await database()
    process = await start(calm, folder, direction)
    began = time.monotonic()
    assert await process.wait() == 0
    duration = time.monotonic() - began
    expected = await contents(calm)

    chance = random.Random(direction)
    killed = 0
    for point in range(POINTS):
        url = await database()
        process = await start(url, folder, direction)
        await asyncio.sleep(duration * chance.random())
        if process.returncode is None:
            process.kill()
        killed += await process.wait() < 0
        await finish(url, folder, direction)
        assert await contents(url) == expected, f"{direction}: kill {point + 1}"
    with capsys.disabled():
        print(f"\n{direction}: killed {killed} of {POINTS} times in the middle of a run")
