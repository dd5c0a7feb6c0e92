"""Roles whose own time limits would end a session of asyncmig: each command sets them aside."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.errors import (
    DatabaseError,
    LockNotAcquiredError,
    NotCurrentError,
    StatementFailedError,
)

LIMIT = "300ms"
LONGER = 1.0
"""Seconds."""


@pytest.fixture
async def limited(pg, database_url):
    """The URL of a role with every limit that the server has."""
    role = f"limited_{(await pg.fetchval('SELECT current_database()'))[-20:]}"
    database = await pg.fetchval("SELECT current_database()")
    await pg.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT ALL ON SCHEMA public TO {role}")
    names = ["statement_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"]
    if await pg.fetchval("SELECT count(*) FROM pg_settings WHERE name = 'transaction_timeout'"):
        names.append("transaction_timeout")
    for name in names:
        await pg.execute(f"ALTER ROLE {role} IN DATABASE {database} SET {name} = '{LIMIT}'")
    parts = urlsplit(database_url)
    host = parts.netloc.rpartition("@")[2]
    yield parts._replace(netloc=f"{role}:x@{host}").geturl()
    await pg.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_a_run_sets_them_aside(project, limited, pg):
    project.revision(
        "a1",
        upgrade=f"""
            op.execute("CREATE TABLE t (id int)")
            op.get_bind().exec_driver_sql("SELECT pg_sleep({LONGER})")
            import time
            time.sleep({LONGER})
            op.execute("CREATE INDEX t_id ON t (id)")
        """,
    )
    migrator = Migrator(limited, script_location=project.script_location)
    with pytest.raises(StatementFailedError, match="due to statement timeout") as caught:
        await migrator.upgrade()
    assert "statement_timeout" in str(caught.value.hint)
    migrator = Migrator(limited, script_location=project.script_location, statement_timeout=0)
    await migrator.upgrade()
    assert await pg.fetchval("SELECT to_regclass('t_id')") == "t_id"
    assert (await migrator.status()).ok
    assert (await migrator.current()).is_current
    await migrator.stamp("base")


@pytest.mark.slow
async def test_waiting_for_another_process_sets_them_aside(project, limited):
    project.revision("a1")
    migrator = Migrator(limited, script_location=project.script_location)
    with pytest.raises(NotCurrentError):
        await migrator.wait_until_current(timeout=3)
    waiting = asyncio.create_task(migrator.wait_until_current(timeout=20))
    await anyio.sleep(2 * LONGER)
    await migrator.upgrade()
    assert (await waiting).ok


@pytest.mark.slow
async def test_waiting_for_the_lock_sets_them_aside(project, limited, database_url, pg):
    project.revision("a1", upgrade='op.execute("SELECT pg_sleep(4)")')
    await Migrator(limited, script_location=project.script_location).ensure_version()
    holder = asyncio.create_task(
        Migrator(database_url, script_location=project.script_location).upgrade()
    )
    while not await pg.fetchval(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ):
        await anyio.sleep(0.02)
    with pytest.raises(LockNotAcquiredError):
        await Migrator(limited, script_location=project.script_location, lock_wait=2).upgrade()
    await holder


async def test_a_query_that_the_role_may_not_finish_names_the_limit(project, limited, pg):
    """Nothing sets ``statement_timeout`` aside for one query of a health check."""
    project.revision("a1")
    migrator = Migrator(limited, script_location=project.script_location)
    await migrator.ensure_version()
    async with pg.transaction():
        await pg.execute("LOCK alembic_version")
        with pytest.raises(DatabaseError) as caught:
            await migrator.status()
    told = f"{caught.value.message} {caught.value.hint}"
    # PostgreSQL 17 and newer end the session first
    assert "statement_timeout" in told or "due to transaction timeout" in told


async def test_a_locked_version_table_does_not_hold_a_health_check(project, database_url, pg):
    project.revision("a1")
    migrator = Migrator(database_url, script_location=project.script_location, connect_timeout=1)
    await migrator.upgrade()
    async with pg.transaction():
        await pg.execute("LOCK alembic_version")
        with pytest.raises(
            DatabaseError, match="no answer for 1 s while reading the version table"
        ):
            await migrator.status()
        with pytest.raises(DatabaseError, match=r"has not answered|no answer"):
            await migrator.wait_until_current(timeout=0.5)
    assert (await migrator.status()).ok
