import json
import os

from alembic import context
from sqlalchemy import create_engine, text

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
    engine = create_engine(
        os.environ["DB_URL"],
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
        pool_recycle=300,
        pool_timeout=5,
        executemany_mode="values_plus_batch",
        executemany_batch_page_size=200,
        client_encoding="utf8",
        use_native_hstore=False,
        json_serializer=json.dumps,
        hide_parameters=True,
        pool_reset_on_return="rollback",
        echo=False,
        connect_args={
            "connect_timeout": 10,
            "keepalives": 1,
            "options": "-c statement_timeout=60000 -c lock_timeout=4000",
        },
    )
    for _ in range(2):
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
