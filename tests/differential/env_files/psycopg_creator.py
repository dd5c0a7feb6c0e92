# driver: psycopg
# offline: no
import os

import psycopg
from alembic import context
from sqlalchemy import create_engine


def connect():
    connection = psycopg.connect(
        host=os.environ["DB_HOST"],
        port=os.environ["DB_PORT"],
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        dbname=os.environ["DB_NAME"],
        autocommit=True,
    )
    connection.execute("SET statement_timeout = '55s'")
    connection.autocommit = False
    return connection


engine = create_engine("postgresql+psycopg://", creator=connect)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
