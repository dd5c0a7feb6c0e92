"""What can go wrong around a run: each ends in a true journal and a clear error."""

from __future__ import annotations

from contextlib import AsyncExitStack
from urllib.parse import urlsplit, urlunsplit

import anyio
import asyncpg
import pytest

from asyncmig import Migrator, embedded
from asyncmig.errors import (
    ConnectionFailedError,
    ConnectionLostError,
    DatabaseError,
    PartiallyAppliedError,
    ScriptError,
    StatementFailedError,
)
from asyncmig.events import ConnectionWaiting, StepFinished


@pytest.fixture
def history(project):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE u (i int)")')
    return project


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


async def set_for_database(pg, setting: str) -> None:
    name = await pg.fetchval("SELECT current_database()")
    await pg.execute(f'ALTER DATABASE "{name}" SET {setting}')


async def test_a_standby_says_so(history, database_url, pg):
    await set_for_database(pg, "default_transaction_read_only = on")
    with pytest.raises(DatabaseError, match="read-only") as caught:
        await Migrator(database_url, script_location=history.script_location).upgrade()
    assert caught.value.sqlstate == "25006"
    assert "primary" in caught.value.hint
    assert await pg.fetchval("SELECT to_regclass('alembic_version')") is None


async def test_a_standby_can_be_asked(history, database_url, pg):
    migrator = Migrator(database_url, script_location=history.script_location)
    await migrator.upgrade("a1")
    await set_for_database(pg, "default_transaction_read_only = on")
    assert (await migrator.status()).state == "pending"
    assert len(await migrator.journal()) == 1
    assert not await migrator.upgrade("a1")


async def test_a_slow_script_outlives_the_idle_session_timeout(project, database_url, pg):
    await set_for_database(pg, "idle_session_timeout = 200")
    await set_for_database(pg, "idle_in_transaction_session_timeout = 200")
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision(
        "b1",
        down="a1",
        signature="async def {name}(op):",
        header="import asyncio",
        upgrade="""
            await asyncio.sleep(0.6)
            op.execute("CREATE TABLE u (i int)")
            await op.fetch("SELECT 1")
            await asyncio.sleep(0.6)
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    assert (await migrator.upgrade()).revisions == ("a1", "b1")


async def test_a_session_that_is_ended_between_two_steps(history, database_url, pg):
    def on_event(event) -> None:
        if isinstance(event, StepFinished) and event.revision == "a1":
            import psycopg2

            connection = psycopg2.connect(database_url)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'asyncmig' AND datname = current_database()"
                )
            connection.close()

    history.revision("b1", down="a1", upgrade='op.execute("VACUUM t")')
    migrator = Migrator(database_url, script_location=history.script_location, on_event=on_event)
    with pytest.raises(ConnectionLostError) as caught:
        await migrator.upgrade()
    assert caught.value.applied == ("a1",)
    assert "continues from there" in caught.value.hint
    again = Migrator(database_url, script_location=history.script_location)
    assert (await again.upgrade()).revisions == ("b1",)


async def test_too_many_connections(history, database_url, admin):
    admin("CREATE ROLE limited LOGIN PASSWORD 'p' CONNECTION LIMIT 1")
    try:
        url = with_login(database_url, "limited", "p")
        first = await asyncpg.connect(url)
        events = []
        with pytest.raises(ConnectionFailedError, match="no free connection") as caught:
            await Migrator(url, script_location=history.script_location).upgrade()
        assert caught.value.sqlstate == "53300"
        assert "max_connections" in caught.value.hint
        assert "p@" not in str(caught.value)

        # with patience it waits until there is room
        migrator = Migrator(
            url,
            script_location=history.script_location,
            wait_for_database=20,
            on_event=events.append,
        )
        async with anyio.create_task_group() as group:
            group.start_soon(migrator.status)
            with anyio.fail_after(10):
                while not any(isinstance(event, ConnectionWaiting) for event in events):
                    await anyio.sleep(0.02)
            await first.close()
    finally:
        admin("DROP ROLE limited")


async def test_no_second_connection_is_no_failure(history, database_url, admin, pg):
    """Whoever has a single connection migrates all the same, and is told who blocks all the same."""
    admin("CREATE ROLE single LOGIN PASSWORD 'p' CONNECTION LIMIT 1")
    name = await pg.fetchval("SELECT current_database()")
    await pg.execute(
        f'GRANT ALL ON DATABASE "{name}" TO single; GRANT ALL ON SCHEMA public TO single'
    )
    await pg.execute("CREATE TABLE v (i int); ALTER TABLE v OWNER TO single")
    history.revision("c1", down="b1", upgrade='op.execute("ALTER TABLE v ADD b int")')
    await pg.execute("BEGIN; LOCK TABLE v IN ACCESS SHARE MODE")
    migrator = Migrator(
        with_login(database_url, "single", "p"),
        script_location=history.script_location,
        lock_timeout=0.2,
        lock_retries=1,
    )
    try:
        with pytest.raises(StatementFailedError) as caught:
            await migrator.upgrade()
        assert caught.value.sqlstate == "55P03"
        assert f"pid {pg.get_server_pid()}" in str(caught.value.blockers)
        await pg.execute("COMMIT")
        assert (await migrator.upgrade()).revisions == ("c1",)
    finally:
        await pg.execute("DROP OWNED BY single")
        admin("DROP ROLE single")


@pytest.mark.parametrize(
    ("state", "advice"),
    [("53100", "disk is full"), ("42501", "privilege"), ("57014", "statement_timeout")],
)
async def test_a_refusal_half_way_is_kept(project, database_url, pg, state, advice):
    """A full disk, say: PostgreSQL's own word stands in the journal's row and in the error."""
    await pg.execute("CREATE TABLE t (i int); INSERT INTO t VALUES (1)")
    await pg.execute(
        "CREATE FUNCTION refuse(state text) RETURNS int LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'no more (statement timeout)' USING ERRCODE = state; END $$"
    )
    project.revision(
        "a1",
        upgrade=f"""
            op.execute("CREATE TABLE a (i int)")
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (refuse('{state}'))")
        """,
    )
    await pg.execute("ALTER FUNCTION refuse IMMUTABLE")
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(PartiallyAppliedError, match="no more") as caught:
        await migrator.upgrade()
    error = caught.value
    assert (error.sqlstate, error.exit_code, error.phase) == (state, 5, 1)
    assert advice in error.hint
    entries = await migrator.journal()
    assert [(entry.phase, entry.state, entry.final) for entry in entries] == [
        (1, "failed", False),
        (0, "done", False),
    ]
    assert "no more" in entries[0].error
    assert (await migrator.status()).state == "partial"
    await pg.execute(
        "CREATE OR REPLACE FUNCTION refuse(state text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'"
    )
    assert (await migrator.upgrade()).revisions == ("a1",)
    assert await pg.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_i'::regclass")


@pytest.mark.parametrize("form", ["directive", "bind"])
async def test_a_failure_that_cannot_be_noted_is_told_all_the_same(project, database_url, pg, form):
    """The journal cannot be written (its disk is full, too): the statement's own error comes out."""
    sql = "CREATE INDEX CONCURRENTLY t_i ON t ((1 / i))"
    runs = f"op.get_bind().exec_driver_sql({sql!r})" if form == "bind" else f"op.execute({sql!r})"
    project.revision(
        "a1", upgrade='op.execute("CREATE TABLE t AS SELECT 0 AS i")\nop.execute("SELECT 1")'
    )
    project.revision("b1", down="a1", upgrade=runs)
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade("a1")
    await pg.execute(
        """
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER no_room BEFORE UPDATE ON asyncmig_journal FOR EACH ROW
            WHEN (NEW.state = 'failed') EXECUTE FUNCTION no_room()
        """
    )
    with pytest.raises(StatementFailedError, match="division by zero"):
        await migrator.upgrade()
    (started, _) = await migrator.journal()
    assert (started.revision, started.state) == ("b1", "started")
    await pg.execute("UPDATE t SET i = 1")
    assert (await migrator.upgrade()).revisions == ("b1",)
    assert await pg.fetchval("SELECT bool_and(indisvalid) FROM pg_index")


async def test_a_message_that_takes_too_long(project, database_url):
    project.revision("a1", upgrade='op.execute("SELECT pg_sleep(20)")')
    migrator = Migrator(database_url, script_location=project.script_location, command_timeout=0.5)
    with pytest.raises(DatabaseError, match="command_timeout"):
        await migrator.upgrade()
    assert (await migrator.status()).state == "empty"


async def test_a_server_that_restarts(project, tmp_path):
    """In the middle of a statement it goes away; when it is back, the run can be repeated."""
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("CREATE TABLE u (i int)")
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
        """,
    )
    data = tmp_path / "data"
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(embedded.server(data))
        migrator = Migrator(server.url, script_location=project.script_location)
        await migrator.upgrade("a1")
        blocker = await asyncpg.connect(server.url)
        await blocker.execute("BEGIN; INSERT INTO t VALUES (1)")

        async def end_the_server() -> None:
            looker = await asyncpg.connect(server.url)
            while not await looker.fetchval("SELECT count(*) FROM pg_stat_progress_create_index"):
                await anyio.sleep(0.02)
            looker.terminate()
            await stack.aclose()

        async with anyio.create_task_group() as group:
            group.start_soon(end_the_server)
            with pytest.raises(ConnectionLostError):
                await migrator.upgrade()
        blocker.terminate()
        with pytest.raises(ConnectionFailedError):
            await migrator.upgrade()
    async with embedded.server(data) as server:
        migrator = Migrator(server.url, script_location=project.script_location)
        status = await migrator.status()
        assert (status.current, [entry.revision for entry in status.partial]) == (("a1",), ["b1"])
        assert (await migrator.upgrade()).revisions == ("b1",)
        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SELECT bool_and(indisvalid) FROM pg_index")
        await connection.close()


async def test_the_error_of_another_service_is_not_a_lost_connection(project, database_url):
    project.revision("a1", upgrade='raise ConnectionRefusedError("the search service is down")')
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(ScriptError, match="ConnectionRefusedError: the search service is down"):
        await migrator.upgrade()
