import os
import time

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

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
    for attempt in range(5):
        port = 1 if attempt < 2 else int(os.environ["DB_PORT"])
        try:
            engine = create_engine(
                "postgresql+psycopg2://{DB_USER}:{DB_PASSWORD}@{DB_HOST}:PORT/{DB_NAME}".format(
                    **os.environ
                ).replace("PORT", str(port))
            )
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
            break
        except OperationalError:
            time.sleep(0.01)

    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
