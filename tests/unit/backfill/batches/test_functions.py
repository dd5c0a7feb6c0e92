"""Batches whose values a Python function computes: what it may give, and the SQL around it."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig.backfill.batches.function_sql import ComputedRow, read_query, write_batch
from asyncmig.backfill.batches.keys import BatchTable, Key, KeyColumn, Range
from asyncmig.backfill.batches.row_function import RowFunction, RowFunctionError, values_sql
from asyncmig.bookkeeping.backfill_tables import BackfillTables
from asyncmig.errors import BackfillError
from asyncmig.sql.backfills.definition import Backfill

DEFINITION = Backfill(
    name="x", kind="function", table="item", function="f", columns=("a", "B"), where="c IS NULL"
)
TABLE = BatchTable(
    definition=DEFINITION, oid=1, key=Key.of(DEFINITION, (KeyColumn("id", "bigint"),))
)
RANGE = Range(id=7, generation=3, cursor=("5",), upper=("9",))
ROWS = [{"a": 1}, {"a": 2}]


def test_the_rows_are_read_with_key_and_version():
    sql = (
        'SELECT item.a, item."B", ARRAY[item.id::text] AS asyncmig_key, item.xmin::text AS asyncmig_version'
        " FROM item\nWHERE (item.id > '5'::bigint AND item.id <= '9'::bigint) AND (c IS NULL)\n"
        "ORDER BY item.id"
    )
    assert read_query(TABLE, RANGE) == sql
    assert read_query(TABLE, RANGE, locked=True) == f"{sql} FOR UPDATE OF item"


def test_the_values_are_written_where_the_version_is_the_same():
    text = write_batch(
        BackfillTables(),
        TABLE,
        RANGE,
        ["c"],
        [
            ComputedRow(position=("6",), version="100", values=("('x')::text",)),
            ComputedRow(position=("7",), version="101", values=None),
        ],
        bound=None,
        scanned=2,
        size=2,
        rate=None,
        worker="w",
    )
    assert (
        "asyncmig_given (asyncmig_number, asyncmig_key, asyncmig_version, asyncmig_write, asyncmig_0)"
        " AS (VALUES\n"
        "    (1, ARRAY['6']::text[], '100'::xid, true, ('x')::text),\n"
        "    (2, ARRAY['7']::text[], '101'::xid, false, NULL)\n)" in text
    )
    assert (
        "ON item.id = (g.asyncmig_key)[1]::bigint AND item.id > '5'::bigint AND item.id <= '9'::bigint"
        " AND item.xmin = g.asyncmig_version" in text
    )
    assert "UPDATE item SET c = g.asyncmig_0\n" in text
    assert "RETURNING (c IS NULL) IS TRUE AS asyncmig_same" in text
    assert "done = true AND (SELECT asyncmig_number FROM asyncmig_conflict) IS NULL" in text


def given(answer: Any) -> RowFunction:
    return RowFunction("x", "f", lambda _rows: answer)


async def test_functions_of_both_kinds():
    async def later(rows: list[dict[str, int]]) -> list[dict[str, int]]:
        return [{"b": row["a"] + 1} for row in rows]

    assert await RowFunction("x", "f", later)(ROWS) == ({"b": 2}, {"b": 3})
    assert await RowFunction("x", "f", lambda rows: later(rows))(ROWS) == ({"b": 2}, {"b": 3})
    assert await given([None, {"b": 1}])(ROWS) == (None, {"b": 1})


async def test_an_error_of_the_function():
    def broken(rows: list[dict[str, int]]) -> None:
        raise KeyError("city")

    with pytest.raises(RowFunctionError, match="f raised KeyError: 'city'"):
        await RowFunction("x", "f", broken)(ROWS)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("ab", "gave str for 2 rows"),
        ({"b": 1}, "gave dict for 2 rows"),
        ([{"b": 1}], "gave 1 values for 2 rows"),
        ([{}, {}], "gave {} for row 0"),
        ([{"b": 1}, {"c": 1}], "gave b for some rows and c for row 1"),
    ],
)
async def test_answers_that_are_refused(answer: Any, message: str):
    with pytest.raises(BackfillError) as caught:
        await given(answer)(ROWS)
    assert str(caught.value) == f"backfill x: the function f {message}"


def test_values_as_sql():
    types = {"a": "integer", "b": "jsonb", "c": "text[]", "d": '"char"', "e": "jsonb"}
    values = {"a": 1, "b": {"k": [1, None]}, "c": ["it's"], "d": b"z", "e": '{"x": 1}'}
    assert values_sql(values, types) == (
        "(1)::integer",
        "('{\"k\": [1, null]}')::jsonb",
        "('{\"it''s\"}')::text[]",
        "('z')::\"char\"",
        "('{\"x\": 1}')::jsonb",
    )
    with pytest.raises(RowFunctionError, match="the value of a: there is no PostgreSQL literal"):
        values_sql({"a": object()}, {"a": "integer"})
