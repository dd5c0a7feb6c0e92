"""The SQL of batches, in full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asyncmig.backfill.batches.keys import BatchTable, Key, KeyColumn, Range, block_position
from asyncmig.backfill.batches.sql import (
    batch,
    bound_query,
    pass_over,
    split_query,
    tail_query,
    window,
)
from asyncmig.bookkeeping.backfill_tables import BackfillTables
from asyncmig.sql.backfills.definition import Backfill

DEFINITION = Backfill(name="x", table="Item", schema="app", assignments="n = 1", where="n IS NULL")
ONE = BatchTable(definition=DEFINITION, oid=1, key=Key.of(DEFINITION, (KeyColumn("id", "bigint"),)))
TWO = BatchTable(
    definition=DEFINITION,
    oid=1,
    key=Key.of(DEFINITION, (KeyColumn("a", "uuid"), KeyColumn("order", "text"))),
)
RANGE = Range(id=7, generation=3, cursor=("5",))


def test_the_condition_of_a_range():
    assert ONE.key.between(None, None) == ""
    assert ONE.key.between(("5",), None) == "\"Item\".id > '5'::bigint"
    assert (
        ONE.key.between(("5",), ("9",))
        == "\"Item\".id > '5'::bigint AND \"Item\".id <= '9'::bigint"
    )
    assert TWO.key.between(("u", "it's"), None) == (
        "(\"Item\".a, \"Item\".\"order\") > ('u'::uuid, 'it''s'::text) AND \"Item\".a >= 'u'::uuid"
    )


def test_a_position_before_another():
    assert ONE.key.is_before("r.cursor", ("5",)) == (
        "(r.cursor IS NULL OR (r.cursor)[1]::bigint < '5'::bigint)"
    )


def test_the_end_of_a_batch():
    assert bound_query(ONE, replace(RANGE, upper=("9",)), 100) == (
        'SELECT ARRAY["Item".id::text] AS bound FROM app."Item" WHERE "Item".id > \'5\'::bigint'
        ' AND "Item".id <= \'9\'::bigint ORDER BY "Item".id OFFSET 99 LIMIT 1'
    )
    assert tail_query(ONE, Range(id=7), 100) == (
        'SELECT count(*) AS scanned FROM (SELECT FROM app."Item" LIMIT 100) AS tail'
    )


def make_batch(table: BatchTable = ONE, part: Range = RANGE, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "bound": ("9",),
        "scanned": 100,
        "size": 100,
        "rate": 12.5,
        "worker": "host:1",
    } | changes
    return batch(BackfillTables(schema="app"), table, part, **arguments)


def test_a_batch_is_one_statement():
    assert (
        make_batch()
        == """\
WITH asyncmig_claimed AS (SELECT r.id FROM app.asyncmig_backfill_range AS r JOIN app.asyncmig_backfill AS j \
ON j.id = r.job WHERE r.id = 7 AND r.generation = 3 AND NOT r.done AND j.state IN ('running', 'waiting') \
AND j.table_oid = pg_catalog.to_regclass('app."Item"') FOR UPDATE OF r SKIP LOCKED),
asyncmig_changed AS (
UPDATE app."Item" SET n = 1
WHERE (EXISTS (SELECT FROM asyncmig_claimed) AND "Item".id > '5'::bigint AND "Item".id <= '9'::bigint) \
AND (n IS NULL)
RETURNING (n IS NULL) IS TRUE AS asyncmig_same
)
UPDATE app.asyncmig_backfill_range AS r
SET cursor = ARRAY['9']::text[], generation = r.generation + 1, done = false, rows = r.rows + c.rows,
    unchanged = r.unchanged + c.unchanged, scanned = r.scanned + 100, batches = r.batches + 1,
    size = 100, rate = 12.5, worker = 'host:1',
    updated_at = pg_catalog.clock_timestamp()
FROM (SELECT pg_catalog.count(*) AS rows, pg_catalog.count(*) FILTER (WHERE asyncmig_same) AS unchanged
      FROM asyncmig_changed) AS c
WHERE r.id = (SELECT id FROM asyncmig_claimed)
RETURNING c.rows, c.unchanged, (SELECT pg_catalog.count(DISTINCT l.pid) FROM pg_catalog.pg_locks AS l
 WHERE NOT l.granted AND l.pid <> pg_catalog.pg_backend_pid()
   AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(l.pid))) AS waiting, \
ARRAY(SELECT l.virtualtransaction FROM pg_catalog.pg_locks AS l
 WHERE l.granted AND l.pid <> pg_catalog.pg_backend_pid() AND l.relation >= 16384
   AND l.database = (SELECT oid FROM pg_catalog.pg_database
                     WHERE datname = pg_catalog.current_database())
 GROUP BY l.virtualtransaction
 HAVING pg_catalog.bool_or(l.mode = 'RowExclusiveLock') AND pg_catalog.bool_and(l.relation NOT IN \
('app.asyncmig_backfill'::pg_catalog.regclass, \
'app.asyncmig_backfill_range'::pg_catalog.regclass))) AS writers"""
    )


@pytest.mark.parametrize("upper", [None, ("20",)])
def test_the_last_batch_ends_its_range(upper):
    text = make_batch(part=replace(RANGE, upper=upper), bound=None)
    assert "done = true" in text
    assert ("<= '20'::bigint" in text) is (upper is not None)
    assert ("SET cursor = ARRAY['20']" in text) is (upper is not None)


def test_deleted_and_copied_rows():
    delete = Backfill(
        name="x", kind="delete", table="Item", where="n = 1", source="o", join="o.id = n"
    )
    assert (
        'DELETE FROM "Item"\nUSING o\nWHERE (EXISTS (SELECT FROM asyncmig_claimed)'
        " AND \"Item\".id > '5'::bigint AND \"Item\".id <= '9'::bigint) AND (o.id = n) AND (n = 1)\n"
        "RETURNING false AS asyncmig_same" in make_batch(replace(ONE, definition=delete))
    )
    copy = Backfill(name="x", kind="insert", table="Item", assignments="id", into="copy (id)")
    assert (
        'INSERT INTO copy (id)\nSELECT id FROM "Item"\nWHERE (EXISTS (SELECT FROM asyncmig_claimed)'
        " AND \"Item\".id > '5'::bigint AND \"Item\".id <= '9'::bigint)\nON CONFLICT DO NOTHING\n"
        "RETURNING false AS asyncmig_same" in make_batch(replace(ONE, definition=copy))
    )


def test_a_refused_row_is_recorded_with_the_position():
    text = pass_over(
        BackfillTables(),
        ONE,
        RANGE,
        job=4,
        bound=("9",),
        sqlstate="22012",
        error="it's wrong",
    )
    assert "INSERT INTO asyncmig_backfill_failure (job, key, sqlstate, error)" in text
    assert "SELECT 4, ARRAY['9']::text[], '22012', 'it''s wrong' FROM asyncmig_claimed" in text
    assert "SET cursor = ARRAY['9']::text[], generation = r.generation + 1" in text


def test_the_middle_of_a_range():
    assert split_query(TWO, Range(id=7), percent=100) == (
        "SELECT ARRAY[k0::text, k1::text] AS middle, sampled FROM (SELECT *, row_number() OVER (ORDER BY"
        ' k0, k1) AS number, count(*) OVER () AS sampled FROM (SELECT "Item".a AS k0, "Item"."order" AS'
        ' k1 FROM app."Item" LIMIT 20000) AS sample) AS numbered WHERE number = (sampled + 1) / 2'
    )
    assert 'FROM app."Item" TABLESAMPLE SYSTEM (0.500000) WHERE' in split_query(
        ONE, RANGE, percent=0.5
    )


def test_a_partition_has_the_name_of_its_table():
    text = make_batch(replace(ONE, partition="app.item_1"))
    assert 'UPDATE app.item_1 AS "Item" SET n = 1\nWHERE' in text
    assert (
        "AND r.relation = pg_catalog.to_regclass('app.item_1') AND (SELECT relispartition FROM"
        in text
    )


def test_the_window_of_a_batch_by_blocks():
    table = replace(ONE, key=Key.ctid(DEFINITION), rows_per_block=10.0)
    part = Range(id=7, upper=block_position(100))
    assert window(ONE, part, 50) is part
    assert window(table, part, 50).upper == ("(11,0)",)
    assert window(table, replace(part, cursor=("(40,3)",)), 50).upper == ("(51,0)",)
    assert window(table, replace(part, cursor=("(92,3)",)), 50).upper == part.upper
    assert bound_query(table, window(table, part, 50), 50) == (
        'SELECT ARRAY["Item".ctid::text] AS bound FROM app."Item" WHERE "Item".ctid <= \'(11,0)\'::tid'
        ' ORDER BY "Item".ctid OFFSET 49 LIMIT 1'
    )
