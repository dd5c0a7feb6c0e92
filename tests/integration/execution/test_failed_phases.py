"""Failed phases: their rows in the journal, and what a failure leaves, as its error says."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.errors import PartiallyAppliedError, ScriptError, StatementFailedError


@pytest.fixture
def migrator(project, database_url) -> Migrator:
    return Migrator(database_url, script_location=project.script_location)


async def test_a_failed_downgrade_does_not_hide_an_edited_script(project, migrator):
    project.revision("a1", upgrade="op.execute('CREATE TABLE t ()')")
    await migrator.upgrade()
    project.revision(
        "a1", upgrade="op.execute('CREATE TABLE u ()')", downgrade="op.execute('SELECT 1 / 0')"
    )
    with pytest.raises(StatementFailedError):
        await migrator.downgrade("base")
    status = await migrator.status(scripts=True)
    assert (status.state, status.edited) == ("current", ("a1",))


async def test_a_script_that_raises_after_a_commit_is_partial(project, migrator, pg):
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            op.get_bind().exec_driver_sql("VACUUM t")
            op.get_bind().exec_driver_sql("INSERT INTO t VALUES (1)")
            raise ValueError("enough")
        """,
    )
    with pytest.raises(ScriptError, match="enough") as caught:
        await migrator.upgrade()
    assert caught.value.partial == "a1"
    assert "phases before phase 3 of a1 are committed (VACUUM)" in caught.value.hint
    (step,) = (await migrator.status()).partial
    assert (step.phase, step.kind) == (2, "transaction")
    row = (await migrator.journal())[0]
    assert (row.phase, row.state, row.error) == (2, "failed", str(caught.value))
    assert await pg.fetchval("SELECT count(*) FROM t") == 0


async def test_a_script_that_raises_before_a_commit_keeps_nothing(project, migrator):
    project.revision(
        "a1", upgrade="op.get_bind().exec_driver_sql('SELECT 1')\nraise ValueError('enough')"
    )
    with pytest.raises(ScriptError, match="enough") as caught:
        await migrator.upgrade()
    assert caught.value.partial is None
    assert "nothing of a1 was kept" in caught.value.hint
    assert (await migrator.status()).state == "empty"
    (row,) = await migrator.journal()
    assert (row.phase, row.state, row.final) == (0, "failed", True)


async def test_a_created_database_is_named(project, migrator, database_url, pg):
    name = f"{await pg.fetchval('SELECT current_database()')}_tenant"
    project.revision(
        "a1", upgrade=f"op.execute('CREATE DATABASE {name}')\nop.execute('SELECT 1 / 0')"
    )
    try:
        with pytest.raises(PartiallyAppliedError) as caught:
            await migrator.upgrade()
        assert f"(CREATE DATABASE {name})" in caught.value.hint
    finally:
        await pg.execute(f"DROP DATABASE {name}")


async def test_a_transaction_of_the_caller_gets_no_row(project, database_url, pg):
    """Nothing is committed, the connection is as PostgreSQL leaves it, and the error has its line."""
    project.revision("a1", upgrade="op.execute('CREATE TABLE t ()')")
    path = project.revision(
        "b1", down="a1", upgrade="op.get_bind()\nop.execute('SELECT 1 / 0')\nop.get_bind().begin()"
    )
    engine = create_async_engine(database_url.replace("postgresql", "postgresql+asyncpg", 1))
    try:
        async with engine.connect() as connection:
            outer = await connection.begin()
            migrator = Migrator(connection, script_location=project.script_location)
            savepoint = await connection.begin_nested()
            with pytest.raises(StatementFailedError) as caught:
                await migrator.upgrade()
            error = caught.value
            assert not isinstance(error, PartiallyAppliedError)
            assert error.origin.startswith(f"{path}:")
            assert error.directive == "execute"
            assert error.hint.endswith("who can only roll it back, to a savepoint or as a whole")
            await savepoint.rollback()
            assert (await connection.exec_driver_sql("SELECT 1")).scalar() == 1
            await outer.rollback()
    finally:
        await engine.dispose()
    assert await pg.fetchval("SELECT to_regclass('asyncmig_journal')") is None


async def test_an_error_of_an_earlier_directive_leaves_the_connection_open(project, database_url):
    """SQLAlchemy closes a connection through which more than an Exception passes."""
    project.revision(
        "a1",
        upgrade="op.execute('SELECT 1 / 0')\nop.get_bind().exec_driver_sql('SELECT 1')",
    )
    engine = create_async_engine(database_url.replace("postgresql", "postgresql+asyncpg", 1))
    try:
        async with engine.connect() as connection:
            migrator = Migrator(connection, script_location=project.script_location)
            with pytest.raises(StatementFailedError):
                await migrator.upgrade()
            assert (await connection.exec_driver_sql("SELECT 1")).scalar() == 1
    finally:
        await engine.dispose()


async def test_statements_of_an_autocommit_block_run_once(project, migrator, pg):
    """Those that the script sends itself are recorded, too."""
    await pg.execute("CREATE TABLE given (i int)")
    project.revision(
        "a1",
        upgrade="""
            with op.autocommit():
                op.get_bind().exec_driver_sql("INSERT INTO given VALUES (1)")
                op.get_bind().exec_driver_sql("SELECT 1 FROM later")
        """,
    )
    with pytest.raises(PartiallyAppliedError):
        await migrator.upgrade()
    await pg.execute("CREATE TABLE later ()")
    await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM given") == 1


@pytest.mark.parametrize(
    "call",
    ["op.get_bind().exec_driver_sql({!r})", "await (await op.connection()).execute({!r})"],
)
async def test_a_handled_error_in_an_autocommit_block(project, migrator, pg, call):
    asynchronous = "async " if "await" in call else ""
    project.revision(
        "a1",
        signature=asynchronous + "def {name}(op):",
        upgrade=f"""
            with op.autocommit():
                try:
                    {call.format("INSERT INTO missing VALUES (1)")}
                except Exception as error:
                    assert "missing" in str(error)
                {call.format("CREATE TABLE t (i int)")}
        """,
    )
    await migrator.upgrade()
    assert await pg.fetchval("SELECT to_regclass('t')") == "t"


async def test_an_index_without_a_name_is_found(project, migrator, pg):
    await pg.execute("CREATE TABLE u (email text); INSERT INTO u VALUES ('x'), ('x')")
    project.revision(
        "a1", upgrade="op.execute('CREATE UNIQUE INDEX CONCURRENTLY ON public.u (email)')"
    )
    with pytest.raises(PartiallyAppliedError) as caught:
        await migrator.upgrade()
    assert "public.u has an invalid index: public.u_email_idx" in caught.value.hint


async def test_a_reindex_names_what_it_left(project, migrator, pg):
    await pg.execute(
        "CREATE FUNCTION f(i int) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1 / i;"
        "CREATE TABLE u (i int); CREATE INDEX u_f ON u (f(i));"
    )
    await pg.execute(
        "CREATE OR REPLACE FUNCTION f(i int) RETURNS int IMMUTABLE LANGUAGE sql RETURN i"
    )
    await pg.execute("INSERT INTO u VALUES (0)")
    await pg.execute(
        "CREATE OR REPLACE FUNCTION f(i int) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1 / i"
    )
    project.revision("a1", upgrade="op.execute('REINDEX INDEX CONCURRENTLY u_f')")
    with pytest.raises(PartiallyAppliedError) as caught:
        await migrator.upgrade()
    assert "it left the invalid index public.u_f_ccnew; the next run drops it" in caught.value.hint


async def test_what_is_atomic_leaves_nothing(project, migrator, database_url):
    """A statement outside a transaction that PostgreSQL refuses at once: nothing is partial."""
    project.revision("a1", upgrade="op.execute('REINDEX INDEX CONCURRENTLY missing')")
    with pytest.raises(StatementFailedError, match="missing") as caught:
        await migrator.upgrade()
    assert not isinstance(caught.value, PartiallyAppliedError)
    assert "nothing of a1 was kept" in caught.value.hint
    assert (await migrator.status()).state == "empty"
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE TABLE t (i int); CREATE INDEX missing ON t (i)")
    finally:
        await connection.close()
    assert (await migrator.upgrade()).revisions == ("a1",)


async def test_what_an_earlier_run_on_the_connection_has_committed_is_not_taken_for_its_own(
    project, database_url
):
    project.revision("a1", upgrade="op.execute('CREATE TABLE t ()')")
    engine = create_async_engine(
        database_url.replace("postgresql", "postgresql+asyncpg", 1), pool_size=1, max_overflow=0
    )
    migrator = Migrator(engine, script_location=project.script_location)
    try:
        await migrator.upgrade()
        project.revision("a2", down="a1", upgrade="op.execute('SELECT 1 / 0')")
        with pytest.raises(StatementFailedError, match="division by zero") as caught:
            await migrator.upgrade()
        assert caught.value.applied == ()
        assert (await migrator.status()).pending == ("a2",)
    finally:
        await engine.dispose()
