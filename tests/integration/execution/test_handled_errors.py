"""A script that handles the error of a directive itself: the error appears where the directive is called."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import PartiallyAppliedError, ScriptError, StatementFailedError

HEADER = """
import contextlib
import sqlalchemy as sa
"""


async def tables(pg) -> list[str]:
    """The tables that the scripts have made."""
    rows = await pg.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'a%mig%'"
        " AND tablename <> 'alembic_version' ORDER BY 1"
    )
    return [row["tablename"] for row in rows]


async def journal(pg) -> list[tuple]:
    rows = await pg.fetch("SELECT phase, kind, state, error FROM asyncmig_journal ORDER BY id")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("psycopg2_compat", [False, True])
async def test_the_error_has_the_class_of_the_driver(
    project, database_url, pg, psycopg2_compat
) -> None:
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            with op.get_context().autocommit_block():
                try:
                    op.execute("SELECT 1 FROM missing")
                except sa.exc.ProgrammingError as error:
                    state = getattr(error.orig, "sqlstate", None)
            op.execute(f"CREATE TABLE of_{state} (i int)")
        """,
    )
    migrator = Migrator(
        database_url, script_location=project.script_location, psycopg2_compat=psycopg2_compat
    )
    await migrator.upgrade()
    assert await tables(pg) == ["of_42p01"]


CAUGHT = {
    "a directive": """
        with op.autocommit():
            try:
                op.drop_index("missing", table_name="t")
            except sa.exc.DBAPIError:
                op.execute("CREATE TABLE caught (i int)")
    """,
    "a directive in a helper": """
        def drop():
            op.drop_index("missing", table_name="t")
        with op.autocommit():
            try:
                drop()
            except Exception:
                op.execute("CREATE TABLE caught (i int)")
    """,
    "the block inside the try": """
        try:
            with op.autocommit():
                op.drop_index("missing", table_name="t")
        except Exception:
            op.execute("CREATE TABLE caught (i int)")
    """,
    "suppress": """
        with op.autocommit(), contextlib.suppress(sa.exc.DBAPIError):
            op.drop_index("missing", table_name="t")
        op.execute("CREATE TABLE caught (i int)")
    """,
    "a statement outside any transaction": """
        try:
            op.drop_index("missing", table_name="t", postgresql_concurrently=True)
        except sa.exc.ProgrammingError:
            op.execute("CREATE TABLE caught (i int)")
    """,
    "a statement that the script executes": """
        try:
            op.get_bind().execute(sa.text("DROP INDEX CONCURRENTLY missing"))
        except sa.exc.ProgrammingError:
            op.execute("CREATE TABLE caught (i int)")
    """,
    "a savepoint": """
        try:
            with op.get_bind().begin_nested():
                op.drop_index("missing", table_name="t")
        except sa.exc.ProgrammingError:
            op.execute("CREATE TABLE caught (i int)")
    """,
    "the second statement of a directive": """
        with op.autocommit():
            try:
                op.execute("CREATE TABLE caught (i int); DROP INDEX missing")
            except sa.exc.DBAPIError:
                pass
    """,
}


KINDS = {
    "sync": ("def {name}(op):", False),
    "sync, psycopg2": ("def {name}(op):", True),
    "async": ("async def {name}(op):", False),
}


@pytest.mark.cells(4)
@pytest.mark.parametrize("name", CAUGHT)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_handled_error_does_not_end_the_run(project, database_url, pg, name, kind) -> None:
    signature, psycopg2_compat = KINDS[kind]
    project.revision(
        "a1",
        header=HEADER,
        signature=signature,
        upgrade='op.execute("CREATE TABLE t (i int)")\n'
        + "\n".join(line.removeprefix("        ") for line in CAUGHT[name].splitlines())
        + '\nop.execute("CREATE TABLE u (i int)")',
    )
    project.revision("a2", down="a1", upgrade='op.execute("CREATE TABLE v (i int)")')
    migrator = Migrator(
        database_url, script_location=project.script_location, psycopg2_compat=psycopg2_compat
    )
    result = await migrator.upgrade()
    assert result.revisions == ("a1", "a2")
    assert await tables(pg) == ["caught", "t", "u", "v"]
    assert (await migrator.status()).partial == ()


ASYNC_CAUGHT = {
    "in a coroutine that is awaited": """
        async def drop():
            await asyncio.sleep(0)
            op.drop_index("missing", table_name="t")
        with op.autocommit():
            try:
                await drop()
            except sa.exc.ProgrammingError:
                op.execute("CREATE TABLE caught (i int)")
    """,
    "inside a time limit": """
        async with asyncio.timeout(30):
            with op.autocommit():
                try:
                    op.drop_index("missing", table_name="t")
                except sa.exc.DBAPIError as error:
                    assert (await op.fetch("SELECT 1 AS one"))[0]["one"] == 1
                    op.execute("CREATE TABLE caught (i int)")
    """,
    "a savepoint of the driver": """
        connection = await op.connection()
        try:
            async with connection.transaction():
                op.drop_index("missing", table_name="t")
                await asyncio.sleep(0)
        except sa.exc.ProgrammingError:
            op.execute("CREATE TABLE caught (i int)")
    """,
}


@pytest.mark.parametrize("name", ASYNC_CAUGHT)
async def test_an_async_script_handles_an_error(project, database_url, pg, name) -> None:
    project.revision(
        "a1",
        header=HEADER + "import asyncio\n",
        signature="async def {name}(op):",
        upgrade='op.execute("CREATE TABLE t (i int)")\n'
        + "\n".join(line.removeprefix("        ") for line in ASYNC_CAUGHT[name].splitlines()),
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade()
    assert await tables(pg) == ["caught", "t"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_replay_raises_a_handled_error_again(project, database_url, pg, kind) -> None:
    """The run stops behind the handler; in the next one the cause is gone, and the script the same."""
    signature, psycopg2_compat = KINDS[kind]
    project.revision(
        "a1",
        header=HEADER,
        signature=signature,
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            try:
                op.drop_index("late", table_name="t", postgresql_concurrently=True)
            except sa.exc.ProgrammingError as error:
                assert 'index "late" does not exist' in str(error), error
                with op.autocommit():
                    op.execute("CREATE TABLE caught (i int)")
            op.execute("SELECT 1 FROM given")
        """,
    )
    migrator = Migrator(
        database_url, script_location=project.script_location, psycopg2_compat=psycopg2_compat
    )
    with pytest.raises(PartiallyAppliedError, match='relation "given" does not exist') as caught:
        await migrator.upgrade()
    assert await journal(pg) == [
        (0, "transaction", "done", None),
        (1, "autocommit", "caught", 'index "late" does not exist (SQLSTATE 42704)'),
        (2, "autocommit", "done", None),
        (3, "transaction", "failed", str(caught.value)),
    ]
    await pg.execute("CREATE INDEX late ON t (i); CREATE TABLE given ()")
    await migrator.upgrade()
    assert await tables(pg) == ["caught", "given", "t"]
    assert await pg.fetchval("SELECT to_regclass('late')") is not None


async def test_the_error_of_an_earlier_directive_is_not_handled(project, database_url, pg) -> None:
    project.revision(
        "a1",
        upgrade="""
            op.execute("SELECT 1 FROM missing")
            try:
                op.execute("SELECT 1")
            except:
                pass
            op.execute("CREATE TABLE t (i int)")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError, match='relation "missing" does not exist') as raised:
        await migrator.upgrade()
    assert str(raised.value.fields()["origin"]).endswith("a1.py:11")
    assert await tables(pg) == []


async def test_the_error_of_an_earlier_directive_passes_a_handler_of_a_query(
    project, database_url, pg
) -> None:
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            op.execute("SELECT 1 FROM missing")
            try:
                op.get_bind().execute(sa.text("SELECT 1"))
            except Exception:
                pass
            op.execute("CREATE TABLE t (i int)")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError, match='relation "missing" does not exist'):
        await migrator.upgrade()
    assert await tables(pg) == []


async def test_a_handled_error_in_a_transaction_leaves_it_aborted(
    project, database_url, pg
) -> None:
    """As with Alembic: without a savepoint PostgreSQL takes nothing more."""
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            try:
                op.execute("SELECT 1 FROM missing")
            except Exception:
                pass
            op.execute("CREATE TABLE u (i int)")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError, match="current transaction is aborted"):
        await migrator.upgrade()
    assert await tables(pg) == []


async def test_an_error_that_a_script_raises_anew_is_its_own(project, database_url, pg) -> None:
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            try:
                op.execute("SELECT 1 FROM missing")
            except sa.exc.DBAPIError:
                raise RuntimeError("load the extension first") from None
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(ScriptError, match="RuntimeError: load the extension first"):
        await migrator.upgrade()


async def test_an_error_that_passes_a_finally_names_its_line(project, database_url, pg) -> None:
    project.revision(
        "a1",
        upgrade="""
            try:
                op.execute("SELECT 1 FROM missing")
            finally:
                done = True
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError) as raised:
        await migrator.upgrade()
    assert raised.value.fields()["sql"] == "SELECT 1 FROM missing"
    assert str(raised.value.fields()["origin"]).endswith("a1.py:12")


async def test_a_lock_timeout_of_the_run_is_not_handled(project, database_url, pg) -> None:
    """The script would take the wait for a refusal, and leave the statement out."""
    await pg.execute("CREATE TABLE t (i int)")
    project.revision(
        "a1",
        upgrade="""
            try:
                op.execute("ALTER TABLE t ADD COLUMN j int")
            except Exception:
                pass
        """,
    )
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_timeout=0.05, lock_retries=1
    )
    other = await asyncpg.connect(database_url)
    try:
        await other.execute("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
        with pytest.raises(StatementFailedError, match=r"lock timeout .*tried 2 times"):
            await migrator.upgrade()
    finally:
        await other.close()
    await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM pg_attribute WHERE attname = 'j'") == 1


@pytest.mark.parametrize(
    "statement", ["LOCK TABLE t NOWAIT", "SET lock_timeout = '20ms'; LOCK TABLE t"]
)
async def test_a_lock_timeout_of_the_script_is_handled(
    project, database_url, pg, statement
) -> None:
    await pg.execute("CREATE TABLE t (i int)")
    project.revision(
        "a1",
        header=HEADER,
        upgrade=f"""
            connection = op.get_bind()
            try:
                with connection.begin_nested():
                    op.execute({statement!r})
            except sa.exc.DBAPIError:
                op.execute("CREATE TABLE locked (i int)")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    other = await asyncpg.connect(database_url)
    try:
        await other.execute("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
        await migrator.upgrade()
    finally:
        await other.close()
    assert await tables(pg) == ["locked", "t"]


async def test_without_transactional_ddl_a_script_commits_itself(project, database_url, pg) -> None:
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            op.get_bind().commit()
            try:
                op.execute("CREATE TABLE lost (i int)")
                op.execute("SELECT 1 FROM missing")
            except Exception:
                op.get_bind().rollback()
            op.execute("CREATE TABLE u (i int)")
            op.get_bind().commit()
        """,
    )
    migrator = Migrator(
        database_url, script_location=project.script_location, transactional_ddl=False
    )
    await migrator.upgrade()
    assert await tables(pg) == ["t", "u"]


async def test_a_plan_tells_that_only_the_run_can_know(project) -> None:
    path = project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            try:
                op.execute("CREATE EXTENSION hstore")
            except Exception:
                op.execute("CREATE TABLE caught (i int)")
        """,
    )
    plan = await Migrator(script_location=project.script_location).plan("head", current=[])
    (step,) = plan.steps
    assert step.live
    assert step.live_origin == f"{path}:13"
    assert [statement.sql for statement in step.statements] == [
        "CREATE TABLE t (i int)",
        "CREATE EXTENSION hstore",
    ]


async def test_statements_outside_of_a_try_are_not_sent_one_by_one(project) -> None:
    project.revision(
        "a1",
        upgrade="""
            with op.batch_alter_table("t") as batch:
                batch.drop_column("i")
            with op.autocommit():
                op.execute("VACUUM t")
        """,
    )
    plan = await Migrator(script_location=project.script_location).plan("head", current=[])
    assert not plan.live
