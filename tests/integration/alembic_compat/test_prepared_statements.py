"""Queries of the inspector in scripts: prepared once, whatever the script does with prepared statements."""

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.config import load
from asyncmig.database import prepared_statements as prepared_statements_module
from asyncmig.database.prepared_statements import (
    _MOST,
    forget_prepared_statements,
    note_sent,
    prepared_statements,
)

ENV = """
from alembic import context
from sqlalchemy import create_engine, inspect
with create_engine("{url}").connect() as connection:
    inspect(connection).get_table_names()
    connection.rollback()
    context.configure(connection=connection)
    context.run_migrations()
    inspect(connection).get_table_names()
"""
COUNT = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'asyncmig%'"
DEALLOCATING = """
def tables():
    inspector = sa.inspect(op.get_bind())
    return inspector.get_table_names()

before = tables()
op.execute("{sql}")
op.create_table("made", sa.Column("id", sa.Integer))
assert tables() == [*before, "made"], tables()
"""


@pytest.mark.parametrize("sql", ["DEALLOCATE ALL", "deallocate all", "SELECT 1; DEALLOCATE ALL"])
async def test_a_script_may_deallocate_all(project, database_url, pg, sql):
    project.revision("a1", header="import sqlalchemy as sa", upgrade=DEALLOCATING.format(sql=sql))
    settings = project.settings(url=database_url, psycopg2_compat=True)
    await Migrator(settings=settings).upgrade()
    assert await pg.fetchval("SELECT to_regclass('made')") == "made"


async def test_no_connection_is_kept_alive(project, database_url):
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade="sa.inspect(op.get_bind()).get_table_names()",
    )
    before = set(prepared_statements_module._known)
    (project.path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (project.script_location / "env.py").write_text(ENV.format(url=database_url))
    await Migrator(settings=load(project.path / "alembic.ini")).upgrade()
    await Migrator(settings=project.settings(url=database_url, psycopg2_compat=True)).downgrade(
        "base"
    )
    await Migrator(settings=project.settings(url=database_url, psycopg2_compat=True)).upgrade()
    assert set(prepared_statements_module._known) == before


async def test_the_number_of_names_has_a_limit(database_url):
    driver = await asyncpg.connect(database_url)
    statements = prepared_statements(driver)
    for number in range(_MOST + 20):
        statement = await statements.get(driver, f"SELECT {number}")
        assert await statement.fetchval() == number
    assert await driver.fetchval(COUNT) == _MOST
    note_sent(driver, "SELECT 1")
    assert prepared_statements(driver) is statements
    note_sent(driver, "DEALLOCATE ALL")
    assert prepared_statements(driver) is not statements
    forget_prepared_statements(driver)
    await driver.close()
