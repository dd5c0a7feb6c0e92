"""An administrator or the server ends the session of a run: a lost connection, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import ConnectionLostError
from support.crash_history import contents, write_every_kind
from support.depth import depth

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(7200)]

END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'asyncmig'"""


@pytest.mark.cells(1)
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_at_a_random_time(project, make_database, direction, capsys):
    every_kind = write_every_kind(project)
    drawn = random.Random(direction)
    outcomes: Counter[str] = Counter()

    def run(url):
        migrator = Migrator(url, script_location=every_kind.script_location, lock_wait=60)
        return migrator.upgrade() if direction == "upgrade" else migrator.downgrade("base")

    async def database():
        url = make_database()
        if direction == "downgrade":
            await Migrator(url, script_location=every_kind.script_location).upgrade()
        return url

    calm = await database()
    began = asyncio.get_running_loop().time()
    await run(calm)
    duration = asyncio.get_running_loop().time() - began
    expected = await contents(calm)
    for number in range(depth().rounds):
        url = await database()
        killer = await asyncpg.connect(url)
        delay = drawn.uniform(0, duration)
        task = asyncio.create_task(run(url))
        await asyncio.sleep(delay)
        await killer.execute(END)
        await killer.close()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, BaseException):
            assert isinstance(ended, ConnectionLostError), f"round {number}: {ended!r}"
            assert "run the same command again" in str(ended.hint), f"round {number}"
        outcomes["lost" if isinstance(ended, BaseException) else "ended before"] += 1
        await run(url)
        assert await contents(url) == expected, f"{direction}, round {number}, after {delay:.2f} s"
    with capsys.disabled():
        print(f"\n{direction}: {dict(outcomes)}")
