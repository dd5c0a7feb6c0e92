"""Lock waits and held locks in the journal."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from asyncmig import Migrator


@pytest.fixture
async def migrator(project, database_url, pg):
    await pg.execute("CREATE TABLE orders (id int); CREATE TABLE customers (id int)")

    def make(**settings):
        return Migrator(database_url, script_location=project.script_location, **settings)

    return make


WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass"


async def block(seconds: float, database_url: str, ready: asyncio.Event) -> None:
    """Another session works on the table until a migration has waited for it so long."""
    other = await asyncpg.connect(database_url)
    await other.execute("BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE")
    ready.set()
    while not await other.fetchval(WAITING):
        await asyncio.sleep(0.01)
    await asyncio.sleep(seconds)
    await other.close()


async def phases(migrator: Migrator) -> dict[tuple[str, int], tuple[object, ...]]:
    entries = await migrator.journal()
    return {
        (entry.revision, entry.phase): (
            entry.lock_mode,
            entry.lock_relation,
            entry.lock_wait,
            entry.lock_held,
        )
        for entry in entries
    }


async def test_a_wait_is_recorded_at_its_phase(migrator, project, database_url):
    project.revision("a", upgrade='op.execute("CREATE TABLE n (id int)")')
    project.revision(
        "b",
        down="a",
        upgrade='op.execute("ALTER TABLE orders ADD x int"); op.execute("SELECT pg_sleep(0.6)")',
    )
    project.revision("c", down="b", upgrade='op.execute("CREATE TABLE o (id int)")')
    ready = asyncio.Event()
    blocking = asyncio.create_task(block(1.0, database_url, ready))
    await ready.wait()
    await migrator(lock_timeout=20).upgrade()
    await blocking
    found = await phases(migrator())
    mode, relation, waited, held = found["b", 0]
    assert (mode, relation) == ("AccessExclusiveLock", "public.orders")
    assert isinstance(waited, float)
    assert isinstance(held, float)
    assert 0.1 <= waited < 3.0
    assert held > 0.2
    assert found["a", 0] == found["c", 0] == (None, None, None, None)


@pytest.mark.slow
async def test_a_retried_wait_counts_for_the_phase_that_succeeds(migrator, project, database_url):
    project.revision("a", upgrade='op.execute("ALTER TABLE orders ADD x int")')
    ready = asyncio.Event()
    blocking = asyncio.create_task(block(1.5, database_url, ready))
    await ready.wait()
    await migrator(lock_timeout=0.8, lock_retries=20).upgrade()
    await blocking
    _, _, waited, _ = (await phases(migrator()))["a", 0]
    assert isinstance(waited, float)
    assert 0.1 <= waited < 1.0


async def test_a_long_statement_outside_a_transaction(migrator, project):
    project.revision(
        "a",
        upgrade="""
        with op.autocommit():
            op.execute("DO $$ BEGIN LOCK TABLE customers IN SHARE MODE; PERFORM pg_sleep(0.6); END $$")
        """,
    )
    await migrator().upgrade()
    mode, relation, waited, held = (await phases(migrator()))["a", 0]
    assert (mode, relation, waited) == ("ShareLock", "public.customers", None)
    assert isinstance(held, float)
    assert held > 0.1


async def test_a_journal_of_an_older_version_is_extended(migrator, project, pg):
    project.revision("a", upgrade='op.execute("CREATE TABLE n (id int)")')
    project.revision(
        "b",
        down="a",
        upgrade='op.execute("ALTER TABLE orders ADD x int"); op.execute("SELECT pg_sleep(0.6)")',
    )
    await migrator().upgrade("a")
    await pg.execute(
        "ALTER TABLE asyncmig_journal DROP lock_wait, DROP lock_held, DROP lock_mode, DROP lock_relation"
    )
    assert (await phases(migrator()))["a", 0] == (None, None, None, None)
    await migrator().upgrade()
    found = await phases(migrator())
    assert found["b", 0][:2] == ("AccessExclusiveLock", "public.orders")
    assert found["a", 0] == (None, None, None, None)


async def test_without_a_journal_nothing_is_sampled(migrator, project, pg):
    project.revision("a", upgrade='op.execute("SELECT pg_sleep(0.4)")')
    await migrator(journal=False).upgrade()
    assert await pg.fetchval("SELECT to_regclass('asyncmig_journal')") is None
