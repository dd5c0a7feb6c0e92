"""The runner's lock: who holds it is told, and asked for seldom; what was read before it is read again."""

from __future__ import annotations

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.engine import lock
from asyncmig.engine.lock import lock_key
from asyncmig.events import LockAcquired, LockWaiting, RunStarted
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
        await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings)})")
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
    assert since[-1] - since[0] > 0.5
    assert any(isinstance(event, LockAcquired) for event in events)


async def test_another_holder_is_told(history, database_url, pg, monkeypatch):
    monkeypatch.setattr(lock, "HOLDER_INTERVAL", 0.3)
    events = []
    migrator = Migrator(
        database_url, script_location=history.script_location, on_event=events.append
    )
    key = lock_key(migrator.settings)
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
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings)})")
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
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings)})")
    other = Migrator(
        database_url, script_location=history.script_location, version_table="other_version"
    )
    with anyio.fail_after(5):
        await other.upgrade()


async def test_what_the_callback_raises_frees_the_lock(history, database_url, pg):
    def on_event(event) -> None:
        if isinstance(event, LockAcquired):
            raise RuntimeError("no more")

    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:"))
    migrator = Migrator(engine, script_location=history.script_location, on_event=on_event)
    with pytest.raises(RuntimeError, match="no more"):
        await migrator.upgrade()
    assert await pg.fetchval(f"SELECT pg_try_advisory_lock({lock_key(migrator.settings)})")
    await engine.dispose()
