"""Async scripts that stop half way: what they ran themselves is not run a second time."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError, ScriptError

FORMS = {
    "execute": "await connection.execute('INSERT INTO t VALUES (1)')",
    "executemany": "await connection.executemany('INSERT INTO t VALUES ($1)', [(1,)])",
    "copy": "await connection.copy_records_to_table('t', records=[(1,)])",
}


@pytest.mark.parametrize("form", FORMS)
async def test_what_an_async_script_ran_is_not_repeated(project, database_url, pg, form):
    await pg.execute("CREATE TABLE t (i int)")

    def write(last: str) -> None:
        project.revision(
            "a1",
            signature="async def {name}(op):",
            upgrade=f"""
                connection = await op.connection()
                {FORMS[form]}
                await connection.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
                count = await connection.fetchval("SELECT count(*) FROM t")
                op.execute(f"CREATE TABLE c{{count}} (i int)")
                {last}
            """,
        )

    migrator = Migrator(database_url, script_location=project.script_location)
    write("await connection.execute('SELECT 1/0')")
    with pytest.raises(AsyncmigError, match="division"):
        await migrator.upgrade()
    assert (await migrator.status()).state == "partial"
    write("")
    assert (await migrator.upgrade()).revisions == ("a1",)
    assert await pg.fetchval("SELECT count(*) FROM t") == 1
    assert await pg.fetchval("SELECT to_regclass('c1')") is not None
    assert await pg.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_i'::regclass")


async def test_rows_of_a_statement_that_has_run(project, database_url, pg):
    """They cannot be had again, so the script cannot be played again."""
    await pg.execute("CREATE TABLE t (i int)")
    project.revision(
        "a1",
        signature="async def {name}(op):",
        upgrade="""
            await op.fetch("INSERT INTO t VALUES (1) RETURNING i")
            op.execute("VACUUM t")
            op.execute("SELECT 1/0")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(AsyncmigError, match="division"):
        await migrator.upgrade()
    with pytest.raises(ScriptError, match="needs the rows"):
        await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM t") == 1
