"""Backfills in projects of Alembic: ``from alembic import op``, an ``env.py``, and functions found again."""

import textwrap

import pytest

from asyncmig import Migrator
from asyncmig.config import load

ENV = """
    from alembic import context
    from sqlalchemy import create_engine

    with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
ASYNC_ENV = """
    import asyncio
    from alembic import context
    from sqlalchemy.ext.asyncio import create_async_engine

    def run(connection):
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()

    async def main():
        url = context.config.get_main_option("sqlalchemy.url")
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as connection:
            await connection.run_sync(run)

    asyncio.run(main())
"""
HEADER = """
import sqlalchemy as sa
from alembic import op

def add(rows):
    return [{"n": row["n"] + 1, "m": f"{row['id']}"} for row in rows]

async def add_later(rows):
    from alembic import op as same

    assert same is op
    return [{"k": row["id"] * 2} for row in rows]
"""
UPGRADE = """
op.create_table("item", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer),
                sa.Column("m", sa.Text), sa.Column("k", sa.Integer))
op.execute("INSERT INTO item SELECT i, 0 FROM generate_series(1, 400) i")
op.backfill("item", {"n": sa.column("n") + 1}, name="plain")
op.backfill_with(add, "item", columns=["id", "n"])
op.backfill_with(add_later, "item", columns=["id"], where="k IS NULL", name="later", deferred=True)
"""


@pytest.mark.parametrize("env", [ENV, ASYNC_ENV], ids=["sync", "async"])
async def test_backfills_of_a_project_of_alembic(project, database_url, pg, monkeypatch, env):
    for name in ("DATABASE_URL", "ASYNCMIG_URL", "ASYNCMIG_CONFIG", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    (project.script_location / "env.py").write_text(textwrap.dedent(env))
    ini = project.path / "alembic.ini"
    ini.write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
        f"sqlalchemy.url = {database_url.replace('%', '%%')}\n"
    )
    project.revision("a1", header=HEADER, signature="def {name}():", upgrade=UPGRADE)

    await Migrator(settings=load(ini)).upgrade()
    found = await pg.fetch("SELECT n, m = id::text, k, count(*) FROM item GROUP BY 1, 2, 3")
    assert [tuple(row) for row in found] == [(2, True, None, 400)]
    ran = await Migrator(settings=load(ini)).run_backfills()
    assert [(job.name, job.state, job.rows) for job in ran] == [("later", "done", 400)]
    assert await pg.fetchval("SELECT count(*) FROM item WHERE k = id * 2") == 400
