"""Rows as INSERT statements."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from asyncmig.errors import DirectiveError
from support.recording_sink import sql_of

TABLE = sa.table("t", sa.column("a", sa.Integer), sa.column("b", sa.String), schema="s")


def insert(rows, table=TABLE, **options) -> list[str]:
    return sql_of(lambda op: op.bulk_insert(table, rows, **options))


def test_many_rows_are_one_statement():
    assert insert([{"a": 1, "b": "x"}, {"b": None, "a": 2}]) == [
        "INSERT INTO s.t (a, b) VALUES\n    (1, 'x'),\n    (2, NULL)"
    ]


def test_the_first_row_names_the_columns():
    assert insert([{"a": 1, "c": 0}, {"a": 2, "b": "x"}, {"a": 3}]) == [
        "INSERT INTO s.t (a) VALUES\n    (1),\n    (2),\n    (3)",
    ]


def test_a_row_without_a_key_of_the_first_is_refused():
    with pytest.raises(
        DirectiveError, match="bulk_insert into t: row 3 has no value for column 'a'"
    ) as caught:
        insert([{"a": 1}, {"a": 2}, {"b": "x"}])
    assert caught.value.hint == (
        "give every row the keys of the first, or call bulk_insert once for each set of keys"
    )


def test_each_row_names_its_own_columns_when_asked():
    assert insert([{"a": 1}, {"b": "x"}], multiinsert=False) == [
        "INSERT INTO s.t (a) VALUES (1)",
        "INSERT INTO s.t (b) VALUES ('x')",
    ]


def test_empty_rows_take_all_defaults():
    assert insert([{}, {}]) == ["INSERT INTO s.t DEFAULT VALUES"] * 2
    assert insert([]) == []


def test_one_statement_a_row_when_asked():
    assert insert([{"a": 1}, {"a": 2}], multiinsert=False) == [
        "INSERT INTO s.t (a) VALUES (1)",
        "INSERT INTO s.t (a) VALUES (2)",
    ]


def test_statements_stay_of_a_sensible_size():
    assert [sql.count("\n") for sql in insert([{"a": n} for n in range(2100)])] == [1000, 1000, 100]
    wide = insert([{"b": "x" * 300_000} for _ in range(7)])
    assert [sql.count("xxx'") for sql in wide] == [3, 3, 1]


def test_expressions_and_keys_that_are_columns():
    assert insert([{TABLE.c.a: sa.func.length("abc"), "b": sa.text("upper('x')")}]) == [
        "INSERT INTO s.t (a, b) VALUES (length('abc'), upper('x'))"
    ]
    thing = SimpleNamespace(__clause_element__=lambda: sa.literal_column("1 + 1"))
    assert insert([{"a": thing}]) == ["INSERT INTO s.t (a) VALUES (1 + 1)"]
    assert insert([{"a": sa.select(sa.literal(1)).scalar_subquery()}]) == [
        "INSERT INTO s.t (a) VALUES ((SELECT 1 AS anon_1))"
    ]


def test_types_that_wrap_their_values():
    class Lower(sa.types.UserDefinedType):
        cache_ok = True

        def bind_expression(self, bindvalue):
            return sa.func.lower(bindvalue, type_=self)

    assert insert([{"a": "X"}], sa.table("t", sa.column("a", Lower))) == [
        "INSERT INTO t (a) VALUES (lower('X'))"
    ]


def test_python_side_defaults():
    numbers = iter(range(1, 10))
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("n", sa.Integer, default=lambda: next(numbers)),
        sa.Column("kind", sa.String, default="plain"),
        sa.Column("at", sa.DateTime, default=sa.func.now()),
        sa.Column("double", sa.Integer, default=lambda c: c.get_current_parameters()["n"] * 2),
        sa.Column("server", sa.Integer, server_default="5"),
        sa.Column("seq", sa.Integer, sa.Sequence("q")),
        sa.Column("optional", sa.Integer, sa.Sequence("o", optional=True)),
    )
    assert insert([{"kind": "odd"}, {"kind": "even", "n": 9}], table) == [
        (
            "INSERT INTO t (n, kind, at, double, seq) VALUES\n"
            "    (1, 'odd', now(), 2, nextval('q')),\n"
            "    (2, 'even', now(), 4, nextval('q'))"
        )
    ]


def test_names_and_keys_may_differ():
    table = sa.Table("t", sa.MetaData(), sa.Column("Name", sa.Text, key="name"))
    assert insert([{"name": "x"}], table) == ["INSERT INTO t (\"Name\") VALUES ('x')"]


def test_an_unknown_column_is_named():
    with pytest.raises(
        DirectiveError, match=r"bulk_insert into t: the table has no column 'c'"
    ) as caught:
        insert([{"a": 1}, {"c": 1}], multiinsert=False)
    assert caught.value.hint == "its columns are a, b"


@pytest.mark.parametrize("rows", [({"a": 1},), {"a": 1}, "rows", [("a", 1)], [[1]]])
def test_rows_are_a_list_of_dictionaries(rows):
    with pytest.raises(TypeError, match="bulk_insert takes"):
        insert(rows)


def test_dates_are_left_to_the_column():
    table = sa.table("t", sa.column("d", sa.Date), sa.column("x"))
    day = dt.date(2026, 1, 1)
    assert insert([{"d": day, "x": day}], table) == [
        "INSERT INTO t (d, x) VALUES ('2026-01-01', '2026-01-01')"
    ]
