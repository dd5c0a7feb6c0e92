# setup: CREATE TABLE frozen ()
# exit: 1
# offline: no
from alembic import context
from app.db import engine
from sqlalchemy import text

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
    with engine.begin() as connection:
        if connection.execute(text("SELECT to_regclass('frozen') IS NOT NULL")).scalar():
            raise SystemExit("the database is frozen")

    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
