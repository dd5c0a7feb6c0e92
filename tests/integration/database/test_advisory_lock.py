"""The runner's lock: who holds it is told, and asked for seldom; what was read before it is read again."""

from __future__ import annotations

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.database import advisory_lock
from asyncmig.database.advisory_lock import lock_key
from asyncmig.errors import ConnectionLostError, LockNotAcquiredError
from asyncmig.events import LockAcquired, LockWaiting, RunFinished, RunStarted, StepStarted
from benchmarks.proxy import latency_proxy


@pytest.fixture
def history(project):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    return project


async def test_the_holder_is_told_and_asked_for_once(history, database_url, pg):
    events = []
    with latency_proxy(database_url) as proxy:
        migrator = Migrator(
            proxy.url, script_location=history.script_location, on_event=events.append
        )
        await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings, 'public')})")
        await pg.execute("SET application_name = 'the other one'")
        async with anyio.create_task_group() as group:
            group.start_soon(migrator.upgrade)
            await anyio.sleep(1.2)
            asked = [trip for trip in proxy.round_trips if "pg_stat_activity" in trip.text]
            await pg.execute("SELECT pg_advisory_unlock_all()")
    assert len(asked) <= 2, proxy.describe()  # one question: prepared, and run
    waits = [event for event in events if isinstance(event, LockWaiting)]
    assert len(waits) > 3
    pid = pg.get_server_pid()
    assert all(event.holder.startswith(f"pid {pid} (the other one") for event in waits)
    since = [event.since for event in waits]
    assert since == sorted(since)
    assert since[-1] - since[0] > 0.2
    assert any(isinstance(event, LockAcquired) for event in events)


@pytest.mark.slow
async def test_another_holder_is_told(history, database_url, pg, monkeypatch):
    monkeypatch.setattr(advisory_lock, "HOLDER_INTERVAL", 0.3)
    events = []
    migrator = Migrator(
        database_url, script_location=history.script_location, on_event=events.append
    )
    key = lock_key(migrator.settings, "public")
    second = await asyncpg.connect(database_url)
    await pg.execute(f"SELECT pg_advisory_lock({key})")
    async with anyio.create_task_group() as group:
        group.start_soon(migrator.upgrade)
        await anyio.sleep(0.3)
        waiting = second.execute(f"SELECT pg_advisory_lock({key})")
        group.start_soon(lambda: waiting)
        await anyio.sleep(0.2)
        await pg.execute(f"SELECT pg_advisory_unlock({key})")
        await anyio.sleep(0.8)
        await second.close()
    holders = {event.holder for event in events if isinstance(event, LockWaiting)}
    assert len(holders) == 2


async def test_the_version_is_read_again(history, database_url, pg):
    """What another runner did meanwhile is not done a second time."""
    events = []
    migrator = Migrator(
        database_url, script_location=history.script_location, on_event=events.append
    )
    first = Migrator(database_url, script_location=history.script_location, lock=False)
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings, 'public')})")
    async with anyio.create_task_group() as group:
        group.start_soon(migrator.upgrade)
        with anyio.fail_after(10):
            while not events:
                await anyio.sleep(0.01)
        await first.upgrade()
        await pg.execute("SELECT pg_advisory_unlock_all()")
    assert not any(isinstance(event, RunStarted) for event in events)
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_journal") == 1


async def test_two_version_tables_do_not_wait_for_each_other(history, database_url, pg):
    migrator = Migrator(database_url, script_location=history.script_location)
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings, 'public')})")
    other = Migrator(
        database_url, script_location=history.script_location, version_table="other_version"
    )
    with anyio.fail_after(5):
        result = await other.upgrade()
    assert result.revisions == ("a1",)


@pytest.mark.cells(2)
@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        ({}, {"version_table_schema": "public"}, True),
        ({"search_path": "public"}, {"version_table_schema": "public"}, True),
        ({"search_path": "s, public"}, {"version_table_schema": "s"}, True),
        ({"search_path": "s"}, {"search_path": "public"}, False),
        ({"version_table_schema": "s"}, {}, False),
    ],
)
async def test_the_lock_is_of_the_table_that_the_server_finds(
    project, database_url, pg, first, second, waits
):
    """However two processes call the version table, they wait for each other where it is one."""
    await pg.execute("CREATE SCHEMA s")
    project.revision(
        "a1",
        signature="async def {name}(op):",
        header="import asyncio",
        upgrade="await op.fetch('SELECT 1')\nawait asyncio.sleep(1)",
    )
    events = []
    one = Migrator(
        database_url, script_location=project.script_location, on_event=events.append, **first
    )
    other = Migrator(database_url, script_location=project.script_location, lock_wait=0.1, **second)
    async with anyio.create_task_group() as group:
        group.start_soon(one.upgrade)
        with anyio.fail_after(10):
            while not any(isinstance(event, StepStarted) for event in events):
                await anyio.sleep(0.01)
        if waits:
            with pytest.raises(LockNotAcquiredError):
                await other.upgrade()
        else:
            assert (await other.upgrade()).revisions == ("a1",)


async def test_the_holder_is_ended_while_another_waits(history, database_url, pg):
    """The waiter gets the lock, and finds nothing left to do."""
    history.revision("b1", down="a1", upgrade='op.execute("SELECT pg_sleep(30)")')
    holders = (
        " FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)%'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    events = []
    holder = Migrator(database_url, script_location=history.script_location)
    waiter = Migrator(database_url, script_location=history.script_location, on_event=events.append)
    await holder.upgrade("a1")

    async def fail() -> None:
        with pytest.raises(ConnectionLostError):
            await holder.upgrade()

    async with anyio.create_task_group() as group:
        group.start_soon(fail)
        with anyio.fail_after(10):
            while not await pg.fetchval(f"SELECT count(*) {holders}"):
                await anyio.sleep(0.02)
        group.start_soon(waiter.downgrade, "base")
        with anyio.fail_after(10):
            while not any(isinstance(event, LockWaiting) for event in events):
                await anyio.sleep(0.02)
        await pg.execute(f"SELECT pg_terminate_backend(pid) {holders}")
    assert isinstance(events[-1], RunFinished)
    assert (await holder.status()).state == "empty"


async def test_a_server_with_short_timeouts(history, database_url, pg):
    name = await pg.fetchval("SELECT current_database()")
    await pg.execute(f'ALTER DATABASE "{name}" SET statement_timeout = 100')
    await pg.execute(f'ALTER DATABASE "{name}" SET lock_timeout = 50')
    migrator = Migrator(database_url, script_location=history.script_location, lock_wait=1.0)
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings, 'public')})")
    with pytest.raises(LockNotAcquiredError):
        await migrator.upgrade()


@pytest.mark.pg(">=17")
async def test_a_limit_on_transactions_does_not_end_the_run(history, database_url, pg):
    name = await pg.fetchval("SELECT current_database()")
    await pg.execute(f'ALTER DATABASE "{name}" SET transaction_timeout = 200')
    history.revision("b1", down="a1", upgrade='op.execute("SELECT pg_sleep(0.6)")')
    migrator = Migrator(database_url, script_location=history.script_location)
    assert (await migrator.upgrade()).revisions == ("a1", "b1")


async def test_what_the_callback_raises_frees_the_lock(history, database_url, pg):
    def on_event(event) -> None:
        if isinstance(event, LockAcquired):
            raise RuntimeError("no more")

    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:"))
    migrator = Migrator(engine, script_location=history.script_location, on_event=on_event)
    with pytest.raises(RuntimeError, match="no more"):
        await migrator.upgrade()
    assert await pg.fetchval(
        f"SELECT pg_try_advisory_lock({lock_key(migrator.settings, 'public')})"
    )
    await engine.dispose()
