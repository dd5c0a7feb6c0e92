"""The SQL of batches. Nothing here is input or output.

A batch is one statement. It takes the row of its range, if that is as the worker has read it and the job may
run; it changes the rows between two keys; and it moves the position of the range. So it is committed as a
whole, in one round trip, and two workers never change the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.backfill.keys import position_literal
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from asyncmig.backfill.keys import Key, Position
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["RUNNABLE", "batch", "bound_query", "pass_over", "split_query", "tail_query"]

RUNNABLE = "('running', 'waiting')"
"""The states in which a batch may run."""

WAITING = """\
(SELECT pg_catalog.count(DISTINCT l.pid) FROM pg_catalog.pg_locks AS l
 WHERE NOT l.granted AND l.pid <> pg_catalog.pg_backend_pid()
   AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(l.pid)))"""
"""How many sessions wait for the rows of the batch, at its end."""

SAMPLE = 20_000
"""Rows that are read to find the middle of a range."""


def bound_query(
    definition: Backfill, key: Key, cursor: Position | None, upper: Position | None, rows: int
) -> str:
    """The last key of the next batch; no row where fewer rows than that are left."""
    return (
        f"SELECT {key.position} AS bound FROM {definition.table_name}"
        f"{_where(key.between(cursor, upper))} ORDER BY {key.order} OFFSET {rows - 1} LIMIT 1"
    )


def tail_query(
    definition: Backfill, key: Key, cursor: Position | None, upper: Position | None, rows: int
) -> str:
    """How many rows are left, up to ``rows``."""
    return (
        f"SELECT count(*) AS scanned FROM (SELECT FROM {definition.table_name}"
        f"{_where(key.between(cursor, upper))} LIMIT {rows}) AS tail"
    )


def split_query(
    definition: Backfill,
    key: Key,
    cursor: Position | None,
    upper: Position | None,
    *,
    percent: float,
) -> str:
    """The middle of a range, from a sample of its rows; ``sampled`` is their number."""
    sample = "" if percent >= 100 else f" TABLESAMPLE SYSTEM ({percent:.6f})"
    columns = ", ".join(f"{name} AS k{number}" for number, name in enumerate(key.names))
    order = ", ".join(f"k{number}" for number in range(len(key.names)))
    position = ", ".join(f"k{number}::text" for number in range(len(key.names)))
    return (
        f"SELECT ARRAY[{position}] AS middle, sampled FROM (SELECT *, row_number() OVER (ORDER BY {order})"
        f" AS number, count(*) OVER () AS sampled FROM (SELECT {columns} FROM"
        f" {definition.table_name}{sample}{_where(key.between(cursor, upper))} LIMIT {SAMPLE}) AS sample)"
        f" AS numbered WHERE number = (sampled + 1) / 2"
    )


def batch(
    tables: BackfillTables,
    definition: Backfill,
    key: Key,
    *,
    range_id: int,
    generation: int,
    cursor: Position | None,
    bound: Position | None,
    upper: Position | None,
    scanned: int,
    size: int,
    rate: float | None,
    worker: str,
) -> str:
    """One batch: the rows after ``cursor`` up to ``bound``, or up to ``upper`` where ``bound`` is None.

    It gives a row with ``rows`` (changed), ``unchanged`` (for which the condition is still true) and
    ``waiting`` (sessions that wait for its rows); no row where the range has changed, or the job does not
    run.
    """
    last = bound is None
    among = " AND ".join(
        text
        for text in (
            "EXISTS (SELECT FROM asyncmig_claimed)",
            key.between(cursor, upper if last else bound),
        )
        if text
    )
    same = (
        f"({definition.where}) IS TRUE"
        if definition.kind == "update" and definition.where
        else "false"
    )
    position = position_literal(upper if last else bound)
    moved = f"cursor = {position}, " if position != "NULL::text[]" else ""
    return f"""\
WITH asyncmig_claimed AS ({_claim(tables, definition, range_id, generation)}),
asyncmig_changed AS (
{definition.statement(among, f"{same} AS asyncmig_same")}
)
UPDATE {tables.ranges} AS r
SET {moved}generation = r.generation + 1, done = {literal(last)}, rows = r.rows + c.rows,
    unchanged = r.unchanged + c.unchanged, scanned = r.scanned + {scanned}, batches = r.batches + 1,
    size = {size}, rate = {literal(rate)}, worker = {literal(worker)},
    updated_at = pg_catalog.clock_timestamp()
FROM (SELECT pg_catalog.count(*) AS rows, pg_catalog.count(*) FILTER (WHERE asyncmig_same) AS unchanged
      FROM asyncmig_changed) AS c
WHERE r.id = (SELECT id FROM asyncmig_claimed)
RETURNING c.rows, c.unchanged, {WAITING} AS waiting"""


def pass_over(
    tables: BackfillTables,
    definition: Backfill,
    *,
    job: int,
    range_id: int,
    generation: int,
    bound: Position,
    sqlstate: str | None,
    error: str,
) -> str:
    """Record a row that the server refuses, and move the position behind it; a row if it was done."""
    return f"""\
WITH asyncmig_claimed AS ({_claim(tables, definition, range_id, generation)}),
asyncmig_failed AS (
    INSERT INTO {tables.failures} (job, key, sqlstate, error)
    SELECT {job}, {position_literal(bound)}, {literal(sqlstate)}, {literal(error)} FROM asyncmig_claimed
)
UPDATE {tables.ranges} AS r
SET cursor = {position_literal(bound)}, generation = r.generation + 1, scanned = r.scanned + 1,
    updated_at = pg_catalog.clock_timestamp()
WHERE r.id = (SELECT id FROM asyncmig_claimed)
RETURNING 1 AS passed"""


def _claim(tables: BackfillTables, definition: Backfill, range_id: int, generation: int) -> str:
    return (
        f"SELECT r.id FROM {tables.ranges} AS r JOIN {tables.jobs} AS j ON j.id = r.job"
        f" WHERE r.id = {range_id} AND r.generation = {generation} AND NOT r.done"
        f" AND j.state IN {RUNNABLE}"
        f" AND j.table_oid = pg_catalog.to_regclass({literal(definition.table_name)})"
        " FOR UPDATE OF r SKIP LOCKED"
    )


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""
