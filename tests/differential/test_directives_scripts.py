"""Generated revision files, byte for byte the same, through Alembic with psycopg2 and through asyncmig.

Every case of ``directive_cases`` with every habit is a matter of minutes: ``make test-directives``.
"""

import anyio.to_thread
import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from asyncmig import Migrator
from asyncmig.config import load
from fix_database import catalog_dump
from support.depth import depth
from support.directive_cases import CASES, CONVENTION
from support.generated_scripts import BEFORE, scripts

pytestmark = pytest.mark.sampled

ENV = """
from alembic import context
from sqlalchemy import MetaData, create_engine, pool

options = {
    "target_metadata": MetaData(naming_convention=CONVENTION),
    "version_table_schema": "kept",
    "transaction_per_migration": True,
}
url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, **options)
    context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
"""
PAIRS = [(habit, case) for habit in BEFORE for case in CASES][:: depth().directives_one_in]
CHOSEN = {habit: [case for each, case in PAIRS if each == habit] for habit in BEFORE}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("habit", [habit for habit, cases in CHOSEN.items() if cases])
async def test_the_same_database(project, make_database, monkeypatch, habit):
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)
    ini = project.path / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n")
    (project.script_location / "env.py").write_text(
        # every second habit goes with a naming convention
        ENV.replace("CONVENTION", repr(CONVENTION if [*BEFORE].index(habit) % 2 else None))
    )
    for name, text in scripts(habit, CHOSEN[habit]).items():
        project.write(f"{name}.py", text)
    ours, theirs = make_database(), make_database()
    for url in (ours, theirs):
        connection = await asyncpg.connect(url)
        await connection.execute(
            "CREATE SCHEMA kept; CREATE TABLE kept.outcome (name text, number int, state text)"
        )
        await connection.close()

    await Migrator(settings=load(ini, url=ours)).upgrade()
    config = Config(str(ini))
    config.set_main_option("sqlalchemy.url", theirs.replace("postgresql:", "postgresql+psycopg2:"))
    await anyio.to_thread.run_sync(command.upgrade, config, "head")

    assert await outcomes(ours) == await outcomes(theirs)
    assert lines(ours) == lines(theirs)


async def outcomes(url):
    """The SQLSTATE of each statement, None where it went through."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT name, number, state FROM kept.outcome")
    await connection.close()
    return {(row["name"], row["number"]): row["state"] for row in rows}


def lines(url):
    return catalog_dump(url, data=True).splitlines()
