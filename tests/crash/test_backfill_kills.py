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

KILLS = depth().backfill_kills
ROWS = 3000
PROGRAM = ROOT / "tests" / "support" / "run_backfill.py"

FUNCTION = """
def add(rows):
    return [{"n": row["n"] + 1, "done": True} for row in rows]
"""
CALLS = {
    "key": 'op.backfill("item", {"n": "n + 1"}, name="count", deferred=True)',
    "ctid": """op.backfill(
        "item", {"n": "n + 1", "done": "true"}, where="done IS NULL", by="ctid", name="count", deferred=True
    )""",
    "function": 'op.backfill_with(add, "item", columns=["n"], name="count", deferred=True)',
}

pytestmark = [pytest.mark.slow, pytest.mark.sampled, pytest.mark.timeout(600 + 30 * KILLS)]


async def record(project, url: str, pg: asyncpg.Connection, kind: str) -> Migrator:
    """Record a deferred backfill of a table with a counter, whose rows take some time."""
    key = "" if kind == "ctid" else " PRIMARY KEY"
    await pg.execute(
        f"""
        CREATE TABLE item (id uuid{key} DEFAULT gen_random_uuid(), n int DEFAULT 0, done bool);
        INSERT INTO item SELECT FROM generate_series(1, {ROWS});
        ANALYZE item;
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_sleep(0.0003); RETURN new;
        END $$;
        CREATE TRIGGER slow BEFORE UPDATE ON item FOR EACH ROW WHEN (new.n > 0) EXECUTE FUNCTION slow()
        """
    )
    project.revision("one", upgrade=CALLS[kind], header=FUNCTION)
    migrator = Migrator(url, script_location=project.script_location)
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


@pytest.mark.parametrize(
    ("processes", "workers", "kind"),
    [(1, 1, "key"), (2, 2, "key"), (2, 2, "ctid"), (2, 2, "function")],
)
async def test_killed_at_random_times(project, database_url, pg, processes, workers, kind, capsys):
    migrator = await record(project, database_url, pg, kind)
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
            await migrator.run_backfills()
            await check(pg)
            await pg.execute(
                "UPDATE item SET n = 0, done = NULL; UPDATE asyncmig_backfill SET state = 'pending',"
                " table_oid = NULL, rows = 0, scanned = 0, batches = 0, pass = 1"
            )
    await migrator.run_backfills()
    await check(pg)
    with capsys.disabled():
        print(f"\n{kind}: {processes} processes with {workers} workers: killed {killed} times")


async def check(pg: asyncpg.Connection) -> None:
    assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {1: ROWS}
    job = await pg.fetchrow("SELECT state, rows FROM asyncmig_backfill")
    assert job is not None
    assert tuple(job) == ("done", ROWS)
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_backfill_range") == 0
