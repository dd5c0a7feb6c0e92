"""``psycopg.sql`` for scripts: its objects write themselves for cursors that are not psycopg's."""

from types import ModuleType

import psycopg
import psycopg.sql
import pytest

from asyncmig.alembic_compat.psycopg2_compat.sql_module import sql_stand_in

SCRIPT = {"__name__": "asyncmig_script_a"}


class OtherCursor:
    """A cursor of another driver, with a connection that psycopg cannot use."""

    connection = object()


@pytest.fixture
def sql() -> ModuleType:
    stand_in = sql_stand_in("psycopg.sql", SCRIPT, ("SQL",))
    assert stand_in is not None
    return stand_in


def test_each_class_writes_itself(sql):
    cursor = OtherCursor()
    name = sql.Identifier("public", 'T "x"')
    assert name.as_string(cursor) == '"public"."T ""x"""'
    assert sql.Literal("it's").as_string(cursor) == "'it''s'"
    assert sql.Literal(None).as_bytes(cursor) == b"NULL"
    assert sql.Placeholder("n").as_string(cursor) == "%(n)s"
    assert sql.SQL("SELECT 1").as_string(cursor) == "SELECT 1"
    assert sql.Composed([name, sql.SQL(" "), 5]).as_string(cursor) == '"public"."T ""x""" 5'


def test_what_is_made_of_them_writes_itself(sql):
    query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier("a"), sql.Identifier("t"))
    values = sql.SQL(", ").join([sql.Literal(1), sql.Placeholder()])
    assert (query + sql.SQL(" WHERE a IN (") + values + sql.SQL(")")).as_string(OtherCursor()) == (
        'SELECT "a" FROM "t" WHERE a IN (1, %s)'
    )
    assert (sql.Placeholder() * 2).join(", ").as_string(OtherCursor()) == "%s, %s"


def test_they_are_objects_of_psycopg(sql):
    query = sql.SQL("{}").format(sql.Identifier("a"))
    assert isinstance(query, psycopg.sql.Composed)
    assert isinstance(query, sql.Composed)
    assert query.as_string() == '"a"'
    assert query.as_string(None) == '"a"'


def test_every_form_of_import_gives_the_same_classes(sql):
    assert sql_stand_in("psycopg", SCRIPT, ("sql",)).sql.SQL is sql.SQL
    assert sql_stand_in("psycopg.sql", SCRIPT, ()).sql.SQL is sql.SQL
    assert sql_stand_in("psycopg.sql", SCRIPT, ()).connect is psycopg.connect


def test_imports_of_other_modules_stay(sql):
    assert sql_stand_in("psycopg.rows", SCRIPT, ("dict_row",)) is None
    assert sql_stand_in("psycopg", SCRIPT, ("connect",)) is None
    assert sql_stand_in("psycopg.sql", {"__name__": "psycopg.cursor"}, ("SQL",)) is None
