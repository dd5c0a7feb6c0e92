"""What a statement outside of a transaction leaves behind when it is refused, or finds in its way."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import PartiallyAppliedError, ScriptError, StatementFailedError
from fix_database import catalog_dump

CANCEL = """\
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
WHERE application_name = 'asyncmig' AND datname = current_database() AND wait_event_type = 'Lock'"""
NOT_VALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
PARTITIONED = """\
CREATE TABLE p (i int, w text) PARTITION BY LIST (i);
CREATE TABLE t PARTITION OF p FOR VALUES IN (1);
CREATE INDEX p_i ON p (i)"""


@asynccontextmanager
async def holding(url: str, table: str):
    """Another session writes to a table, and has not yet committed."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"BEGIN; LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
    try:
        yield
    finally:
        await connection.close()


async def cancelled_while_it_waits(migrator, url, pg, table) -> StatementFailedError:
    """Upgrade; somebody cancels the statement that waits for another session."""

    async def cancel() -> None:
        with anyio.fail_after(20):
            while not await pg.fetch(CANCEL):
                await anyio.sleep(0.05)

    async with holding(url, table), anyio.create_task_group() as group:
        group.start_soon(cancel)
        with pytest.raises(StatementFailedError) as caught:
            await migrator.upgrade()
    assert caught.value.sqlstate == "57014"
    return caught.value


@pytest.mark.cells(2)
@pytest.mark.parametrize("form", ["directive", "bind"])
@pytest.mark.parametrize(
    ("before", "sql"),
    [
        ("CREATE TABLE t (i int)", "CREATE INDEX CONCURRENTLY t_i ON t (i)"),
        ("CREATE TABLE t (i int, w text)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_i ON t (i)"),
        ("CREATE TABLE t (i int); CREATE INDEX t_i ON t (i)", "DROP INDEX CONCURRENTLY t_i"),
        (
            "CREATE TABLE t (i int); CREATE INDEX t_i ON t (i)",
            "REINDEX INDEX CONCURRENTLY t_i",
        ),
        (
            "CREATE TABLE t (i int, w text); CREATE INDEX t_i ON t (i)",
            "REINDEX TABLE CONCURRENTLY t",
        ),
        (PARTITIONED, "REINDEX TABLE CONCURRENTLY p"),
        (PARTITIONED, "REINDEX INDEX CONCURRENTLY p_i"),
        ("CREATE TABLE t (i int, w text PRIMARY KEY)", "REINDEX SCHEMA CONCURRENTLY public"),
        (PARTITIONED, "ALTER TABLE p DETACH PARTITION t CONCURRENTLY"),
    ],
)
async def test_what_was_refused_in_the_middle_is_repaired(
    project, make_database, before, sql, form
):
    runs = f"op.get_bind().exec_driver_sql({sql!r})" if form == "bind" else f"op.execute({sql!r})"
    project.revision("a1", upgrade=f"op.execute('CREATE TABLE a (i int)')\n{runs}")
    undisturbed, url = make_database(), make_database()
    for database in (undisturbed, url):
        connection = await asyncpg.connect(database)
        await connection.execute(before)
        await connection.close()
    await Migrator(undisturbed, script_location=project.script_location).upgrade()

    migrator = Migrator(url, script_location=project.script_location)
    pg = await asyncpg.connect(url)
    try:
        table = "p" if "DETACH" in sql else "t"
        error = await cancelled_while_it_waits(migrator, url, pg, table)
        assert isinstance(error, PartiallyAppliedError)
        assert (await migrator.status()).state == "partial"
        assert (await migrator.upgrade()).revisions == ("a1",)
        assert await pg.fetchval(NOT_VALID) == 0
    finally:
        await pg.close()
    assert catalog_dump(url) == catalog_dump(undisturbed)


@pytest.fixture
async def invalid_index(pg):
    """An index that another tool's build left behind."""
    await pg.execute("CREATE TABLE t (i int); INSERT INTO t VALUES (1), (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await pg.execute("CREATE UNIQUE INDEX CONCURRENTLY t_i ON t (i)")


@pytest.mark.cells(3)
@pytest.mark.parametrize("condition", ["", "IF NOT EXISTS "])
@pytest.mark.parametrize("form", ["directive", "bind"])
@pytest.mark.parametrize("phase", [0, 1])
async def test_an_invalid_index_of_somebody_else_stays_until_he_drops_it(
    project, database_url, pg, invalid_index, condition, form, phase
):
    sql = f"CREATE INDEX CONCURRENTLY {condition}t_i ON t (i)"
    runs = f"op.get_bind().exec_driver_sql({sql!r})" if form == "bind" else f"op.execute({sql!r})"
    first = "op.execute('CREATE TABLE a (i int)')\n" if phase else ""
    project.revision("a1", upgrade=first + runs)
    migrator = Migrator(database_url, script_location=project.script_location)
    for _ in range(3):
        with pytest.raises(StatementFailedError, match=r"invalid index public\.t_i on t") as caught:
            await migrator.upgrade()
        assert isinstance(caught.value, PartiallyAppliedError) is bool(phase)
        assert caught.value.revision == "a1"
        assert await pg.fetchval("SELECT indisunique FROM pg_index WHERE NOT indisvalid")
    assert (await migrator.journal())[0].state == "refused"
    await pg.execute("DROP INDEX t_i")
    assert (await migrator.upgrade()).revisions == ("a1",)
    assert await pg.fetchval(NOT_VALID) == 0


@pytest.mark.parametrize("runs", ["op.execute({!r})", "op.get_bind().exec_driver_sql({!r})"])
async def test_if_not_exists_hides_no_invalid_index(project, database_url, pg, invalid_index, runs):
    sql = "CREATE INDEX IF NOT EXISTS t_i ON public.t (i)"
    path = project.revision("a1", upgrade=runs.format(sql))
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError, match=r"invalid index public\.t_i on t") as caught:
        await migrator.upgrade()
    assert caught.value.origin.startswith(str(path))
    assert "DROP INDEX" in caught.value.hint
    assert (await migrator.status()).state == "empty"
    await pg.execute("DROP INDEX t_i")
    await migrator.upgrade()
    await migrator.downgrade("base")
    await migrator.upgrade()  # there and valid: nothing to do


async def test_a_committed_phase_that_was_edited_stops_the_next_run(project, database_url, pg):
    """Nothing is sent: what ran is not what the script says now."""
    body = """
        op.execute("CREATE TABLE {table} (i int)")
        op.execute("VACUUM")
        op.execute("SELECT 1 / {divisor}")
    """
    project.revision("a1", upgrade=body.format(table="t", divisor=0))
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(PartiallyAppliedError):
        await migrator.upgrade()

    project.revision("a1", upgrade=body.format(table="other", divisor=1))
    with pytest.raises(
        ScriptError, match=r"a1 was changed after it was partially applied: its phase 1"
    ):
        await migrator.upgrade()
    assert await pg.fetchval("SELECT to_regclass('other')") is None

    project.revision("a1", upgrade=body.format(table="t", divisor=1))
    assert (await migrator.upgrade()).revisions == ("a1",)


async def test_a_revision_that_ran_before_resumes_from_its_last_run_alone(
    project, database_url, pg
):
    body = """
        op.execute("CREATE TABLE t (i int)")
        op.execute("VACUUM")
        op.execute("SELECT 1 / (SELECT divisor FROM d)")
    """
    await pg.execute("CREATE TABLE d AS SELECT 1 AS divisor")
    project.revision("a1", upgrade=body, downgrade='op.execute("DROP TABLE t")')
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade()
    await migrator.downgrade("base")
    await pg.execute("UPDATE d SET divisor = 0")
    with pytest.raises(PartiallyAppliedError):
        await migrator.upgrade()

    await pg.execute("UPDATE d SET divisor = 1")
    assert (await migrator.upgrade()).revisions == ("a1",)

    rows = await pg.fetch("SELECT direction, phase, state FROM asyncmig_journal ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("upgrade", 0, "done"),
        ("upgrade", 1, "done"),
        ("upgrade", 2, "done"),
        ("downgrade", 0, "done"),
        ("upgrade", 0, "done"),
        ("upgrade", 1, "done"),
        ("upgrade", 2, "failed"),
        ("upgrade", 2, "done"),
    ]


async def test_an_invalid_index_is_not_called_nothing(project, database_url, pg):
    await pg.execute("CREATE TABLE u (email text); INSERT INTO u VALUES ('x'), ('x')")
    project.revision(
        "a1",
        upgrade="op.create_index('ux', 'u', ['email'], unique=True, postgresql_concurrently=True)",
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError) as caught:
        await migrator.upgrade()
    assert "nothing of" not in caught.value.hint
    assert (
        "the index public.ux on u is invalid; the next run drops it before it" in caught.value.hint
    )
    assert [step.revision for step in (await migrator.status()).partial] == ["a1"]
    await pg.execute("DELETE FROM u")
    assert (await migrator.upgrade()).revisions == ("a1",)
    assert await pg.fetchval(
        "SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'u'::regclass"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "CALL fill()",
        "DO $$ BEGIN INSERT INTO k VALUES (1); COMMIT; RAISE EXCEPTION ''boom''; END $$",
    ],
)
async def test_what_may_have_committed_is_not_run_again_unasked(
    project, database_url, pg, statement
):
    await pg.execute(
        "CREATE TABLE k (a int); CREATE PROCEDURE fill() LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO k VALUES (1); COMMIT; RAISE EXCEPTION 'boom'; END $$"
    )
    text = statement.replace("''", "'")
    project.revision("b1", upgrade=f"with op.autocommit():\n    op.execute({text!r})")
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError) as caught:
        await migrator.upgrade()
    assert "what it committed before the error remains" in caught.value.hint
    with pytest.raises(PartiallyAppliedError, match="may have committed a part") as caught:
        await migrator.upgrade()
    assert "asyncmig resolve b1" in caught.value.hint
    assert await pg.fetchval("SELECT count(*) FROM k") == 1
    await migrator.resolve("b1", "retry")
    with pytest.raises(StatementFailedError, match="boom"):
        await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM k") == 2
    await migrator.resolve("b1", "done")
    assert (await migrator.upgrade()).after == ("b1",)
    assert await pg.fetchval("SELECT count(*) FROM k") == 2


async def test_what_follows_an_autocommit_block_is_one_transaction_again(
    project, database_url, pg
) -> None:
    """Only the statement in the block is committed by itself."""
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade="""
            bind = op.get_bind()
            with op.get_context().autocommit_block():
                bind.execute(sa.text("CREATE TABLE first ()"))
            bind.execute(sa.text("CREATE TABLE second ()"))
            bind.execute(sa.text("CREATE TABLE third ()"))
            bind.execute(sa.text("SELECT 1 / 0"))
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(PartiallyAppliedError, match="division by zero"):
        await migrator.upgrade()
    rows = await pg.fetch(
        "SELECT tablename FROM pg_tables WHERE tablename IN ('first', 'second', 'third')"
    )
    assert [row[0] for row in rows] == ["first"]
