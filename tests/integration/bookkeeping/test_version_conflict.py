"""Another tool changes the version table while a run is working: no revision's work is done twice."""

from __future__ import annotations

from typing import Any

import anyio
import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.errors import UnexpectedStateError
from asyncmig.events import LockBlocked, PhaseRetried

WORK = "UPDATE accounts SET balance = balance * 100"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""
BODIES = {
    "static": f'op.execute("{WORK}")',
    "live": f'op.get_bind().exec_driver_sql("{WORK}")',
    "autocommit": f'with op.autocommit():\n    op.execute("{WORK}")\n    op.execute("VACUUM accounts")',
}


@pytest.fixture
async def migrator(project, database_url, pg):
    project.revision(
        "r1",
        upgrade="""
            op.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance bigint)")
            op.execute("INSERT INTO accounts VALUES (1, 5)")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade()
    return migrator


async def beside(database_url, project, run, *statements, then=()):
    """Run a command while another tool is in a transaction that has locked the accounts."""
    blocked = anyio.Event()

    def heard(event) -> None:
        if isinstance(event, PhaseRetried | LockBlocked):
            blocked.set()

    migrator = Migrator(database_url, script_location=project.script_location, on_event=heard)
    other = await asyncpg.connect(
        database_url, server_settings={"application_name": "an old image"}
    )
    failure: Any = None

    async def ours() -> None:
        nonlocal failure
        try:
            await run(migrator)
        except UnexpectedStateError as error:
            failure = error

    try:
        async with other.transaction(), anyio.create_task_group() as group:
            for statement in statements:
                await other.execute(statement)
            group.start_soon(ours)
            with anyio.fail_after(30):
                await blocked.wait()
            for statement in then:
                await other.execute(statement)
            await other.execute("COMMIT; BEGIN")
    finally:
        await other.close()
    return failure


@pytest.mark.parametrize("body", BODIES)
async def test_a_revision_that_another_tool_has_applied_is_not_applied_twice(
    project, database_url, pg, migrator, body
):
    project.revision("r2", down="r1", upgrade=BODIES[body])
    project.revision("r3", down="r2", upgrade='op.execute("CREATE TABLE later (id int)")')

    error = await beside(
        database_url,
        project,
        lambda migrator: migrator.upgrade(),
        WORK,
        then=["UPDATE alembic_version SET version_num = 'r2'"],
    )

    assert str(error) == (
        "the version table holds r2 where the upgrade of revision r2 expected r1: another process has "
        "changed it, and nothing of this transaction is kept"
    )
    assert (error.found, error.expected) == (("r2",), ("r1",))
    assert "an old image" in error.hint
    assert await pg.fetchval("SELECT balance FROM accounts") == 500
    assert await pg.fetchval("SELECT to_regclass('later')") is None
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "r2"


async def test_a_downgrade_is_not_done_twice(project, database_url, pg, migrator):
    project.revision("r2", down="r1", downgrade=f'op.execute("{WORK}")')
    await migrator.upgrade()

    error = await beside(
        database_url,
        project,
        lambda migrator: migrator.downgrade("r1"),
        WORK,
        then=["UPDATE alembic_version SET version_num = 'r1'"],
    )

    assert "the version table holds r1 where the downgrade of revision r2 expected r2" in str(error)
    assert await pg.fetchval("SELECT balance FROM accounts") == 500


@pytest.mark.parametrize(
    "meddling",
    [
        "DELETE FROM alembic_version",
        "INSERT INTO alembic_version VALUES ('elsewhere')",
        "UPDATE alembic_version SET version_num = 'elsewhere'",
    ],
)
async def test_rows_that_the_plan_does_not_expect_stop_the_run(
    project, database_url, pg, migrator, meddling
):
    project.revision("r2", down="r1", upgrade=f'op.execute("{WORK}"); op.execute("{meddling}")')

    with pytest.raises(UnexpectedStateError, match="where the upgrade of revision r2 expected r1"):
        await migrator.upgrade()

    assert await pg.fetchval("SELECT balance FROM accounts") == 5
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "r1"


async def test_a_first_row_that_another_tool_inserts(project, database_url, pg):
    project.revision("r1", upgrade='op.execute("UPDATE t SET i = i + 1")')
    await pg.execute("CREATE TABLE t (i int); INSERT INTO t VALUES (1)")
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.ensure_version()

    error = await beside(
        database_url,
        project,
        lambda migrator: migrator.upgrade(),
        "UPDATE t SET i = i + 1",
        then=["INSERT INTO alembic_version VALUES ('r1')"],
    )

    assert "the version table holds r1 where the upgrade of revision r1 expected nothing" in str(
        error
    )
    assert await pg.fetchval("SELECT i FROM t") == 2


async def test_a_stamp_writes_over_no_rows_that_it_has_not_read(
    project, database_url, pg, migrator
):
    project.revision("r2", down="r1")
    project.revision("r3", down="r2")
    # it waits for the rows that it has read, and which another process is changing
    blocker = await asyncpg.connect(database_url)
    failure: Any = None

    async def stamp() -> None:
        nonlocal failure
        try:
            await migrator.stamp("r2")
        except UnexpectedStateError as error:
            failure = error

    try:
        await blocker.execute("BEGIN; SELECT version_num FROM alembic_version FOR UPDATE")
        async with anyio.create_task_group() as group:
            group.start_soon(stamp)
            with anyio.fail_after(30):
                while not await pg.fetchval(WAITING):
                    await anyio.sleep(0.02)
            await blocker.execute("UPDATE alembic_version SET version_num = 'r3'; COMMIT")
    finally:
        await blocker.close()

    assert "the version table holds r3 where the stamp expected r1" in str(failure)
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "r3"


async def test_duplicate_rows_of_a_table_without_a_key_are_one_row(project, database_url, pg):
    project.revision("r1", upgrade='op.execute("CREATE TABLE a (i int)")')
    project.revision("r2", down="r1", upgrade='op.execute("CREATE TABLE b (i int)")')
    await pg.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
    await pg.execute("INSERT INTO alembic_version VALUES ('r1'), ('r1')")

    await Migrator(database_url, script_location=project.script_location).upgrade()

    assert await pg.fetchval("SELECT count(DISTINCT version_num) FROM alembic_version") == 1


@pytest.mark.parametrize("command", ["upgrade", "downgrade", "stamp"])
async def test_a_transaction_of_the_caller_is_not_committed_over_another_state(
    project, database_url, pg, migrator, command
):
    project.revision("r2", down="r1", upgrade=f'op.execute("{WORK}")')
    project.revision("r3", down="r2")
    calls = {"upgrade": ("r2",), "downgrade": ("base",), "stamp": ("r2",)}
    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:", 1))
    blocker = await asyncpg.connect(database_url)
    failure: Any = None

    async def inside() -> None:
        nonlocal failure
        try:
            async with engine.begin() as connection:
                own = Migrator(connection, script_location=project.script_location)
                await getattr(own, command)(*calls[command])
        except UnexpectedStateError as error:
            failure = error

    try:
        await blocker.execute("BEGIN; SELECT version_num FROM alembic_version FOR UPDATE")
        async with anyio.create_task_group() as group:
            group.start_soon(inside)
            with anyio.fail_after(30):
                while not await pg.fetchval(WAITING):
                    await anyio.sleep(0.02)
            await blocker.execute("UPDATE alembic_version SET version_num = 'r3'; COMMIT")
    finally:
        await blocker.close()
        await engine.dispose()

    assert "does not hold the rows where" in str(failure)
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "r3"
    assert await pg.fetchval("SELECT balance FROM accounts") == 5
