import os

from alembic import context
from sqlalchemy import create_engine

config = context.config
target_metadata = None


def run_migrations_offline():
    for number, url in enumerate((os.environ["DB_URL"], os.environ["DB_URL2"])):
        with open(f"database{number}.sql", "w") as buffer:
            context.configure(url=url, output_buffer=buffer, literal_binds=True)
            with context.begin_transaction():
                context.run_migrations()


def run_migrations_online():
    for url in (os.environ["DB_URL"], os.environ["DB_URL2"]):
        engine = create_engine(url)
        with engine.connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations(engine_name=url.rpartition("/")[2])
        engine.dispose()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
