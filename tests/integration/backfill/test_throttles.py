"""A backfill waits for real standbys, vacuums and archives, and continues when they are done."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
import pytest

from asyncmig import Migrator, embedded
from asyncmig.events import BackfillWaiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROWS = 3000
SIZE = "SELECT min(size) FROM asyncmig_backfill_range"


@asynccontextmanager
async def running(project, url: str, **settings: Any) -> AsyncIterator[list[str]]:
    """A deferred backfill of a table with a counter runs; the block gets the reasons of its pauses."""
    project.revision(
        "one", upgrade='op.backfill("item", {"n": "n + 1"}, name="count", deferred=True)'
    )
    reasons: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, BackfillWaiting):
            reasons.append(event.reason)

    migrator = Migrator(
        url,
        script_location=project.script_location,
        on_event=note,
        backfill_batch_size=100,
        backfill_largest_batch=100,
        **settings,
    )
    await migrator.upgrade()
    async with anyio.create_task_group() as group:
        group.start_soon(migrator.run_backfills)
        with anyio.fail_after(60):
            yield reasons
            while (await migrator.status()).backfills:
                await anyio.sleep(0.1)


async def make_table(pg: asyncpg.Connection, rows: int = ROWS) -> None:
    await pg.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int DEFAULT 0)")
    await pg.execute(f"INSERT INTO item SELECT i FROM generate_series(1, {rows}) i; ANALYZE item")


async def wait_for(reasons: list[str], text: str) -> None:
    while not any(text in reason for reason in reasons):
        await anyio.sleep(0.05)


async def state(pg: asyncpg.Connection) -> tuple[str, int]:
    row = await pg.fetchrow(
        "SELECT state, (SELECT count(*) FROM item WHERE n = 1) AS done FROM asyncmig_backfill"
    )
    assert row is not None
    return row["state"], row["done"]


async def check_done(pg: asyncpg.Connection) -> None:
    assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {1: ROWS}


@pytest.mark.slow
async def test_a_vacuum_of_the_table(project, database_url, pg):
    await make_table(pg)
    vacuum = await asyncpg.connect(database_url)
    await vacuum.execute("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
    async with anyio.create_task_group() as group:

        async def run_vacuum() -> None:
            with suppress(asyncpg.QueryCanceledError):
                await vacuum.execute("VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) item")

        group.start_soon(run_vacuum)
        await anyio.sleep(0.3)
        async with running(project, database_url) as reasons:
            await wait_for(reasons, "vacuums or analyzes the table")
            found, done = await state(pg)
            assert found == "waiting"
            await anyio.sleep(1.2)
            assert await state(pg) == ("waiting", done)
            await pg.execute("SELECT pg_cancel_backend($1)", vacuum.get_server_pid())
    await vacuum.close()
    await check_done(pg)


@pytest.mark.slow
async def test_a_real_autovacuum(project):
    """An autovacuum with a cost delay works on the table; without the delay it ends, and the job goes on."""
    settings = {
        "autovacuum": "on",
        "autovacuum_naptime": "1s",
        "autovacuum_vacuum_cost_delay": "100ms",
        "autovacuum_vacuum_cost_limit": "1",
    }
    async with embedded.server(settings=settings) as server:
        pg = await asyncpg.connect(server.url)
        await make_table(pg)
        await pg.execute(
            "ALTER TABLE item SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);"
            "UPDATE item SET n = 0"
        )
        with anyio.fail_after(60):
            while not await pg.fetchval(
                "SELECT count(*) FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid)"
                " WHERE backend_type = 'autovacuum worker' AND relation = 'item'::regclass"
            ):
                await anyio.sleep(0.1)
        async with running(project, server.url) as reasons:
            await wait_for(reasons, "vacuums or analyzes the table")
            found, done = await state(pg)
            assert found == "waiting"
            await anyio.sleep(1.2)
            assert await state(pg) == ("waiting", done)
            await pg.execute("ALTER SYSTEM SET autovacuum_vacuum_cost_delay = 0")
            await pg.execute("SELECT pg_reload_conf()")
        await check_done(pg)
        await pg.close()


@pytest.mark.slow
async def test_a_long_archive_queue(project):
    """The archive command hangs: it does not fail, and files wait for it."""
    hang = "while ! test -e works; do sleep 0.1; done"
    settings = {"archive_mode": "on", "archive_command": hang, "wal_level": "replica"}
    async with embedded.server(settings=settings) as server:
        pg = await asyncpg.connect(server.url)
        await make_table(pg)
        for _ in range(4):
            await pg.execute("SELECT pg_logical_emit_message(false, '', 'next'), pg_switch_wal()")
        async with running(project, server.url, backfill_archive_queue=2) as reasons:
            await wait_for(reasons, "files of the write-ahead log wait to be archived, more than 2")
            assert (await state(pg))[0] == "waiting"
            await pg.execute("COPY (SELECT 1) TO PROGRAM 'cat > works'")
        await check_done(pg)
        await pg.close()


@pytest.mark.slow
async def test_an_archive_command_that_fails(project, tmp_path):
    settings = {"archive_mode": "on", "archive_command": "test -e works", "wal_level": "replica"}
    async with embedded.server(settings=settings) as server:
        pg = await asyncpg.connect(server.url)
        await make_table(pg)
        await pg.execute("SELECT pg_switch_wal()")
        while await pg.fetchval("SELECT last_failed_wal FROM pg_stat_archiver") is None:
            await anyio.sleep(0.1)
        async with running(project, server.url) as reasons:
            await wait_for(reasons, "the server cannot archive its write-ahead log")
            assert (await state(pg))[0] == "waiting"
            await pg.execute("COPY (SELECT 1) TO PROGRAM 'cat > works'")
            # after three failures the archiver sleeps until another file is ready
            while await pg.fetchval("SELECT last_archived_wal FROM pg_stat_archiver") is None:
                await pg.execute("SELECT pg_logical_emit_message(false, '', 'next')")
                await pg.execute("SELECT pg_switch_wal()")
                await anyio.sleep(0.5)
        await check_done(pg)
        await pg.close()


@pytest.mark.slow
async def test_a_standby_that_lags(project, replicated):
    primary, _ = replicated.create_database("lagging")
    standby = await asyncpg.connect(replicated.standby)
    pg = await asyncpg.connect(primary)
    await make_table(pg)
    await standby.execute("ALTER SYSTEM SET recovery_min_apply_delay = '3s'")
    await standby.execute("SELECT pg_reload_conf()")
    try:
        with anyio.fail_after(60):
            while (
                await pg.fetchval(
                    "SELECT extract(epoch FROM max(replay_lag)) FROM pg_stat_replication"
                )
                or 0
            ) < 2:
                await pg.execute("UPDATE item SET n = 0 WHERE id = 1")
                await anyio.sleep(0.1)
        async with running(project, primary, backfill_replica_lag=1.0) as reasons:
            await wait_for(reasons, "s behind, more than 1 s")
            assert (await state(pg))[0] == "waiting"
            await standby.execute("ALTER SYSTEM RESET recovery_min_apply_delay")
            await standby.execute("SELECT pg_reload_conf()")
        await check_done(pg)
    finally:
        await standby.execute("ALTER SYSTEM RESET recovery_min_apply_delay")
        await standby.execute("SELECT pg_reload_conf()")
        await standby.close()
        await pg.close()


async def test_the_throttle_of_the_project(project, database_url, pg, tmp_path, monkeypatch):
    await make_table(pg)
    (tmp_path / "backfill_hooks.py").write_text(
        "calls = []\n\n\nasync def throttle_backfill():\n"
        "    calls.append(1)\n    return 'the queue is long' if len(calls) < 3 else None\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    async with running(project, database_url, hooks="backfill_hooks") as reasons:
        await wait_for(reasons, "the queue is long")
    assert reasons == ["the queue is long"]
    await check_done(pg)
    assert len(sys.modules["backfill_hooks"].calls) >= 3


async def test_sessions_that_wait_for_its_rows(project, database_url, pg):
    await make_table(pg)
    await pg.execute(
        """
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_sleep(0.002); RETURN new;
        END $$;
        CREATE TRIGGER slow BEFORE UPDATE OF n ON item FOR EACH ROW EXECUTE FUNCTION slow();
        ALTER TABLE item ADD touched int
        """
    )
    async with running(project, database_url) as reasons:
        other = await asyncpg.connect(database_url)
        while not reasons:
            done = await pg.fetchval("SELECT count(*) FROM item WHERE n = 1")
            await other.execute("UPDATE item SET touched = 1 WHERE id = $1", done + 1)
        await other.close()
        await pg.execute("DROP TRIGGER slow ON item")
    assert "sessions waited for its rows" in reasons[0]
    await check_done(pg)


async def test_sessions_that_write(project, database_url, pg):
    """Beside a writer batches are shorter and rest; a transaction that only stays open does not count."""
    await make_table(pg)
    await pg.execute("CREATE TABLE other (n int)")
    idle = await asyncpg.connect(database_url)
    await idle.execute("BEGIN; INSERT INTO other VALUES (0)")
    writer = await asyncpg.connect(database_url)
    ended = anyio.Event()

    async def write() -> None:
        while not ended.is_set():
            async with writer.transaction():
                await writer.execute("INSERT INTO other VALUES (1)")
                await anyio.sleep(0.01)

    async with running(project, database_url, backfill_busy_percent=1) as reasons:
        async with anyio.create_task_group() as group:
            group.start_soon(write)
            await wait_for(reasons, "other sessions write in the database: its batches take 1%")
            job = await pg.fetchrow("SELECT state, reason FROM asyncmig_backfill")
            assert job is not None
            assert job["state"] == "running"
            assert "other sessions write" in job["reason"]
            assert (await state(pg))[1] < ROWS
            while (size := await pg.fetchval(SIZE)) == 100:
                await anyio.sleep(0.05)
            assert size is not None, "the job is done: it did not rest"
            ended.set()
        with anyio.fail_after(30):
            while await pg.fetchval("SELECT reason FROM asyncmig_backfill WHERE state = 'running'"):
                await anyio.sleep(0.05)
    await writer.close()
    await idle.close()
    await check_done(pg)


async def test_workers_are_no_writers_to_each_other(project, database_url, pg):
    await make_table(pg)
    project.revision(
        "one", upgrade='op.backfill("item", {"n": "n + 1"}, name="count", deferred=True)'
    )
    reasons: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, BackfillWaiting):
            reasons.append(event.reason)

    migrator = Migrator(
        database_url,
        script_location=project.script_location,
        on_event=note,
        backfill_batch_size=10,
        backfill_largest_batch=10,
    )
    await migrator.upgrade()
    await migrator.run_backfills(workers=3)
    assert not [reason for reason in reasons if "other sessions write" in reason]
    await check_done(pg)
