import os

import psycopg2
from alembic import context
from sqlalchemy import create_engine, pool

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


def run_migrations_online():
    def connect():
        return psycopg2.connect(
            "host={DB_HOST} port={DB_PORT} dbname={DB_NAME} user={DB_USER}".format(**os.environ),
            password=os.environ["DB_PASSWORD"],
            application_name="pooled",
        )

    engine = create_engine("postgresql+psycopg2://", pool=pool.QueuePool(connect, pool_size=2))

    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
