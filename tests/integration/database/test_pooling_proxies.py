"""Proxies that pool: by session they do no harm, by transaction they are refused."""

from __future__ import annotations

from contextlib import AsyncExitStack

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.database.advisory_lock import lock_key
from asyncmig.errors import LockNotAcquiredError, PoolingError
from asyncmig.events import StepFinished
from support.pooling_proxy import pooling_proxy


@pytest.fixture
def history(project):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
            op.execute("INSERT INTO t VALUES (1)")
        """,
    )
    return project


async def locks(pg) -> int:
    return await pg.fetchval(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )


@pytest.mark.parametrize("others", [0, 1, 3])
async def test_pooling_by_transaction_is_refused_before_the_lock(history, database_url, pg, others):
    async with pooling_proxy(database_url) as proxy, AsyncExitStack() as stack:
        for _ in range(others):
            client = await asyncpg.connect(proxy.url)
            stack.push_async_callback(client.close)
        migrator = Migrator(proxy.url, script_location=history.script_location)
        with pytest.raises(PoolingError, match="pools by transaction") as caught:
            await migrator.upgrade()
        assert "ASYNCMIG_URL" in caught.value.hint
        # nothing was begun, and no lock is left behind on a process that nobody owns
        assert await locks(pg) == 0
    assert await pg.fetchval("SELECT to_regclass('t')") is None
    assert await pg.fetchval("SELECT to_regclass('alembic_version')") is None


@pytest.mark.parametrize("lock", [True, False])
async def test_a_proxy_that_hides_itself_is_seen_all_the_same(history, database_url, pg, lock):
    async with pooling_proxy(database_url, made_up_ids=False) as proxy:
        other = await asyncpg.connect(proxy.url)
        migrator = Migrator(proxy.url, script_location=history.script_location, lock=lock)
        with pytest.raises(PoolingError):
            await migrator.upgrade()
        await other.close()
    assert await pg.fetchval("SELECT to_regclass('t')") is None


@pytest.mark.parametrize("at", ["a1", "b1"])
async def test_a_swap_in_the_middle_of_a_run_stops_it(project, database_url, pg, at):
    """Every message asks, not only the first."""
    for name, down in (("a1", None), ("b1", "a1"), ("c1", "b1"), ("d1", "c1")):
        project.revision(
            name,
            down=down,
            upgrade=f"""
                op.execute("CREATE TABLE {name} (i int)")
                op.execute("VACUUM {name}")
            """,
        )
    async with pooling_proxy(database_url, made_up_ids=False) as proxy:
        others = []

        def on_event(event) -> None:
            if isinstance(event, StepFinished) and event.revision == at:
                proxy._idle.put_nowait(others.pop())

        other = await asyncpg.connect(proxy.url)
        others.append(proxy._idle.get_nowait())
        migrator = Migrator(proxy.url, script_location=project.script_location, on_event=on_event)
        with pytest.raises(PoolingError) as caught:
            await migrator.upgrade()
        assert proxy.swaps > 0
        assert caught.value.applied[-1] == at
        other.terminate()
    version = await pg.fetchval("SELECT version_num FROM alembic_version")
    assert version == caught.value.applied[-1]
    assert await pg.fetchval("SELECT to_regclass('d1')") is None
    await Migrator(database_url, script_location=project.script_location).upgrade()
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "d1"


async def test_pooling_by_session_works(history, database_url, pg):
    async with pooling_proxy(database_url, "session") as proxy:
        migrator = Migrator(proxy.url, script_location=history.script_location)
        assert (await migrator.upgrade()).revisions == ("a1", "b1")
        assert await migrator.status()
    assert await locks(pg) == 0


async def test_reading_through_a_pool_by_transaction_works(history, database_url):
    await Migrator(database_url, script_location=history.script_location).upgrade()
    async with pooling_proxy(database_url) as proxy:
        migrator = Migrator(proxy.url, script_location=history.script_location)
        assert (await migrator.status()).state == "current"
        assert not await migrator.upgrade()  # a replica at head asks, and goes on


async def test_a_script_that_lets_go_of_all_locks(project, database_url, pg):
    """The lock is taken again for each message, or the run stops."""
    project.revision("a1", upgrade='op.execute("SELECT free_all()")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("VACUUM t")
            op.execute("CREATE TABLE b (i int)")
        """,
    )
    await pg.execute("CREATE TABLE t (i int)")
    await pg.execute(
        "CREATE FUNCTION free_all() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_unlock_all()'"
    )
    key = None

    def on_event(event) -> None:
        if isinstance(event, StepFinished) and event.revision == "a1":
            import psycopg2

            thief = psycopg2.connect(database_url)
            with thief.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", (key,))
            thieves.append(thief)

    thieves: list = []
    migrator = Migrator(database_url, script_location=project.script_location, on_event=on_event)
    key = lock_key(migrator.settings, "public")
    with pytest.raises(LockNotAcquiredError, match="the migration lock was freed during the run"):
        await migrator.upgrade()
    thieves[0].close()
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "a1"
    assert await pg.fetchval("SELECT to_regclass('b')") is None
