"""Others change the journal, the lock or the role while a run works, and newer code leaves a revision."""

from __future__ import annotations

import asyncio

import pytest

from asyncmig import Migrator
from asyncmig.database.advisory_lock import lock_key
from asyncmig.errors import (
    ConfigError,
    LockNotAcquiredError,
    ScriptError,
    StatementFailedError,
    UnexpectedStateError,
)


@pytest.fixture
def migrator(project, database_url):
    return Migrator(database_url, script_location=project.script_location)


@pytest.mark.parametrize(
    "meddle",
    [
        "DELETE FROM asyncmig_journal",
        "UPDATE asyncmig_journal SET state = 'forgotten'",
        "UPDATE asyncmig_journal SET run = gen_random_uuid()",
    ],
)
async def test_a_row_of_the_journal_that_is_gone_ends_the_run(project, migrator, pg, meddle):
    project.revision(
        "a1",
        upgrade=f"""
            op.execute("CREATE TABLE t (id int)")
            with op.autocommit():
                op.execute("CREATE INDEX CONCURRENTLY t_id ON t (id)")
                op.execute("DO $$ BEGIN {meddle}; END $$")
                op.execute("CREATE INDEX CONCURRENTLY t_id2 ON t (id)")
        """,
    )
    with pytest.raises(UnexpectedStateError, match="phase 1 of revision a1") as caught:
        await migrator.upgrade()
    assert "another process has changed it" in caught.value.message
    assert caught.value.hint is not None
    assert "asyncmig log" in caught.value.hint
    assert await pg.fetch("SELECT * FROM alembic_version") == []
    assert await pg.fetchval("SELECT to_regclass('t_id2')") is None


async def test_a_journal_row_that_is_gone_before_a_phase_continues(project, migrator, pg):
    """A trigger hides the row from the update that continues the phase."""
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (id int)")
            op.execute("INSERT INTO t VALUES (1), (1)")
            with op.autocommit():
                op.execute("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)")
        """,
    )
    with pytest.raises(StatementFailedError):
        await migrator.upgrade()
    await pg.execute("DELETE FROM t")
    await pg.execute(
        "CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER hide BEFORE UPDATE ON asyncmig_journal FOR EACH ROW EXECUTE FUNCTION hide()"
    )
    with pytest.raises(UnexpectedStateError, match="journal"):
        await migrator.upgrade()
    await pg.execute("DROP TRIGGER hide ON asyncmig_journal")
    await migrator.upgrade()
    assert await pg.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass")


async def test_a_lock_that_a_function_has_freed_is_missed(project, migrator, database_url, pg):
    key = lock_key(project.settings(url=database_url), "public")
    await pg.execute(
        f"CREATE PROCEDURE free() LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_unlock({key}); END'"
    )
    # a session that waits inside pg_advisory_lock() is given the lock in the moment in which it is freed
    await pg.execute(
        "CREATE PROCEDURE wait_for_a_waiter() LANGUAGE plpgsql AS $$ BEGIN"
        " WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        " LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
    )
    project.revision(
        "a1",
        upgrade="""
            with op.autocommit():
                op.execute("CALL wait_for_a_waiter()")
                op.execute("CALL free()")
            op.execute("CREATE TABLE t (id int)")
        """,
    )
    task = asyncio.create_task(migrator.upgrade())
    while not await pg.fetchval(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ):
        await asyncio.sleep(0.01)
    taking = asyncio.create_task(pg.execute(f"SELECT pg_advisory_lock({key})"))
    with pytest.raises(LockNotAcquiredError, match="freed during the run") as caught:
        await task
    await taking
    assert caught.value.applied == ()
    assert await pg.fetchval("SELECT to_regclass('t')") is None
    await pg.execute(f"SELECT pg_advisory_unlock({key})")


@pytest.fixture
async def poor_role(pg, database_url):
    name = f"poor_{await pg.fetchval('SELECT current_database()')}"[-50:]
    await pg.execute(f'CREATE ROLE "{name}"; GRANT ALL ON SCHEMA public TO "{name}"')
    yield name
    await pg.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')


@pytest.mark.cells(4)
@pytest.mark.parametrize(
    "statement",
    [
        'SET ROLE "{role}"',
        'SET LOCAL ROLE "{role}"',
        'SET SESSION AUTHORIZATION "{role}"',
        'SET LOCAL SESSION AUTHORIZATION "{role}"',
        "SELECT set_config($a$role$a$, $a${role}$a$, true)",
        "DO $a$ BEGIN SET LOCAL ROLE {role}; END $a$",
    ],
)
@pytest.mark.parametrize("live", [False, True])
async def test_bookkeeping_is_not_done_in_the_role_of_a_script(
    project, migrator, pg, poor_role, statement, live
):
    sql = statement.format(role=poor_role)
    project.revision(
        "a1",
        upgrade=f"""
            {'op.get_bind().exec_driver_sql("SELECT 1")' if live else ""}
            op.execute('''{sql}''')
            op.execute("CREATE TABLE t (id int)")
        """,
    )
    project.revision(
        "b1",
        down="a1",
        upgrade=f"""
            op.execute('''{sql}''')
            op.execute("CREATE TABLE u (id int)")
            with op.autocommit():
                op.execute("CREATE INDEX CONCURRENTLY u_id ON u (id)")
            op.execute("CREATE TABLE v (id int)")
        """
        if "LOCAL" not in sql and "set_config" not in sql
        else f"op.execute('''{sql}''')",
    )
    result = await migrator.upgrade()
    assert result.after == ("b1",)
    owners = dict(
        await pg.fetch(
            "SELECT relname, relowner::regrole::text FROM pg_class WHERE relname IN ('t', 'v')"
        )
    )
    assert set(owners.values()) == {poor_role}
    journal = await pg.fetch("SELECT DISTINCT role FROM asyncmig_journal")
    assert [row["role"] for row in journal] == [await pg.fetchval("SELECT current_user")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("ALTER TABLE asyncmig_journal DROP COLUMN tag", '"tag" of relation'),
        ("ALTER TABLE asyncmig_journal DROP COLUMN state", "column j.state does not exist"),
        (
            "ALTER TABLE asyncmig_journal RENAME TO hidden; CREATE VIEW asyncmig_journal AS TABLE hidden",
            "the journal asyncmig_journal is not a table",
        ),
    ],
)
async def test_a_journal_that_cannot_be_written_is_refused(project, migrator, pg, change, reason):
    project.revision("a1")
    project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE t (id int)")')
    await migrator.upgrade("a1")
    await pg.execute(change)
    with pytest.raises(ConfigError, match=reason) as caught:
        await migrator.upgrade()
    assert caught.value.hint is not None
    assert "journal_table" in caught.value.hint
    assert await pg.fetchval("SELECT to_regclass('t')") is None


async def test_a_journal_with_row_security_is_refused(project, database_url, pg, poor_role):
    project.revision("a1")
    await Migrator(database_url, script_location=project.script_location).upgrade()
    await pg.execute(
        "ALTER TABLE asyncmig_journal ENABLE ROW LEVEL SECURITY;"
        f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{poor_role}"'
    )
    project.revision("b1", down="a1")
    migrator = Migrator(database_url, script_location=project.script_location, role=poor_role)
    with pytest.raises(ConfigError, match="asyncmig_journal has row security"):
        await migrator.upgrade()


async def test_older_code_does_not_downgrade_below_a_partial_revision_of_newer_code(
    project, migrator, pg
):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (id int)")')
    newer = project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("INSERT INTO t VALUES (1), (1)")
            with op.autocommit():
                op.execute("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)")
        """,
    )
    with pytest.raises(StatementFailedError):
        await migrator.upgrade()
    text = newer.read_text()
    newer.unlink()

    assert not await migrator.upgrade()
    status = await migrator.status()
    assert (status.state, status.ok) == ("ahead", True)
    assert (await migrator.wait_until_current(timeout=1)).ok
    assert (await migrator.current()).is_current
    with pytest.raises(ScriptError, match="upgrade of revision b1 is partially applied") as caught:
        await migrator.downgrade("base")
    assert caught.value.hint is not None
    assert "with the code that has that revision" in caught.value.hint
    assert await pg.fetchval("SELECT to_regclass('t')") == "t"

    newer.write_text(text)
    await pg.execute("DELETE FROM t")
    assert (await migrator.upgrade()).after == ("b1",)
