# driver: psycopg
# setup: CREATE SCHEMA extra
# offline: no
from alembic import context
from sqlalchemy import create_engine, event

engine = create_engine(
    context.config.get_main_option("sqlalchemy.url"),
    connect_args={
        "prepare_threshold": None,
        "connect_timeout": 5,
        "options": "-c statement_timeout=9s",
    },
)


@event.listens_for(engine, "connect")
def set_search_path(connection, record):
    connection.execute("SET search_path TO extra")
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s + 1", (1,))
        assert cursor.fetchone() == (2,)
    connection.commit()


with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
