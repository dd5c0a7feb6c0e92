"""The SQL of batches, in full."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig.backfill.batch_sql import batch, bound_query, pass_over, split_query, tail_query
from asyncmig.backfill.keys import Key, KeyColumn
from asyncmig.bookkeeping.backfill_tables import BackfillTables
from asyncmig.sql.backfills.definition import Backfill

DEFINITION = Backfill(name="x", table="Item", schema="app", assignments="n = 1", where="n IS NULL")
ONE = Key.of(DEFINITION, (KeyColumn("id", "bigint"),))
TWO = Key.of(DEFINITION, (KeyColumn("a", "uuid"), KeyColumn("order", "text")))


def test_the_condition_of_a_range():
    assert ONE.between(None, None) == ""
    assert ONE.between(("5",), None) == "\"Item\".id > '5'::bigint"
    assert ONE.between(("5",), ("9",)) == "\"Item\".id > '5'::bigint AND \"Item\".id <= '9'::bigint"
    assert TWO.between(("u", "it's"), None) == (
        "(\"Item\".a, \"Item\".\"order\") > ('u'::uuid, 'it''s'::text) AND \"Item\".a >= 'u'::uuid"
    )


def test_a_position_before_another():
    assert ONE.is_before("r.cursor", ("5",)) == (
        "(r.cursor IS NULL OR (r.cursor)[1]::bigint < '5'::bigint)"
    )


def test_the_end_of_a_batch():
    assert bound_query(DEFINITION, ONE, ("5",), ("9",), 100) == (
        'SELECT ARRAY["Item".id::text] AS bound FROM app."Item" WHERE "Item".id > \'5\'::bigint'
        ' AND "Item".id <= \'9\'::bigint ORDER BY "Item".id OFFSET 99 LIMIT 1'
    )
    assert tail_query(DEFINITION, ONE, None, None, 100) == (
        'SELECT count(*) AS scanned FROM (SELECT FROM app."Item" LIMIT 100) AS tail'
    )


def make_batch(definition: Backfill = DEFINITION, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "range_id": 7,
        "generation": 3,
        "cursor": ("5",),
        "bound": ("9",),
        "upper": None,
        "scanned": 100,
        "size": 100,
        "rate": 12.5,
        "worker": "host:1",
    } | changes
    return batch(BackfillTables(schema="app"), definition, ONE, **arguments)


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
   AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(l.pid))) AS waiting"""
    )


@pytest.mark.parametrize("upper", [None, ("20",)])
def test_the_last_batch_ends_its_range(upper):
    text = make_batch(bound=None, upper=upper)
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
        "RETURNING false AS asyncmig_same" in make_batch(delete)
    )
    copy = Backfill(name="x", kind="insert", table="Item", assignments="id", into="copy (id)")
    assert (
        'INSERT INTO copy (id)\nSELECT id FROM "Item"\nWHERE (EXISTS (SELECT FROM asyncmig_claimed)'
        " AND \"Item\".id > '5'::bigint AND \"Item\".id <= '9'::bigint)\nON CONFLICT DO NOTHING\n"
        "RETURNING false AS asyncmig_same" in make_batch(copy)
    )


def test_a_refused_row_is_recorded_with_the_position():
    text = pass_over(
        BackfillTables(),
        DEFINITION,
        job=4,
        range_id=7,
        generation=3,
        bound=("9",),
        sqlstate="22012",
        error="it's wrong",
    )
    assert "INSERT INTO asyncmig_backfill_failure (job, key, sqlstate, error)" in text
    assert "SELECT 4, ARRAY['9']::text[], '22012', 'it''s wrong' FROM asyncmig_claimed" in text
    assert "SET cursor = ARRAY['9']::text[], generation = r.generation + 1" in text


def test_the_middle_of_a_range():
    assert split_query(DEFINITION, TWO, None, None, percent=100) == (
        "SELECT ARRAY[k0::text, k1::text] AS middle, sampled FROM (SELECT *, row_number() OVER (ORDER BY"
        ' k0, k1) AS number, count(*) OVER () AS sampled FROM (SELECT "Item".a AS k0, "Item"."order" AS'
        ' k1 FROM app."Item" LIMIT 20000) AS sample) AS numbered WHERE number = (sampled + 1) / 2'
    )
    assert 'FROM app."Item" TABLESAMPLE SYSTEM (0.500000) WHERE' in split_query(
        DEFINITION, ONE, ("5",), None, percent=0.5
    )
