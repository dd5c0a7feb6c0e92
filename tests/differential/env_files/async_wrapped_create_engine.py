# driver: asyncpg
import asyncio

from alembic import context
from app.settings import settings
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncEngine

config = context.config
target_metadata = None


def run_migrations_offline():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


def do_run_migrations(connection):
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run_migrations_online():
    url = settings.url.replace("psycopg2", "asyncpg")
    connectable = AsyncEngine(create_engine(url, echo=False, future=True, pool_pre_ping=True))
    async with connectable.begin() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()


if context.is_offline_mode():
    run_migrations_offline()
else:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(run_migrations_online())
    loop.close()
