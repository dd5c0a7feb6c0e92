"""What a script may not send, and connections that a migrator cannot use."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.database.connections import require_asyncio
from asyncmig.errors import ConfigError, DatabaseError, ScriptError, UrlError

NUL = "a NUL character in line 1"
DISCARD = "DISCARD ALL frees the lock"
UNLOCK_ALL = r"pg_advisory_unlock_all\(\) frees the lock"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("op.execute('DISCARD ALL')", DISCARD),
        ("await op.fetch('discard /* it */ all')", DISCARD),
        ("await (await op.connection()).execute('SELECT 1; DISCARD ALL')", DISCARD),
        ("op.execute('SELECT pg_advisory_unlock_all()')", UNLOCK_ALL),
        ("await op.fetch('select pg_catalog.PG_ADVISORY_UNLOCK_ALL ()')", UNLOCK_ALL),
        ("op.execute('DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$')", UNLOCK_ALL),
        ("await op.fetch('SELECT \\0')", NUL),
        ("await (await op.connection()).fetchval('SELECT \\0')", NUL),
    ],
)
async def test_statements_that_no_run_survives(project, database_url, body, message):
    project.revision(
        "a1", upgrade=f"op.execute('CREATE TABLE t ()')\n{body}", signature="async def {name}(op):"
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(ScriptError, match=message) as caught:
        await migrator.upgrade()
    assert "a1.py:12" in caught.value.message
    assert (await migrator.status()).state == "empty"


@pytest.mark.parametrize("sql", ["DISCARD ALL", "SELECT pg_advisory_unlock_all()", "SELECT \\0"])
async def test_statements_that_a_bind_does_not_send(project, database_url, sql):
    project.revision("a1", upgrade=f"op.get_bind().exec_driver_sql('{sql}')")
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(ScriptError, match=r"a1\.py:11"):
        await migrator.upgrade()


async def test_a_schema_that_is_not_there(project, database_url):
    project.revision("a1")
    migrator = Migrator(
        database_url, script_location=project.script_location, version_table_schema="nowhere"
    )
    for act in (migrator.upgrade, migrator.ensure_version):
        with pytest.raises(DatabaseError, match='schema "nowhere" does not exist') as caught:
            await act()
        assert "CREATE SCHEMA" in caught.value.hint


async def test_connections_that_are_not_open(project, database_url):
    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:"))
    closed = await engine.connect()
    await closed.close()
    for connection in (closed, engine.connect()):
        migrator = Migrator(connection, script_location=project.script_location)
        for act in (migrator.upgrade, migrator.status):
            with pytest.raises(UrlError, match="closed, or was never opened"):
                await act()
    async with engine.connect() as connection:
        for other in (connection.sync_connection, engine.sync_engine):
            with pytest.raises(UrlError, match="an AsyncEngine or an AsyncConnection, not"):
                await Migrator(other, script_location=project.script_location).upgrade()
    await engine.dispose()


def test_no_event_loop_of_asyncio():
    with pytest.raises(ConfigError, match="needs asyncio's event loop") as caught:
        require_asyncio()
    assert "Trio" in caught.value.hint
