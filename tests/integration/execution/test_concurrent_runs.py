"""Many runners at once, and runners that are cancelled."""

from __future__ import annotations

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.database.advisory_lock import lock_key
from asyncmig.errors import LockNotAcquiredError, NotCurrentError
from asyncmig.events import LockWaiting, StepFinished


@pytest.fixture
def history(project):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("INSERT INTO t SELECT generate_series(1, 5000)")
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
            op.execute("SELECT pg_sleep(0.2)")
        """,
    )
    project.revision("c1", down="b1", upgrade='op.execute("CREATE TABLE u (i int)")')
    return project


async def lock_holders(pg, settings) -> int:
    return await pg.fetchval(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        " AND ((classid::bigint << 32) | objid::bigint) = $1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        lock_key(settings, "public"),
    )


async def test_ten_at_once(history, database_url, pg):
    results = []

    async def one() -> None:
        migrator = Migrator(database_url, script_location=history.script_location)
        results.append(await migrator.upgrade())

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(one)
    assert sorted(len(result.applied) for result in results) == [0] * 9 + [3]
    rows = await pg.fetch("SELECT revision, phase FROM asyncmig_journal ORDER BY id")
    assert [tuple(row) for row in rows] == [("a1", 0), ("b1", 0), ("b1", 1), ("b1", 2), ("c1", 0)]
    assert await pg.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0


async def test_the_lock_has_a_deadline_and_names_its_holder(history, database_url, pg):
    events = []
    migrator = Migrator(
        database_url,
        script_location=history.script_location,
        lock_wait=0.3,
        on_event=events.append,
    )
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings, 'public')})")
    await pg.execute("SET application_name = 'the other one'")
    with pytest.raises(LockNotAcquiredError, match="the other one") as caught:
        await migrator.upgrade()
    assert caught.value.exit_code == 4
    assert any(isinstance(event, LockWaiting) for event in events)
    await pg.execute("SELECT pg_advisory_unlock_all()")
    assert (await migrator.upgrade()).revisions == ("a1", "b1", "c1")


async def test_no_lock(history, database_url, pg):
    migrator = Migrator(database_url, script_location=history.script_location, lock=False)
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings, 'public')})")
    assert (await migrator.upgrade()).revisions == ("a1", "b1", "c1")


async def test_the_lock_is_free_after_a_failure(history, database_url, pg):
    history.revision("d1", down="c1", upgrade='op.execute("SELECT 1/0")')
    migrator = Migrator(database_url, script_location=history.script_location)
    with pytest.raises(Exception, match="division by zero"):
        await migrator.upgrade()
    with anyio.fail_after(5):
        while await lock_holders(pg, migrator.settings):
            await anyio.sleep(0.01)


@pytest.mark.parametrize("revision", ["a1", "b1", "c1"])
async def test_cancelled_after_a_step(history, database_url, pg, revision):
    scope = anyio.CancelScope()

    def on_event(event) -> None:
        if isinstance(event, StepFinished) and event.revision == revision:
            scope.cancel()

    migrator = Migrator(database_url, script_location=history.script_location, on_event=on_event)
    with scope:
        await migrator.upgrade()
    with anyio.fail_after(5):
        while await lock_holders(pg, migrator.settings):
            await anyio.sleep(0.01)
    current = await pg.fetch("SELECT version_num FROM alembic_version")
    assert [row["version_num"] for row in current] >= [revision]
    await Migrator(database_url, script_location=history.script_location).upgrade()
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "c1"


async def test_cancelled_in_the_middle_of_a_statement(project, database_url, pg):
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            op.execute("SELECT pg_sleep(30)")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with anyio.move_on_after(0.8) as scope:
        await migrator.upgrade()
    assert scope.cancelled_caught
    with anyio.fail_after(5):
        while await lock_holders(pg, migrator.settings):
            await anyio.sleep(0.01)
    assert await pg.fetchval("SELECT to_regclass('t')") is None
    sleeping = await pg.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )
    assert sleeping == 0


async def test_waiting_for_somebody_else(history, database_url):
    migrator = Migrator(database_url, script_location=history.script_location)
    with pytest.raises(NotCurrentError) as caught:
        await migrator.wait_until_current(timeout=0.3)
    assert caught.value.exit_code == 3
    async with anyio.create_task_group() as group:
        group.start_soon(migrator.upgrade)
        status = await migrator.wait_until_current(timeout=20)
    assert status.state == "current"


async def test_a_lost_connection_is_told(project, database_url, pg):
    from asyncmig.errors import ConnectionLostError

    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision("b1", down="a1", upgrade='op.execute("SELECT pg_sleep(30)")')
    migrator = Migrator(database_url, script_location=project.script_location)

    async def cut() -> None:
        connection = await asyncpg.connect(database_url)
        while not await connection.fetchval(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event = 'PgSleep' AND datname = current_database()"
        ):
            await anyio.sleep(0.02)
        await connection.close()

    async with anyio.create_task_group() as group:
        group.start_soon(cut)
        with pytest.raises(ConnectionLostError):
            await migrator.upgrade()
