"""Errors of a script's connection: classes, texts and fields as psycopg2 has them, classes as psycopg."""

from __future__ import annotations

import anyio.to_thread
import psycopg
import psycopg2
import pytest
import sqlalchemy as sa
from psycopg.errors import lookup as psycopg_class
from psycopg2 import errors as psycopg2_errors

from asyncmig.alembic_compat.psycopg2_compat import errors
from asyncmig.alembic_compat.psycopg2_compat.connection import lenient_connection

SETUP = """
CREATE TABLE t (
    id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''), other int REFERENCES t, d date,
    EXCLUDE USING gist (int4range(id, id + 1) WITH &&)
);
INSERT INTO t VALUES (1, 'one');
CREATE TYPE mood AS ENUM ('sad');
CREATE DOMAIN small AS int CONSTRAINT up_to_nine CHECK (VALUE < 10);
CREATE FUNCTION broken() RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN 1 / 0; END$$;
CREATE FUNCTION wrong() RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT x FROM nowhere); END$$;
CREATE VIEW v AS SELECT id FROM t;
"""
MANY = ", ".join(["12345"] * 40)
STATEMENTS = {
    "syntax": "SELEC 1",
    "no table": "INSERT INTO nope VALUES (1)",
    "no column": "SELECT nothing FROM t",
    "no function": "SELECT nothing(1)",
    "no schema": "CREATE TABLE nowhere.t (i int)",
    "table there": "CREATE TABLE t ()",
    "label there": "ALTER TYPE mood ADD VALUE 'sad'",
    "unique": "INSERT INTO t VALUES (1, 'again')",
    "not null": "INSERT INTO t (id) VALUES (2)",
    "check": "INSERT INTO t VALUES (2, '')",
    "foreign key": "INSERT INTO t VALUES (2, 'two', 77)",
    "domain": "SELECT 12::small",
    "dependent": "DROP TABLE t",
    "division": "SELECT 1 / 0",
    "no date": "SELECT 'yesterdays'::date",
    "too long": "SELECT 'abcd'::varchar(2)::bit(3)",
    "out of range": "SELECT 2147483647 + 1",
    "raised": "DO $$BEGIN RAISE EXCEPTION 'told' USING HINT = 'try', DETAIL = 'more'; END$$",
    "raised with a code": "DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '23505'; END$$",
    "raised with an own code": "DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'ZZ123'; END$$",
    "inside a function": "SELECT broken()",
    "a query inside a function": "SELECT wrong()",
    "outside a transaction only": "VACUUM t",
    "not supported": "ALTER TABLE v ADD COLUMN x int",
    "several lines": "SELECT 1,\n  2,\n\tnothing\nFROM t",
    "a long line": f"SELECT {MANY}, nothing, {MANY}",
    "a long line, early": f"SELECT nothing, {MANY}",
    "a long line, late": f"SELECT {MANY}, nothing",
    "letters beyond ASCII": "SELECT 'ä日本', nothing",
}
FIELDS = sorted(name for name in dir(psycopg2.extensions.Diagnostics) if not name.startswith("_"))


@pytest.fixture
async def connection(database_url, pg):
    await pg.execute(SETUP)
    connection = await lenient_connection(pg, database_url)
    yield connection
    await connection.close()


async def refusal(connection, statement):
    """What SQLAlchemy raises in a transaction, and the driver's exception in it."""
    await connection.exec_driver_sql("BEGIN")
    try:
        with pytest.raises(sa.exc.DBAPIError) as raised:
            await connection.exec_driver_sql(statement)
    finally:
        await connection.exec_driver_sql("ROLLBACK")
    return raised.value


def theirs(url, statement):
    """The same of psycopg2."""
    engine = sa.create_engine(
        url.replace("postgresql:", "postgresql+psycopg2:"), poolclass=sa.NullPool
    )
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as raised:
        connection.exec_driver_sql(statement)
    return raised.value


@pytest.mark.cells(8)
@pytest.mark.parametrize("name", STATEMENTS)
async def test_an_error_is_psycopg2s(connection, database_url, name) -> None:
    statement = STATEMENTS[name]
    ours = await refusal(connection, statement)
    expected = await anyio.to_thread.run_sync(theirs, database_url, statement)

    assert type(ours) is type(expected)
    assert isinstance(ours.orig, type(expected.orig))
    assert type(ours.orig).__name__ == type(expected.orig).__name__
    assert str(ours.orig) == str(expected.orig)
    assert ours.orig.pgerror == expected.orig.pgerror
    assert ours.orig.pgcode == expected.orig.pgcode
    assert {name: getattr(ours.orig.diag, name) for name in FIELDS} == {
        name: getattr(expected.orig.diag, name) for name in FIELDS
    }
    assert str(ours).splitlines()[1:] == str(expected).splitlines()[1:]


@pytest.mark.cells(8)
@pytest.mark.parametrize("name", STATEMENTS)
async def test_an_error_is_psycopgs_too(connection, name) -> None:
    error = (await refusal(connection, STATEMENTS[name])).orig
    try:
        found = psycopg_class(error.pgcode)
    except KeyError:
        found = psycopg.DatabaseError
    assert isinstance(error, found)
    assert error.sqlstate == error.pgcode


async def test_a_raw_cursor_raises_the_same(connection, database_url) -> None:
    def ask(sync) -> None:
        with pytest.raises(psycopg2_errors.UndefinedTable, match='relation "nope" does not exist'):
            sync.connection.cursor().execute("SELECT * FROM nope")

    await connection.run_sync(ask)


async def test_without_drivers_the_classes_are_our_own(connection, monkeypatch) -> None:
    monkeypatch.setattr(errors, "_DRIVERS", ())
    errors._class_for.cache_clear()
    try:
        error = (await refusal(connection, "CREATE TABLE t ()")).orig
    finally:
        errors._class_for.cache_clear()
    assert type(error) is errors.ProgrammingError
    assert error.pgcode == "42P07"
