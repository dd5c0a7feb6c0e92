"""Whenever a comparison dies, its server process or its client, nothing of the shadow is left."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import suppress
from textwrap import dedent

import anyio
import anyio.to_thread
import asyncpg
import pytest

from asyncmig.database.session import Session
from asyncmig.errors import AsyncmigError
from asyncmig.shadow.read_sides import read_sides
from fix_database import catalog_dump
from support.chained_tables import chained_tables
from support.paths import ROOT
from support.processes import started

LOST = (
    AsyncmigError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
LEFT = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'asyncmig%'"


class Doomed(Session):
    """A session whose server process is killed at its ``last`` message, or shortly after it began."""

    def __init__(self, driver: asyncpg.Connection, killer: asyncpg.Connection, last: int) -> None:
        super().__init__(driver, None)  # type: ignore[arg-type]  # nobody asks for it
        self.killer = killer
        self.left = last
        self.pid = driver.get_server_pid()

    async def _told(self) -> None:
        self.left -= 1
        if self.left == 0:
            await self.killer.execute("SELECT pg_terminate_backend($1)", self.pid)

    async def send(self, sql: str) -> None:
        await self._told()
        await super().send(sql)

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        await self._told()
        return await super().fetch(query, *args)


async def gone(pg: asyncpg.Connection, pid: int) -> None:
    with anyio.fail_after(30):
        while await pg.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
            await anyio.sleep(0.01)


@pytest.mark.slow
async def test_the_server_process_dies_at_any_message(database_url, pg):
    before = catalog_dump(database_url)
    calm = Doomed(await asyncpg.connect(database_url), pg, 0)
    await read_sides(calm, [chained_tables(4)])
    total = -calm.left
    await calm.driver.close()
    for last in range(1, total + 1):
        driver = await asyncpg.connect(database_url)
        session = Doomed(driver, pg, last)
        # the last message only rolls back, and its failure loses nothing
        with pytest.raises(LOST) if last < total else suppress(*LOST):
            await read_sides(session, [chained_tables(4)])
        await gone(pg, session.pid)
        driver.terminate()
        assert await pg.fetchval(LEFT) == 0, f"killed at message {last} of {total}"
    assert total == 12
    assert catalog_dump(database_url) == before


@pytest.mark.cells(2)
@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.03, 0.06, 0.1])
async def test_cancelled_at_any_moment(database_url, pg, seconds):
    driver = await asyncpg.connect(database_url)
    session = Session(driver, None)  # type: ignore[arg-type]  # nobody asks for it
    with anyio.move_on_after(seconds):
        await read_sides(session, [chained_tables(40)])
    if not session.closed:
        assert not driver.is_in_transaction()
        assert await driver.fetchval("SELECT 1") == 1
    driver.terminate()
    assert await pg.fetchval(LEFT) == 0


COMPARING = """
    import asyncio, sys
    sys.path[:0] = ["tests"]
    import asyncpg
    from asyncmig.database.session import Session
    from asyncmig.shadow.read_sides import read_sides
    from support.chained_tables import chained_tables

    async def main():
        driver = await asyncpg.connect(sys.argv[1], server_settings={"application_name": "doomed"})
        while True:
            await read_sides(Session(driver, None), [chained_tables(20)])
            print("compared", flush=True)

    asyncio.run(main())
"""


@pytest.mark.slow
async def test_the_client_dies_at_random_moments(database_url, pg):
    before = catalog_dump(database_url)
    moments = random.Random(6)
    for _ in range(6):
        command = [sys.executable, "-c", dedent(COMPARING), database_url]
        with started(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert await anyio.to_thread.run_sync(process.stdout.readline) == "compared\n"
            await anyio.sleep(moments.uniform(0, 0.3))
        with anyio.fail_after(30):
            while await pg.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'doomed'"
            ):
                await anyio.sleep(0.01)
        assert await pg.fetchval(LEFT) == 0
    assert catalog_dump(database_url) == before
