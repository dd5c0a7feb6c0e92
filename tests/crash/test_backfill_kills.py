"""Processes that run a backfill are killed at random times: every row is changed once, and none is left."""

from __future__ import annotations

import asyncio
import random
import sys
from typing import TYPE_CHECKING

import pytest

from asyncmig import Migrator
from support.depth import depth
from support.paths import ROOT

if TYPE_CHECKING:
    import asyncpg

KILLS = depth().kills
ROWS = 3000
PROGRAM = ROOT / "tests" / "support" / "run_backfill.py"

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(1800)]


@pytest.fixture
async def pending(project, database_url, pg):
    """A deferred backfill of a table with a counter, whose rows take some time."""
    await pg.execute(
        f"""
        CREATE TABLE item (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int DEFAULT 0);
        INSERT INTO item SELECT FROM generate_series(1, {ROWS});
        ANALYZE item;
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_sleep(0.0003); RETURN new;
        END $$;
        CREATE TRIGGER slow BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION slow()
        """
    )
    project.revision(
        "one", upgrade='op.backfill("item", {"n": "n + 1"}, name="count", deferred=True)'
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade()
    return migrator


async def start(url: str, folder: object, workers: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, url, str(folder), str(workers), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    while await process.stdout.readline() not in {b"started\n", b""}:
        pass
    return process


@pytest.mark.parametrize(("processes", "workers"), [(1, 1), (2, 2)])
async def test_killed_at_random_times(
    pending, project, database_url, pg, processes, workers, capsys
):
    chance = random.Random(f"{processes} {workers}")
    killed = 0
    while killed < KILLS:
        started = [
            await start(database_url, project.script_location, workers) for _ in range(processes)
        ]
        for process in started:
            await asyncio.sleep(0.3 * chance.random())
            if process.returncode is None:
                process.kill()
        killed += sum([await process.wait() < 0 for process in started])
        states = dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n"))
        assert states.keys() <= {0, 1}
        if states == {1: ROWS}:  # it was done before the kill: begin again
            await pending.run_backfills()
            await check(pg)
            await pg.execute(
                "UPDATE item SET n = 0; UPDATE asyncmig_backfill SET state = 'pending', table_oid = NULL,"
                " rows = 0, scanned = 0, batches = 0, pass = 1"
            )
    await pending.run_backfills()
    await check(pg)
    with capsys.disabled():
        print(f"\n{processes} processes with {workers} workers: killed {killed} times")


async def check(pg: asyncpg.Connection) -> None:
    assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {1: ROWS}
    job = await pg.fetchrow("SELECT state, rows, scanned FROM asyncmig_backfill")
    assert job is not None
    assert tuple(job) == ("done", ROWS, ROWS)
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_backfill_range") == 0
