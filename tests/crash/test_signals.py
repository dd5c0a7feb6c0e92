"""SIGTERM and SIGINT to the real command: rolled back, the lock free, its own exit code, in time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from support.processes import restore_interrupt

GRACE = 5.0
"""Seconds that a run may take to go away; an orchestrator waits 10 and more."""


@pytest.fixture
def history(project):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    return project


@pytest.fixture
async def start():
    """Starts ``asyncmig upgrade``; what still runs at the end of the test is killed."""
    processes = []

    async def start_one(url: str, project) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "asyncmig_cli", "upgrade", "--url", url),
            cwd=project.path,
            env=os.environ | {"NO_COLOR": "1"},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=restore_interrupt,
        )
        processes.append(process)
        return process

    yield start_one
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(pg: asyncpg.Connection, condition: str, *, there: bool = True) -> None:
    with anyio.fail_after(60):  # a command starts slowly on a busy machine
        while bool(await pg.fetchval(f"SELECT EXISTS ({condition})")) is not there:
            await anyio.sleep(0.02)


OURS = "SELECT FROM pg_stat_activity WHERE application_name = 'asyncmig' AND datname = current_database()"
LOCKS = (
    "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def stop(process: asyncio.subprocess.Process, number: int) -> int:
    began = time.monotonic()
    process.send_signal(number)
    code = await process.wait()
    assert time.monotonic() - began < GRACE
    return code


@pytest.fixture
def configured(history):
    (history.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    return history


@pytest.mark.cells(1)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_in_a_transaction(start, configured, database_url, pg, number, code):
    configured.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("CREATE TABLE u (i int)")
            op.execute("SELECT pg_sleep(60)")
        """,
    )
    process = await start(database_url, configured)
    await until(pg, f"{OURS} AND wait_event = 'PgSleep'")
    assert await stop(process, number) == code
    assert b"interrupt" in (await process.stderr.read()).lower() or number == signal.SIGTERM
    await until(pg, OURS, there=False)
    assert not await pg.fetchval(f"SELECT EXISTS ({LOCKS})")
    # what was committed before stands, and nothing of the interrupted revision
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "a1"
    assert await pg.fetchval("SELECT to_regclass('u')") is None


@pytest.mark.cells(1)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_in_a_concurrent_index(start, configured, database_url, pg, number):
    configured.revision(
        "b1",
        down="a1",
        upgrade='op.execute("CREATE UNIQUE INDEX CONCURRENTLY t_i ON t (i)")',
    )
    await pg.execute("CREATE TABLE t (i int); CREATE TABLE other (i int)")
    await Migrator(database_url, script_location=configured.script_location).stamp("a1")
    await pg.execute("BEGIN; INSERT INTO t VALUES (1)")
    process = await start(database_url, configured)
    watcher = await asyncpg.connect(database_url)
    await until(
        watcher, "SELECT FROM pg_stat_progress_create_index WHERE datname = current_database()"
    )
    await stop(process, number)
    await pg.execute("COMMIT")
    await until(watcher, OURS, there=False)
    await watcher.close()
    row = await pg.fetchrow("SELECT state, final FROM asyncmig_journal WHERE revision = 'b1'")
    assert tuple(row) == ("started", False)
    result = await Migrator(database_url, script_location=configured.script_location).upgrade()
    assert result.revisions == ("b1",)
    assert await pg.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_i'::regclass")


async def test_while_it_waits_for_the_lock(start, configured, database_url, pg):
    from asyncmig.database.advisory_lock import lock_key

    migrator = Migrator(database_url, script_location=configured.script_location)
    await pg.execute(f"SELECT pg_advisory_lock({lock_key(migrator.settings, 'public')})")
    process = await start(database_url, configured)
    await until(
        pg, f"{OURS} AND query LIKE '%pg_stat_activity%' OR EXISTS ({OURS} AND state = 'idle')"
    )
    assert await stop(process, signal.SIGTERM) == 143
    assert await pg.fetchval("SELECT to_regclass('t')") is None


async def test_twice_ends_at_once(start, configured, database_url, pg):
    """A server that does not answer any more cannot hold the process."""
    configured.revision("b1", down="a1", upgrade='op.execute("SELECT pg_sleep(60)")')
    process = await start(database_url, configured)
    await until(pg, f"{OURS} AND wait_event = 'PgSleep'")
    pid = await pg.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 130
    await pg.execute(f"SELECT pg_terminate_backend({pid})")


async def test_a_timeout_around_upgrade_in_a_concurrent_index(configured, database_url, pg):
    configured.revision(
        "b1", down="a1", upgrade='op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")'
    )
    await pg.execute("CREATE TABLE t (i int)")
    migrator = Migrator(database_url, script_location=configured.script_location)
    await migrator.stamp("a1")
    other = await asyncpg.connect(database_url)
    await other.execute("BEGIN; INSERT INTO t VALUES (1)")
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.7):
            await migrator.upgrade()
    assert time.monotonic() - began < 0.7 + GRACE
    assert not await pg.fetchval(f"SELECT EXISTS ({LOCKS})")
    await other.close()
    status = await migrator.status()
    assert [entry.revision for entry in status.partial] == ["b1"]
    assert (await migrator.upgrade()).revisions == ("b1",)
    assert await pg.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_i'::regclass")


async def test_an_engines_connection_comes_back_clean(configured, database_url, pg):
    """Cancelled in a statement: the pool's connection has no lock, no role and no limits of ours."""
    from sqlalchemy.ext.asyncio import create_async_engine

    configured.revision("b1", down="a1", upgrade='op.execute("SELECT pg_sleep(60)")')
    engine = create_async_engine(
        database_url.replace("postgresql:", "postgresql+asyncpg:"), pool_size=1, max_overflow=0
    )
    migrator = Migrator(engine, script_location=configured.script_location)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.7):
            await migrator.upgrade()
    async with engine.connect() as connection:
        row = (
            await connection.exec_driver_sql(
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
            )
        ).one()
        assert tuple(row) == ("0", "0")
        assert not (await connection.exec_driver_sql(f"SELECT EXISTS ({LOCKS})")).scalar()
    await engine.dispose()
