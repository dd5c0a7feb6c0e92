"""Statements of SQL revisions that run in batches: divided at their keywords, or refused by name."""

from __future__ import annotations

import pytest

from asyncmig.errors import ScriptError
from asyncmig.sql.backfills.definition import Backfill
from asyncmig.sql.backfills.parse import parse_backfill


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


@pytest.mark.parametrize(
    ("mark", "text", "message"),
    [
        ("", "SELECT 1", "it is followed by SELECT"),
        ("", "", "it is followed by nothing"),
        ("size=5", "UPDATE t SET a = 1", "it has 'size=5'"),
        ("batch_size=0", "UPDATE t SET a = 1", "it has 'batch_size=0'"),
        ("on_error=skip", "UPDATE t SET a = 1", "it has 'on_error=skip'"),
        ("table=u", "UPDATE t SET a = 1", "it names the table u, and its statement changes t"),
        ("", "UPDATE t AS x SET a = 1", "its table is written 't AS x'"),
        ("", "UPDATE ONLY t SET a = 1", "its table is written 'ONLY t'"),
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
