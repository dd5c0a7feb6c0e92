# driver: psycopg
# offline: no
import asyncio

from alembic import context
from sqlalchemy import pool, text
from sqlalchemy.ext.asyncio import async_engine_from_config

config = context.config


def do_run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def run():
    engine = async_engine_from_config(
        config.get_section(config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    async with engine.connect() as connection:
        await connection.execute(text("CREATE SCHEMA IF NOT EXISTS extra"))
        await connection.execute(text("SET search_path TO extra"))
        assert (await connection.execute(text("SELECT 41 + :n"), {"n": 1})).scalar() == 42
        await connection.commit()
        await connection.run_sync(do_run)
    await engine.dispose()


asyncio.run(run())
