"""Statements of SQL revisions that run in batches: divided at their keywords, or refused by name."""

from __future__ import annotations

import pytest

from asyncmig.errors import ScriptError
from asyncmig.sql.backfills.definition import CTID_KEY, Backfill
from asyncmig.sql.backfills.parse import backfill_mark, parse_backfill, parse_gate


def test_an_update():
    found = parse_backfill(
        "name=x key=a,b deferred on_error=record batch_size=50",
        "UPDATE app.\"Users\" SET a = (SELECT 1 FROM t WHERE true), b = 'where' -- WHERE\n"
        "FROM c WHERE c.id = a AND b IS NULL;",
    )
    assert found == Backfill(
        name="x",
        schema="app",
        table="Users",
        assignments="a = (SELECT 1 FROM t WHERE true), b = 'where'",
        source="c",
        where="c.id = a AND b IS NULL",
        key=("a", "b"),
        deferred=True,
        on_error="record",
        batch_size=50,
    )


def test_an_update_of_one_table():
    found = parse_backfill("", "UPDATE t SET a = 1 WHERE b")
    assert (found.assignments, found.source, found.where) == ("a = 1", None, "b")
    assert parse_backfill("batch_size=1", "UPDATE t SET a = 1").batch_size == 1


@pytest.mark.parametrize(
    ("mark", "deferred"), [("deferred", True), ("deferred=Yes", True), ("deferred=false", False)]
)
def test_a_backfill_may_be_deferred(mark, deferred):
    assert parse_backfill(mark, "DELETE FROM t").deferred is deferred


@pytest.mark.parametrize(
    ("facts", "mark"),
    [
        ({}, "name=x"),
        ({"key": ("a", "b"), "batch_size": 50}, "name=x key=a,b batch_size=50"),
        ({"key": CTID_KEY}, "name=x by=ctid"),
        ({"deferred": True, "on_error": "record"}, "name=x deferred=true on_error=record"),
    ],
)
def test_the_mark_of_a_backfill(facts, mark):
    definition = Backfill(name="x", table="t", assignments="a = 1", where="a > 1", **facts)
    assert backfill_mark(definition) == f"-- backfill: {mark}"
    assert parse_backfill(mark, "UPDATE t SET a = 1 WHERE a > 1") == definition


def test_by_key_is_the_default():
    assert parse_backfill("by=key key=a", "DELETE FROM t").key == ("a",)
    assert parse_backfill("by=key", "DELETE FROM t").key == ()


def test_the_table_of_the_mark_may_have_its_schema():
    assert parse_backfill("table=s.t", "DELETE FROM s.t").table_name == "s.t"
    with pytest.raises(ScriptError, match=r"it names the table u\.t, and its statement changes t"):
        parse_backfill("table=u.t", "DELETE FROM s.t")


def test_an_insert_that_does_nothing_about_rows_that_are_there():
    found = parse_backfill("", "INSERT INTO u SELECT a FROM t ON CONFLICT DO NOTHING")
    assert found == parse_backfill("", "INSERT INTO u SELECT a FROM t")


def test_a_delete():
    assert parse_backfill("table=users", "delete from Users using c where c.id = 1") == Backfill(
        name="users_delete", kind="delete", table="users", source="c", where="c.id = 1"
    )


def test_an_insert():
    found = parse_backfill("", "INSERT INTO u (a, b) SELECT x, f(y, 1) FROM t WHERE x > 1")
    assert found == Backfill(
        name="t_insert",
        kind="insert",
        table="t",
        into="u (a, b)",
        assignments="x, f(y, 1)",
        where="x > 1",
    )
    assert found.statement() == (
        "INSERT INTO u (a, b)\nSELECT x, f(y, 1) FROM t\nWHERE (x > 1)\nON CONFLICT DO NOTHING"
    )


def test_an_insert_from_two_tables():
    found = parse_backfill(
        "",
        "INSERT INTO u SELECT x, (SELECT 1, 2) FROM t, app.v AS w WHERE f(x, 1) ON CONFLICT DO NOTHING",
    )
    assert (found.table, found.source, found.where) == ("t", "app.v AS w", "f(x, 1)")
    assert found.statement().endswith("FROM t, app.v AS w\nWHERE (f(x, 1))\nON CONFLICT DO NOTHING")


def test_a_function():
    found = parse_backfill(
        "function=app.rows:domains", 'SELECT email, "Id" FROM app.users WHERE domain IS NULL'
    )
    assert found == Backfill(
        name="users_function",
        kind="function",
        schema="app",
        table="users",
        function="app.rows:domains",
        columns=("email", "Id"),
        where="domain IS NULL",
    )


def test_by_ctid():
    assert parse_backfill("by=ctid", "DELETE FROM t WHERE a").follows_ctid
    assert parse_backfill("by=key", "DELETE FROM t").key == ()


def test_a_gate():
    assert parse_gate("name=x") is None
    assert parse_gate("require=x") == Backfill(name="x", kind="gate", allowance=10_000)
    assert parse_gate("finish_rows=0 require=x") == Backfill(name="x", kind="gate", allowance=0)


def test_a_line_without_require_is_no_gate():
    assert parse_gate("name=x") is None
    assert parse_gate("") is None


@pytest.mark.parametrize("mark", ["require=", "require=x deferred", "require=x finish_rows=some"])
def test_a_gate_that_is_refused(mark):
    with pytest.raises(ScriptError, match="the mark `-- backfill:` cannot be used: it has"):
        parse_gate(mark)


@pytest.mark.parametrize(
    ("mark", "text", "message"),
    [
        ("by=rowid", "UPDATE t SET a = 1", "it has 'by=rowid'"),
        ("by=ctid key=a", "UPDATE t SET a = 1 WHERE b", "it has key= and by=ctid"),
        ("by=ctid", "UPDATE t SET a = 1", "by=ctid needs a WHERE"),
        ("function=f", "SELECT a FROM t", "it has 'function=f'"),
        ("function=m:f", "UPDATE t SET a = 1", "it has function=, and its statement is no SELECT"),
        ("function=m:f", "SELECT f(a) FROM t", "it selects 'f(a)'"),
        ("function=m:f", "SELECT 1", "its SELECT reads no table"),
        (
            "",
            "INSERT INTO t SELECT a FROM u JOIN v ON true",
            "its table is written 'u JOIN v ON true'",
        ),
        (
            "",
            "INSERT INTO t SELECT a FROM u ON CONFLICT (a) DO UPDATE SET b = 1",
            "its statement has ON CONFLICT (a) DO UPDATE SET b = 1",
        ),
        ("", "SELECT 1", "it is followed by SELECT"),
        ("", "", "it is followed by nothing"),
        ("size=5", "UPDATE t SET a = 1", "it has 'size=5'"),
        ("batch_size=0", "UPDATE t SET a = 1", "it has 'batch_size=0'"),
        ("on_error=skip", "UPDATE t SET a = 1", "it has 'on_error=skip'"),
        ("table=u", "UPDATE t SET a = 1", "it names the table u, and its statement changes t"),
        ("", "UPDATE t AS x SET a = 1", "its table is written 't AS x'"),
        ("", "UPDATE ONLY t SET a = 1", "its table is written 'ONLY t'"),
        ("", "DELETE FROM", "its table is written ''"),
        (
            "",
            "INSERT INTO u SELECT a FROM t WHERE b FOR UPDATE OF t, u",
            "its table is written 't WHERE b FOR UPDATE OF t'",
        ),
        ("", "UPDATE a.b c SET a = 1", "its table is written 'a.b c'"),
        ("", "DELETE FROM 5", "its table is written '5'"),
        ("", "DELETE FROM 'a'", "its table is written \"'a'\""),
        ("key", "UPDATE t SET a = 1", "it has 'key'"),
        ("deferred=", "UPDATE t SET a = 1", "it has 'deferred='"),
        ("", "DELETE FROM t RETURNING a", "its statement has RETURNING"),
        ("", "INSERT INTO t SELECT 1", "its INSERT reads no table"),
        ("function=m:f", "SELECT a FROM t LIMIT 5", "its statement has LIMIT"),
        ("function=m:f", "SELECT a, FROM t", "it selects 'a,'"),
        ("", "UPDATE t", "its UPDATE has no SET"),
        ("", "UPDATE t SET a = 1 RETURNING a", "its statement has RETURNING"),
        ("", "INSERT INTO t VALUES (1)", "its INSERT reads no table"),
        ("", "INSERT INTO t SELECT a FROM u LIMIT 5", "its statement has LIMIT"),
    ],
)
def test_what_is_refused(mark, text, message):
    with pytest.raises(ScriptError) as caught:
        parse_backfill(mark, text)
    assert str(caught.value) == f"the mark `-- backfill:` cannot be used: {message}"
    assert caught.value.hint


def test_a_function_of_several_columns():
    found = parse_backfill("function=m:f", "SELECT a, b, C, d FROM t WHERE e")
    assert (found.columns, found.function) == (("a", "b", "c", "d"), "m:f")
    assert parse_backfill("function=m:f", "SELECT a FROM t").where is None
